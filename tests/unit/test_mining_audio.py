"""Mining of long audio: the highest places, apart from each other, cut out to the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wwtool.data.audio import read_audio, write_audio
from wwtool.data.dataset import index_folder
from wwtool.errors import InputError
from wwtool.evaluation.metrics import Track
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.jobs import mine
from wwtool.pipeline.mining import AFTER_S, BEFORE_S, Mined, cut, highest_places, write_clips


def track(length: int, peaks: dict[int, int], second_at: int) -> Track:
    """Outputs of two files of 30 ms each, with some that are high."""
    outputs = np.zeros(length, np.uint8)
    for position, value in peaks.items():
        outputs[position] = value
    bounds = np.array([[0, second_at], [second_at, length]])
    return Track(outputs, bounds, ("0", "1"), 3)


def test_the_highest_places_are_apart() -> None:
    heard = track(1000, {100: 250, 110: 240, 300: 200, 700: 255, 900: 20}, 600)
    places = highest_places(heard, 1, 10, 0.5)
    assert [(place.file, round(place.seconds / 0.03)) for place in places] == [(1, 101), (0, 101), (0, 301)]
    assert places[0].score == 1.0
    assert highest_places(heard, 1, 1, 0.5) == places[:1]


def ramp(seconds: float) -> np.ndarray:
    """Every sample says where it is, twice the number of its hundredth of a second."""
    return (np.arange(int(seconds * SAMPLE_RATE_HZ)) // (SAMPLE_RATE_HZ // 100) * 2).astype(np.int16)


@pytest.mark.parametrize("at", [1.0, 3.0, 7.5, 9.9])
def test_clips_are_cut_where_they_are(tmp_path: Path, at: float) -> None:
    path = tmp_path / "long.wav"
    write_audio(path, ramp(10.0))
    ((_, clip),) = cut(path, [Mined(0, at, 0.9)])
    expected = ramp(10.0)[max(0, int((at - BEFORE_S) * SAMPLE_RATE_HZ)) : int((at + AFTER_S) * SAMPLE_RATE_HZ)]
    assert np.array_equal(clip, expected)


def test_clips_are_a_data_folder(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    write_audio(path, ramp(10.0))
    written = write_clips(tmp_path / "data" / "hard_negative", [path], [Mined(0, 4.0, 0.5), Mined(0, 8.0, 0.75)])
    assert [file.name for file, _ in written] == ["mined-0750-0-8000.wav", "mined-0500-0-4000.wav"]
    assert len(read_audio(written[0][0])) == int((BEFORE_S + AFTER_S) * SAMPLE_RATE_HZ)
    _, recordings = index_folder(tmp_path / "data", None)
    assert {recording.label for recording in recordings} == {"hard_negative"}


def test_no_audio_and_no_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        mine.plan(mine.MineRequest(subject=tmp_path, audio=tmp_path, out=tmp_path / "out"))
