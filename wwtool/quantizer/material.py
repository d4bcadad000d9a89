"""Calibration data: what a model's inputs look like in use, as rows from arrays or from recordings.

A stream is a list of arrays (N, *shape), one for each input, whose rows follow each other. It begins with a fresh
state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.records import read_arrays
from wwtool.base.text import printable
from wwtool.data.audio import AudioFile
from wwtool.data.audio_files import find_audio, looks_like_audio
from wwtool.engines.interface import Port, as_inputs, ports
from wwtool.engines.rows import rows_of
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.quantized import INPUT_SCALE
from wwtool.quantizer.arithmetic import range_of
from wwtool.quantizer.float_model import plain_name
from wwtool.tflite.graph import Graph

Stream = list[npt.NDArray[Any]]

_ARRAYS = (".npy", ".npz")
_HELD_OUT = 5  # one row of so many is kept for the comparison
_REMEDY = "write it with numpy.save or numpy.savez"


@dataclass(frozen=True)
class Material:
    """Streams, and which rows of each are held out for the comparison.

    ``front_end``: the rows are its features, so the input has the format in which it gives them.
    """

    streams: tuple[Stream, ...]
    held_out: tuple[npt.NDArray[np.bool_], ...]
    front_end: FrontEnd | None

    @property
    def rows(self) -> int:
        return sum(len(mask) for mask in self.held_out)

    @property
    def compared(self) -> int:
        """How many rows are held out; 0 if there are too few."""
        return int(sum(mask.sum() for mask in self.held_out))


def read_material(
    path: Path, graph: Graph, front_end: FrontEnd | None, advance: Callable[[int, int], None],
    warn: Callable[[str], None], inputs: Sequence[str] = (),
) -> Material:  # fmt: skip
    """Reads a .npy or .npz of rows, or a folder of such files or of recordings, each of them a stream.

    Args:
        path: the file or folder.
        graph: the float model.
        front_end: the data are its features. None: recordings become those that the model's file names, and arrays
            are such features only if it names any but the default.
        advance: told how many files of how many are read.
        warn: told of recordings that are left out.
        inputs: the names and the order of the inputs in the model that the graph was converted from.

    Raises:
        InputError: a file cannot be read or does not fit the model, or there is no row.
    """
    files, of_audio = _files(path, warn)
    if front_end is None and (of_audio or graph.front_end != DEFAULT_FRONT_END):
        front_end = graph.front_end
    if front_end is not None:
        other = "give .npy or .npz files of the model's own inputs" if of_audio else "leave out --front-end"
        _require_reader(graph, front_end, other)
    streams = []
    for number, file in enumerate(files):
        advance(number, len(files))
        if of_audio:
            assert front_end is not None
            stream = _features(file, graph, front_end)
        else:
            stream = _rows(file, graph, inputs)
            if front_end is not None:
                _require_features(file, stream, front_end)
        if len(stream[0]):
            streams.append(stream)
    if not streams:
        raise InputError(f"{printable(str(path))} holds no row for the model; give longer recordings or more rows")
    return Material(tuple(streams), tuple(_held_out(streams, keeps_state(graph))), front_end)


def first_shapes(path: Path, names: Sequence[str]) -> list[tuple[int, ...]]:
    """The shape of a row of each input, by its name, in the first file of arrays; () for each if there are recordings.

    Raises:
        InputError: the file cannot be read, or lacks an input.
    """
    files, of_audio = _files(path, lambda text: None)
    if of_audio:
        return [()] * len(names)
    rows = rows_of(read_arrays(files[0], _REMEDY), [Port(0, name, (), "float32") for name in names], files[0])
    return [array.shape[1:] for array in rows]


def keeps_state(graph: Graph) -> bool:
    """Whether a model carries something from one row to the next."""
    return bool(graph.variables) or any(t.is_variable for t in graph.tensors)


def may_read_features(graph: Graph) -> bool:
    """Whether a model has the form of a wake word's: features in, state kept."""
    shape, channels = graph.tensor(graph.inputs[0]).shape, graph.front_end.geometry.channels
    return len(graph.inputs) == 1 and len(shape) == 3 and shape[2] == channels and keeps_state(graph)


