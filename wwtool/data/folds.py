"""Folds of a data folder for cross-validation: no speaker is in training and in development of the same fold."""

from __future__ import annotations

import csv
import io
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np

from wwtool.base.files import write_text
from wwtool.data.dataset import Clip, Dataset
from wwtool.errors import InputError

_POSITIVE = "positive"


def folds_of(clips: Sequence[Clip], count: int, seed: int = 0) -> list[int]:
    """The fold of every clip, from 0 on. Each has about as many recordings of the phrase, and of everything else.

    All clips of a speaker are in one fold; so are copies. Speakers with most recordings are dealt first, each to the
    fold with fewest so far.

    Raises:
        InputError: fewer speakers say the phrase than there are folds.
    """
    groups: dict[Hashable, list[int]] = {}
    for number, clip in enumerate(clips):
        groups.setdefault(("copy", clip.sha256) if clip.speaker is None else clip.speaker, []).append(number)
    speakers = sum(any(clips[i].label == _POSITIVE for i in members) for members in groups.values())
    if speakers < count:
        raise InputError(f"{speakers} speakers say the phrase, too few for {count} folds; give fewer folds")
    order = np.random.default_rng(seed).permutation(len(groups))
    dealt = sorted((list(groups.values())[i] for i in order), key=lambda members: -_positives(clips, members))
    fold, sizes = [0] * len(clips), [(0, 0)] * count
    for members in dealt:
        positives = _positives(clips, members)
        chosen = min(range(count), key=lambda i: sizes[i] if positives else sizes[i][::-1])
        sizes[chosen] = sizes[chosen][0] + positives, sizes[chosen][1] + len(members) - positives
        for member in members:
            fold[member] = chosen
    return fold


def write_folds(dataset: Dataset, count: int, seed: int = 0) -> list[Path]:
    """Writes an index ``fold-N.csv`` for every fold into the dataset's folder; ``--data`` takes each.

    Raises:
        InputError: as ``folds_of``.
    """
    fold, paths = folds_of(dataset.clips, count, seed), []
    for number in range(count):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["path", "label", "split", "speaker"])
        for clip, own in zip(dataset.clips, fold, strict=True):
            writer.writerow([clip.path, clip.label, "dev" if own == number else "train", clip.speaker or ""])
        paths.append(dataset.folder / f"fold-{number + 1}.csv")
        write_text(paths[-1], text.getvalue())
    return paths


def _positives(clips: Sequence[Clip], members: Sequence[int]) -> int:
    return sum(clips[i].label == _POSITIVE for i in members)
