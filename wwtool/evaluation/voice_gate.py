"""The voice gate: detections count only while a second model hears speech, as ``core/ww_pipeline.c`` has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wwtool.evaluation.detector import DetectorConfig, Probabilities, on_outputs

GATE_FRAMES = 100
"""How long detections count after speech, WW_GATE_FRAMES of ``core/ww_pipeline.h``."""


@dataclass(frozen=True)
class VoiceGate:
    """``outputs``: those of the model that tells speech from the rest, for features (frames, channels).

    ``stride``: frames of a hop of it. ``detector``: its window and threshold.
    """

    outputs: Callable[[NDArray[np.int8]], Probabilities]
    stride: int
    detector: DetectorConfig

    def open(self, frames: NDArray[np.int8], stride: int) -> NDArray[np.bool_]:
        """At which outputs of a model that takes ``stride`` frames a detection counts, (outputs,)."""
        number = np.arange(len(frames))
        heard = np.full(len(frames), -GATE_FRAMES)
        on = np.flatnonzero(on_outputs(self.outputs(frames), self.detector))
        last = (on + 1) * self.stride - 1
        heard[last] = last
        opens = number - np.maximum.accumulate(heard) < GATE_FRAMES
        return np.asarray(opens[stride - 1 :: stride])
