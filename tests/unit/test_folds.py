"""Folds by speaker: nobody is on both sides, and every fold has its share."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.data.dataset import Clip, Dataset
from wwtool.data.folds import folds_of, write_folds
from wwtool.errors import InputError


def clip(number: int, speaker: str | None, label: str = "positive") -> Clip:
    return Clip(f"{label}/{number}.wav", label, speaker, "train", 1.0, f"{number}")


@given(st.lists(st.integers(0, 8), min_size=12, max_size=80), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_no_speaker_is_in_two_folds(speakers: list[int], count: int) -> None:
    clips = [clip(number, f"s{speaker}") for number, speaker in enumerate(speakers)]
    if len(set(speakers)) < count:
        with pytest.raises(InputError, match="too few"):
            folds_of(clips, count)
        return
    fold = folds_of(clips, count)
    of_speaker: dict[int, set[int]] = {}
    for number, speaker in enumerate(speakers):
        of_speaker.setdefault(speaker, set()).add(fold[number])
    assert all(len(folds) == 1 for folds in of_speaker.values())
    assert set(fold) == set(range(count))
    assert fold == folds_of(clips, count)


def test_folds_are_even_and_indexes_say_them(tmp_path: Path) -> None:
    clips = [clip(number, f"s{number // 2}") for number in range(24)]
    clips += [clip(100 + number, None, "negative") for number in range(12)]
    paths = write_folds(Dataset(tmp_path, clips, []), 3)
    assert [path.name for path in paths] == ["fold-1.csv", "fold-2.csv", "fold-3.csv"]
    dev: list[str] = []
    for path in paths:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        held = [row["path"] for row in rows if row["split"] == "dev"]
        assert len(rows) == 36
        assert sum(name.startswith("positive") for name in held) == 8
        assert sum(name.startswith("negative") for name in held) == 4
        dev += held
    assert sorted(dev) == sorted(c.path for c in clips), "every clip is judged once"
