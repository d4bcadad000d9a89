"""How much audio a board's DMA takes before it wakes the core: a hop of the model, from one inference to the next.

The drivers' buffers are of this length (``boards/bare/audio_block.h``), so it is fixed when the project is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from wwtool.base.files import write_text
from wwtool.compiler.package import CompiledModel
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

REFERENCE_BLOCK = SAMPLE_RATE_HZ * 30 // 1000
"""The samples of a block for the models of the zoo. Shorter hops share one, as the latency of others is as long."""

_LONG = SAMPLE_RATE_HZ * 60 // 1000  # what the buffers of all boards hold twice
_UNIT = 8  # blocks are whole words, for samples of 16 bits too, and EasyDMA's are even


def block_samples(hops: Sequence[int]) -> int:
    """The samples of a block for models with these hops, in samples.

    It is the shortest hop, several of those that fit into 30 ms, or a part of one that is longer than 60 ms.

    >>> [block_samples([hop]) for hop in (160, 320, 480, 640, 960, 1600)]
    [480, 320, 480, 640, 960, 800]
    >>> block_samples([480, 320])
    320
    """
    hop = min(hops)
    samples = hop * max(1, REFERENCE_BLOCK // hop) // -(-hop // _LONG)
    return samples // _UNIT * _UNIT


def audio_block_of(models: Sequence[CompiledModel]) -> int:
    """The samples of a block for a firmware with these models."""
    return block_samples([model.input_frames * model.program.graph.front_end.geometry.step_samples for model in models])


def write_audio_block(file: Path, models: Sequence[CompiledModel]) -> None:
    """Puts the length of a block into the board's file, if the board has one."""
    if file.is_file():
        samples = audio_block_of(models)
        text = re.sub(r"(?m)^(#define AUDIO_BLOCK_SAMPLES) \d+$", rf"\1 {samples}", file.read_text())
        write_text(file, text)
