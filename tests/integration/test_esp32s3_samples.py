"""A second of audio arrives sample for sample at the ESP32-S3's whole program, while its main loop has other work.

The DMA fills blocks by the board's clock, while the program reads them, answers a PC and waits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from board_images import host_events
from esp32s3_program import BLOCK_US, READY, Program, program
from test_esp32s3_image import needs_tools
from test_esp32s3_microphone import BLOCK, BLOCKS, SETTLING, converted, slots
from test_microphone_samples import INDICATE, agree, overruns, scores

RANDOM = np.random.default_rng(7)
SAMPLES = 45 * BLOCK  # 1.35 s
NOISE = RANDOM.integers(-9000 * 32, 9000 * 32, SAMPLES).astype(np.int32)  # 24 bits
LEVELS = (NOISE.astype(np.int64) * 256 + 0x5A) >> 1

pytestmark = needs_tools


def heard(board: Program) -> bytes:
    """What the program says of NOISE, while a PC asks for this and that at any moment."""
    board.type(b"ww-prob 1%")
    random = np.random.default_rng(2)
    while board.us < SAMPLES * 1e6 / 16000:
        board.until(board.us + random.uniform(0, 40_000))
        board.type(*[b"help%", b"ww-memory%", b"ww-infer 4%", b"name%"][: random.integers(0, 5)])
    return bytes(board.said)


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [("microphone.c", "(int32_t)block[number] >> 1", "(int32_t)block[number ^ 1u] >> 1")],
        [("microphone.c", "state.taken >= bytes / DMA_SAMPLE_BYTES", "state.taken > 0")],
    ],
    ids=["right", "order", "rest-of-a-block"],
)
def test_every_sample_arrives(tmp_path: Path, changes: list[tuple[str, str, str]]) -> None:
    with program(tmp_path, slots(NOISE), *changes) as board:
        said = heard(board)
        lost = overruns(board.ask(b"ww-memory%"))
    assert said.count(READY) > 50, "it had other work"
    told = scores(said.decode())
    same = len(told) > 40 and agree(told, host_events(tmp_path, converted(LEVELS, 3)))
    assert (same, lost) == (not changes, 0)


LATE_US = 130_000  # so late that the DMA writes again where the oldest samples are, for less than a block
WORK = f"""void board_indicate(bool on)
{{
    const uint32_t since = board_micros();
    while (on && board_micros() - since < {LATE_US}u) {{
    }}
"""


@pytest.mark.parametrize(
    "changes",
    [[], [("microphone.c", "DMA_BLOCK_SAMPLES - before", "DMA_BLOCK_SAMPLES - 0u * before")]],
    ids=["right", "a-whole-lap"],
)
def test_a_late_board_counts_what_it_has_lost(tmp_path: Path, changes: list[tuple[str, str, str]]) -> None:
    with program(tmp_path, b"", ("board.c", INDICATE, WORK), *changes) as board:
        board.until(205_000)
        assert overruns(board.ask(b"ww-memory%")) == 0
        board.ask(b"ww-led 1%", at_us=7 * BLOCK_US + 1000)  # a part of the block is read
        counted = overruns(board.ask(b"ww-memory%"))
        board.until(15 * BLOCK_US + 25_000)  # between two blocks
        lost = board.played * BLOCK - SETTLING - board.heard
        assert (counted == lost) is (not changes)
        assert 0 < lost < BLOCKS * BLOCK
        assert overruns(board.ask(b"ww-memory%")) == counted, "no more since then"