def _files(path: Path, warn: Callable[[str], None]) -> tuple[list[Path], bool]:
    """The files to read, and whether they are recordings."""
    if not path.is_dir():
        return [path], path.suffix.lower() not in _ARRAYS and path.is_file() and looks_like_audio(path)
    arrays = sorted(file for file in path.iterdir() if file.suffix.lower() in _ARRAYS and file.is_file())
    found = []
    for entry in find_audio(path):
        if entry.problem is None:
            found.append(entry.path)
        else:
            warn(f"left out {printable(str(entry.path))}: {entry.problem}")
    if arrays and found:
        raise InputError(f"{printable(str(path))} holds both arrays and recordings; keep one kind in it")
    if not arrays and not found:
        raise InputError(
            f"{printable(str(path))} holds no calibration data; give .npy or .npz files of rows, or recordings"
        )
    return (arrays, False) if arrays else (found, True)


def _rows(file: Path, graph: Graph, names: Sequence[str]) -> Stream:
    """The rows of a file of arrays, in the order of the graph's inputs; float64 is read as float32."""
    model_inputs = _as_in_source(ports(graph, graph.inputs), names)
    rows = rows_of(read_arrays(file, _REMEDY), model_inputs, file)
    typed = [_as_real(a, port, file) for a, port in zip(rows, model_inputs, strict=True)]
    try:
        stream = as_inputs(model_inputs, typed)
    except InputError as error:
        raise InputError(f"{printable(str(file))}: {error}") from error
    by_index = {port.index: array for port, array in zip(model_inputs, stream, strict=True)}
    return [by_index[index] for index in graph.inputs]


def _as_in_source(inputs: list[Port], names: Sequence[str]) -> list[Port]:
    """The inputs in the order and by the names of the model that was converted, if these names have been kept."""
    plain = {plain_name(port.name): port for port in inputs}
    return [replace(plain[name], name=name) for name in names] if sorted(plain) == sorted(names) else inputs


def _as_real(array: npt.NDArray[Any], port: Port, file: Path) -> npt.NDArray[Any]:
    if port.dtype != "float32" or array.dtype.kind not in "fiu":
        return array
    if array.dtype.kind in "iu":
        raise InputError(
            f"{printable(str(file))} has {array.dtype} for the input {printable(port.name)}; "
            "give the float numbers that the float model reads"
        )
    with np.errstate(over="ignore"):
        real = array.astype(np.float32)
    if not np.isfinite(real).all():
        raise InputError(f"{printable(str(file))} has numbers that are not finite; leave these rows out")
    return real


def _features(file: Path, graph: Graph, front_end: FrontEnd) -> Stream:
    """Features of a recording in real units, as many to a row as the model reads."""
    source = graph.tensor(graph.inputs[0])
    stored = front_end.quantized(AudioFile(file))
    real = (stored.astype(np.float32) - INPUT_SCALE.zero_point) * np.float32(INPUT_SCALE.scale)
    frames = source.size // front_end.geometry.channels
    return [real[: len(real) // frames * frames].reshape(-1, *source.shape)]


def _require_reader(graph: Graph, front_end: FrontEnd, remedy: str) -> None:
    """Checks that a model reads features of a front end and nothing else."""
    channels, source = front_end.geometry.channels, graph.tensor(graph.inputs[0])
    sizes = [size for size in source.shape if size != 1]
    if len(graph.inputs) != 1 or source.dtype != "float32" or sizes not in ([channels], [*sizes[:1], channels]):
        raise InputError(
            f"the model reads {_shapes(graph)}, and the {front_end.name} front end gives float32 "
            f"[1, frames, {channels}]; {remedy}"
        )


def _shapes(graph: Graph) -> str:
    return ", ".join(f"{port.dtype} {list(port.shape)}" for port in ports(graph, graph.inputs))


def _require_features(file: Path, stream: Stream, front_end: FrontEnd) -> None:
    low, high = range_of(INPUT_SCALE)
    slack = INPUT_SCALE.scale / 2
    if stream[0].size and (stream[0].min() < low - slack or stream[0].max() > high + slack):
        raise InputError(
            f"{printable(str(file))} holds numbers of {stream[0].min():.4g} to {stream[0].max():.4g}, and features of "
            f"the {front_end.name} front end lie from {low:.0f} to {high:.0f}; leave out --front-end for other inputs"
        )


def _held_out(streams: Sequence[Stream], stateful: bool) -> Iterator[npt.NDArray[np.bool_]]:
    """Every fifth row; of a model with a state the last fifth of each stream, which neighbours hear least of."""
    for stream in streams:
        count = len(stream[0])
        rows = np.arange(count)
        yield rows >= count - count // _HELD_OUT if stateful else rows % _HELD_OUT == _HELD_OUT - 1
