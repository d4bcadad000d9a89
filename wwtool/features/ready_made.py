"""Ready-made features: folders in the layout of RaggedMmap (mmap_ninja), which microWakeWord's data sets have.

A set is a folder ``<name>_mmap``: ``data.ninja`` holds the values of all clips end to end, ``dtype.ninja`` their type,
``starts`` and ``ends`` the places of clips in them, in values. Features are (frames, 40) at 10 ms: uint16 as the front
end computes them, or int8 as a model reads them. A folder of features has sets below ``training``, and sets for
evaluation below ``validation_ambient`` and ``testing_ambient``. Nothing is unpickled.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from wwtool.base.files import hash_of, new_file, write_bytes
from wwtool.base.text import printable
from wwtool.errors import InputError
from wwtool.frontend.front_end import Features
from wwtool.frontend.geometry import MICRO
from wwtool.frontend.registry import DEFAULT_FRONT_END

TRAINING, EVALUATION = ("training",), ("validation_ambient", "testing_ambient")
SUFFIX = "_mmap"
_TYPES = ("uint16", "int8")
_MOST_CLIPS = 1 << 26


class FeatureSet(Sequence[npt.NDArray[np.int8]]):
    """The clips of a set, int8 (frames, channels) each; the file is mapped, not read.

    Raises:
        InputError: the folder holds no such set; the message names the file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kind = _text(folder / "dtype.ninja")
        if kind not in _TYPES or _text(folder / "order.ninja") != "C":
            raise InputError(f"{_shown(folder)} holds {printable(kind, 20)}, not features of {' or '.join(_TYPES)}")
        self._values = _mapped(folder / "data.ninja", np.dtype(kind))
        self._starts, self._ends = (_places(folder / name) for name in ("starts", "ends"))
        self._check()

    def _check(self) -> None:
        starts, ends = self._starts, self._ends
        sizes = ends - starts if len(starts) == len(ends) else np.array([-1])
        whole = (sizes >= 0).all() and (sizes % MICRO.channels == 0).all() and (starts >= 0).all()
        if not whole or ends.max(initial=0) > len(self._values):
            raise InputError(f"{_shown(self.folder)} names clips that are not in its data.ninja; get it again")

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[np.int8]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[npt.NDArray[np.int8]]: ...
    def __getitem__(self, index: int | slice) -> npt.NDArray[np.int8] | Sequence[npt.NDArray[np.int8]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        rows = np.asarray(self._values[self._starts[index] : self._ends[index]]).reshape(-1, MICRO.channels)
        return rows if rows.dtype == np.int8 else DEFAULT_FRONT_END.quantize(rows)

    @property
    def hours(self) -> float:
        """Length of all clips."""
        return int((self._ends - self._starts).sum()) / MICRO.channels / MICRO.frames_per_hour


class FeatureFolder(Sequence[npt.NDArray[np.int8]]):
    """All clips of some sets."""

    def __init__(self, sets: Iterable[FeatureSet]) -> None:
        self._sets = list(sets)
        self._bounds = np.cumsum([0, *map(len, self._sets)])

    def __len__(self) -> int:
        return int(self._bounds[-1])

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[np.int8]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[npt.NDArray[np.int8]]: ...
    def __getitem__(self, index: int | slice) -> npt.NDArray[np.int8] | Sequence[npt.NDArray[np.int8]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = int(np.searchsorted(self._bounds, index, "right")) - 1
        return self._sets[number][index - int(self._bounds[number])]

    @property
    def hours(self) -> float:
        return sum(part.hours for part in self._sets)


def open_features(folder: Path, parts: Sequence[str] = TRAINING) -> FeatureFolder:
    """The sets of a folder below ``parts``. A set without these folders around it is for training.

    Raises:
        InputError: the folder has no set of features at all, or one of its sets is damaged.
    """
    found = find_sets(folder)
    if not found:
        raise InputError(
            f"{_shown(folder)} has no ready-made features, a folder that ends in {SUFFIX}; name the folder that "
            "wwtool data get made, or one of microWakeWord's"
        )
    return FeatureFolder(FeatureSet(path) for part, path in found if part in parts)


def find_sets(folder: Path) -> list[tuple[str, Path]]:
    """The sets at any depth of a folder, and the part (such as "training") that each is for."""
    known = (*TRAINING, *EVALUATION, "validation", "testing")
    candidates = [path for path in (folder, *sorted(folder.rglob(f"*{SUFFIX}"))) if (path / "data.ninja").is_file()]
    parts = [next((p for p in reversed(path.relative_to(folder).parts) if p in known), "") for path in candidates]
    if not any(parts):
        parts = [TRAINING[0]] * len(candidates)
    return list(zip(parts, candidates, strict=True))


def fingerprint_of(folder: Path) -> str:
    """Another one means that the features of a folder may have changed."""
    files = sorted(folder.rglob("*.ninja"))
    return hash_of([(str(f.relative_to(folder)), f.stat().st_size, f.stat().st_mtime_ns) for f in files])


def write_set(folder: Path, clips: Iterable[Features]) -> float:
    """Writes int8 features of clips as a set and returns its hours. One clip at a time is in memory."""
    bounds = [0]
    with new_file(folder / "data.ninja") as file:
        for clip in clips:
            file.write(np.ascontiguousarray(clip, np.int8).tobytes())
            bounds.append(bounds[-1] + clip.size)
    counts = np.diff(bounds)
    for name, values in (("starts", bounds[:-1]), ("ends", bounds[1:]), ("flattened_shapes", counts)):
        _write_array(folder / name, np.asarray(values, "<i8"))
    # The shapes, which all have two numbers, are a set of sets there.
    shapes = np.stack([counts // MICRO.channels, np.full(len(counts), MICRO.channels)], axis=1).astype("<i8")
    _write_ragged(folder / "shapes", shapes)
    _write_facts(folder, "int8", (bounds[-1],), "ragged")
    write_bytes(folder / "shapes_are_flat.ninja", struct.pack("<i", 0))
    return bounds[-1] / MICRO.channels / MICRO.frames_per_hour


def _write_ragged(folder: Path, rows: npt.NDArray[np.int64]) -> None:
    """Rows of two numbers each, as a set."""
    places = np.arange(len(rows) + 1) * 2
    _write_array(folder / "starts", places[:-1].astype("<i8"))
    _write_array(folder / "ends", places[1:].astype("<i8"))
    _write_array(folder / "flattened_shapes", np.full(len(rows), 2, "<i8"))
    _write_array(folder / "shapes", np.full((len(rows), 1), 2, "<i8"))
    _write_array(folder, rows.ravel(), "ragged")
    write_bytes(folder / "shapes_are_flat.ninja", struct.pack("<i", 1))


def _write_array(folder: Path, values: npt.NDArray[Any], kind: str = "numpy") -> None:
    write_bytes(folder / "data.ninja", values.tobytes())
    _write_facts(folder, values.dtype.name, values.shape, kind)


def _write_facts(folder: Path, dtype: str, shape: tuple[int, ...], kind: str) -> None:
    facts = {"type": kind, "dtype": dtype, "order": "C"}
    for name, text in facts.items():
        write_bytes(folder / f"{name}.ninja", text.encode())
    write_bytes(folder / "shape.ninja", struct.pack(f"<{len(shape)}Q", *shape))


def _places(folder: Path) -> npt.NDArray[np.int64]:
    if _text(folder / "dtype.ninja") != "int64":
        raise InputError(f"{_shown(folder)} does not hold places of clips; get the features again")
    places = _mapped(folder / "data.ninja", np.dtype("<i8"))
    if len(places) > _MOST_CLIPS:
        raise InputError(f"{_shown(folder)} names more clips than wwtool reads; leave some out")
    return np.array(places)


def _mapped(path: Path, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    try:
        size = path.stat().st_size
        if size % dtype.itemsize:
            raise InputError(f"{_shown(path)} is cut off; get the features again")
        return np.memmap(path, dtype.newbyteorder("<"), "r") if size else np.zeros(0, dtype)
    except OSError as error:
        raise InputError(f"cannot read {_shown(path)}: {error.strerror}; get the features again") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(64).decode("ascii", "replace").strip()
    except OSError as error:
        raise InputError(f"cannot read {_shown(path)}: {error.strerror}; get the features again") from error


def _shown(path: Path) -> str:
    return printable(str(path))
