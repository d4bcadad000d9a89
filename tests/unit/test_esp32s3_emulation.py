"""The recording that an emulated ESP32-S3 hears: in order, by the board's time, and only while it listens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wwtool.emulators.esp32s3_microphone import Microphone

NEARLY_WRAPPED = 0xFFFFFFFF - 300_000


def _microphone(tmp_path: Path, samples: int) -> Microphone:
    path = tmp_path / "audio.raw"
    path.write_bytes(np.arange(1, samples + 1, dtype="<i2").tobytes() + b"x")  # half a sample more
    return Microphone(path)


def _heard(content: bytes) -> list[int]:
    return [int(sample) for sample in np.frombuffer(content, "<i2")]


def test_samples_come_by_the_board_s_time_and_silence_after_them(tmp_path: Path) -> None:
    microphone = _microphone(tmp_path, 20)
    assert not microphone.listens
    assert microphone.take(160, 10_000) == b""
    microphone.enable(True, 10_000)
    assert microphone.due(10_000) == 0
    assert microphone.due(10_625) == 10
    assert _heard(microphone.take(4, 10_625)) == [1, 2, 3, 4]
    assert _heard(microphone.take(160, 10_625)) == [5, 6, 7, 8, 9, 10]
    assert _heard(microphone.take(160, 11_500)) == [*range(11, 21), 0, 0, 0, 0]


def test_a_recording_stands_still_while_nobody_listens(tmp_path: Path) -> None:
    microphone = _microphone(tmp_path, 100)
    microphone.enable(True, 0)
    microphone.take(5, 1_000)
    microphone.enable(False, 1_000)
    assert microphone.due(9_000) == 0
    microphone.enable(True, 9_000)
    assert _heard(microphone.take(160, 9_250)) == [6, 7, 8, 9]


def test_the_clock_may_wrap(tmp_path: Path) -> None:
    microphone = _microphone(tmp_path, 30_000)
    microphone.enable(True, NEARLY_WRAPPED)
    heard: list[int] = []
    for step in range(1, 151):
        heard += _heard(microphone.take(1000, (NEARLY_WRAPPED + step * 10_000) & 0xFFFFFFFF))
    assert heard == list(range(1, 24_001))


def test_samples_come_in_blocks(tmp_path: Path) -> None:
    path = tmp_path / "audio.raw"
    path.write_bytes(np.arange(1, 101, dtype="<i2").tobytes())
    microphone = Microphone(path, block_samples=32)
    microphone.enable(True, 5_000)
    assert microphone.left_us(5_000) == 2_000
    assert (microphone.due(6_999), microphone.left_us(6_999)) == (0, 1)
    assert microphone.left_us(7_000) == 0
    assert _heard(microphone.take(30, 7_100)) == list(range(1, 31))
    assert microphone.left_us(7_100) == 0, "two are left"
    assert _heard(microphone.take(30, 7_100)) == [31, 32]
    assert microphone.left_us(7_100) == 1_900


def test_without_a_recording_nothing_comes() -> None:
    microphone = Microphone(None)
    microphone.enable(True, 0)
    assert not microphone.listens
    assert microphone.take(160, 5_000_000) == b""
