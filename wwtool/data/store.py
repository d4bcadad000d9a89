"""Many clips in one memory-mapped file, so that processes share them without copying."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from wwtool.data.audio import Audio
from wwtool.errors import InputError
from wwtool.files import write_array


class ClipStore(Sequence[Audio]):
    """A sequence of int16 clips at 16 kHz, read from ``<path>.npy`` (samples) and ``<path>.bounds.npy``."""

    def __init__(self, path: Path) -> None:
        try:
            self._samples = np.load(_samples_path(path), mmap_mode="r", allow_pickle=False)
            self._bounds = np.load(_bounds_path(path), allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"the clip store {path} is missing or damaged; delete its folder and run again") from error

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, index: int) -> Audio: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Audio]: ...
    def __getitem__(self, index: int | slice) -> Audio | Sequence[Audio]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return np.asarray(self._samples[self._bounds[index] : self._bounds[index + 1]])

    @property
    def samples(self) -> Audio:
        """All clips end to end."""
        return np.asarray(self._samples)

    @property
    def hours(self) -> float:
        return len(self._samples) / 16000 / 3600


def write_store(path: Path, clips: Iterable[Audio]) -> ClipStore:
    """Writes clips as a store; a store is complete when its bounds file is there."""
    kept = [np.asarray(clip, np.int16) for clip in clips]
    bounds = np.concatenate([[0], np.cumsum([len(c) for c in kept])]).astype(np.int64)
    write_array(_samples_path(path), np.concatenate(kept) if kept else np.zeros(0, np.int16))
    write_array(_bounds_path(path), bounds)
    return ClipStore(path)


def _samples_path(path: Path) -> Path:
    return path.with_name(path.name + ".npy")


def _bounds_path(path: Path) -> Path:
    return path.with_name(path.name + ".bounds.npy")
