"""Reads and writes the arrays of ``wwtool run``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from wwtool.base.files import write_array, write_arrays
from wwtool.base.records import read_arrays
from wwtool.engines.interface import Array, Port, as_inputs, ports
from wwtool.errors import InputError
from wwtool.tflite.graph import Graph


def read_rows(path: Path, graph: Graph) -> list[npt.NDArray[Any]]:
    """The rows of every input (see interface.py), from a .npy file or, by the inputs' names, from a .npz file.

    In a .npz an input may also be called input_0, input_1 and so on; a file of one array needs no name.

    Raises:
        InputError: the file does not hold them.
    """
    model_inputs = ports(graph, graph.inputs)
    rows = rows_of(read_arrays(path, "write it with numpy.save or numpy.savez"), model_inputs, path)
    try:
        as_inputs(model_inputs, rows)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return rows


def rows_of(arrays: dict[str, Array], inputs: Sequence[Port], path: Path) -> list[Array]:
    """The array of each input among those of a file; their shapes and types are not checked.

    Raises:
        InputError: there is none for an input.
    """
    if len(arrays) == len(inputs) == 1:
        return list(arrays.values())
    return [_find(arrays, port, n, path) for n, port in enumerate(inputs)]


def _find(arrays: dict[str, Array], port: Port, number: int, path: Path) -> Array:
    for name in (port.name, f"input_{number}"):
        if name in arrays:
            return arrays[name]
    raise InputError(
        f"{path} has no array '{port.name}' or 'input_{number}'; "
        "a model of several inputs takes a .npz file with one array for each"
    )


def write_rows(path: Path, rows: list[Array]) -> None:
    """One output as .npy, several as .npz with output_0, output_1 and so on, in the model's order."""
    if len(rows) == 1:
        write_array(path, rows[0])
    else:
        write_arrays(path, **{f"output_{n}": array for n, array in enumerate(rows)})
