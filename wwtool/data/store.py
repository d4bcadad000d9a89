"""Keeps many clips in one memory-mapped file, so that processes share them without copies."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from wwtool.base.files import new_file, write_array
from wwtool.base.records import Array, read_array
from wwtool.data.audio import Audio
from wwtool.errors import InputError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ


class ClipStore(Sequence[Audio]):
    """A sequence of int16 clips at 16 kHz, read from ``<path>.npy`` (samples) and ``<path>.bounds.npy``."""

    def __init__(self, path: Path) -> None:
        try:
            self._samples = read_array(_samples_path(path), mapped=True)
            self._bounds = read_array(_bounds_path(path))
            _check(self._samples, self._bounds)
        except InputError as error:
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
        return len(self._samples) / SAMPLE_RATE_HZ / 3600


def write_store(path: Path, clips: Iterable[Audio]) -> ClipStore:
    """Writes clips as a store; a store is complete when its bounds file exists."""
    bounds = [0]
    with new_file(_samples_path(path)) as file:
        file.write(_header(0))
        for clip in clips:  # one at a time, as all together may not fit into memory
            samples = np.ascontiguousarray(clip, np.int16)
            file.write(samples.data)
            bounds.append(bounds[-1] + len(samples))
        file.seek(0)
        file.write(_header(bounds[-1]))
    write_array(_bounds_path(path), np.asarray(bounds, np.int64))
    return ClipStore(path)


def _check(samples: Array, bounds: Array) -> None:
    if [(array.dtype.str, array.ndim) for array in (samples, bounds)] != [("<i2", 1), ("<i8", 1)]:
        raise InputError("it does not hold samples and bounds")
    if not len(bounds) or bounds[0] != 0 or bounds[-1] != len(samples) or (np.diff(bounds) < 0).any():
        raise InputError("its bounds are not those of its samples")


def _header(samples: int) -> bytes:
    """The header of a .npy file. Its length is the same for any number of samples, as NumPy pads it."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<i2", "fortran_order": False, "shape": (samples,)})
    return buffer.getvalue()


def _samples_path(path: Path) -> Path:
    return path.with_name(path.name + ".npy")


def _bounds_path(path: Path) -> Path:
    return path.with_name(path.name + ".bounds.npy")
