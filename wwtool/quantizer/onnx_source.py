"""A float ONNX model becomes a float .tflite by onnx2tf, and is held to the ONNX model in onnxruntime.

onnx2tf keeps no scales of a quantized ONNX model, so those are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.text import counted, printable
from wwtool.base.tools import missing
from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.export.onnx_graph import INSTALL
from wwtool.export.onnx_proof import runtime, session_of
from wwtool.quantizer.float_model import FloatModel, plain_name, read_bounded
from wwtool.quantizer.material import first_shapes
from wwtool.quantizer.onnx2tf import float_tflite, integer_tflite, rows_by_input
from wwtool.quantizer.onnx_file import fix_sizes, inputs_of, read_onnx, sizes_of
from wwtool.tflite.reader import parse_model

_INTEGERS = re.compile(r"Quantize|QLinear|Integer|QAttention|QGemm")
_ROWS = 64  # that both models see
_TOLERANCE = 1e-3  # of the largest output; float kernels that sum in another order differ by far less
_LEAST = 1e-3  # what counts as the largest output where all are nearly 0


def from_onnx(path: Path, data: Path, slices: int | None = None) -> FloatModel:
    """Converts the file. Sizes that it leaves open become those of the rows in ``data``, or ``slices`` if given.

    Raises:
        InputError: it is no float ONNX model, or onnx2tf cannot convert it.
        ToolError: onnx2tf, onnx or onnxruntime is missing.
    """
    name = printable(str(path))
    model = read_onnx(read_bounded(path), name)
    _require_floats(model, name)
    _close(model, name, data, slices)
    if runtime() is None:
        raise missing("onnxruntime", INSTALL)
    inputs = [value.name for value in inputs_of(model)]
    closed: bytes = model.SerializeToString()
    content = float_tflite(closed, inputs, name)
    return FloatModel(
        content,
        partial(_proof, closed, name, inputs, content),
        tuple(inputs),
        partial(_quantized, closed, inputs, name),
    )


def _require_floats(model: Any, name: str) -> None:
    integers = sorted({node.op_type for node in model.graph.node if _INTEGERS.search(node.op_type)})
    if integers:
        raise InputError(
            f"{name} is quantized already ({', '.join(integers)}), and onnx2tf does not keep its scales; give the "
            "float model that it was made from (and --against this one shows what became of them), or train with "
            "wwtool, whose exporter keeps them"
        )


def _close(model: Any, name: str, data: Path, slices: int | None) -> None:
    """Gives fixed sizes to the inputs: 1 for an open batch, and for the others those of the rows, or ``slices``."""
    inputs = inputs_of(model)
    if slices is not None:
        _close_one(model, name, slices)
    are_open = any(0 in sizes_of(value)[1:] for value in inputs)
    shapes = first_shapes(data, [value.name for value in inputs]) if are_open else [()] * len(inputs)
    for value, row in zip(inputs, shapes, strict=True):
        batch, sizes = sizes_of(value)[:1], sizes_of(value)[1:]
        rest = row[len(row) - len(sizes) :] if len(row) - len(sizes) in (0, 1) else (0,) * len(sizes)
        fixed = [size or 1 for size in batch] + [size or other for size, other in zip(sizes, rest, strict=True)]
        if 0 in fixed:
            raise InputError(
                f"{name} leaves a size of its input {value.name} open; export it with fixed sizes, give --slices, or "
                "give rows as arrays (N, *input), whose sizes it then has"
            )
        if fixed != batch + sizes:
            fix_sizes(model, value, fixed)


def _close_one(model: Any, name: str, slices: int) -> None:
    """Fixes the only size that the inputs leave open beside the batch."""
    found = [(value, sizes) for value in inputs_of(model) if 0 in (sizes := sizes_of(value))[1:]]
    if len(found) != 1 or found[0][1][1:].count(0) != 1:
        left = "no size open; leave --slices out" if not found else "several sizes open; export it with fixed sizes"
        raise InputError(f"{name} leaves {left}")
    value, sizes = found[0]
    fix_sizes(model, value, [sizes[0] or 1, *(size or slices for size in sizes[1:])])


def _quantized(
    content: bytes, inputs: Sequence[str], name: str, order: Sequence[str], rows: Sequence[npt.NDArray[Any]],
    output_type: str,
) -> bytes:  # fmt: skip
    return integer_tflite(content, rows_by_input(inputs, order, rows), output_type, name)


def _proof(
    source: bytes, name: str, inputs: list[str], content: bytes, rows: Sequence[npt.NDArray[Any]]
) -> str:  # fmt: skip
    """Holds the .tflite to the ONNX model.

    Raises:
        InputError: an output is another.
    """
    session, graph = session_of(source), parse_model(content, name)
    some = [array[:_ROWS] for array in rows]
    order = [plain_name(graph.tensor(index).name) for index in graph.inputs]
    order = order if sorted(order) == sorted(inputs) else inputs
    expected = [session.run(None, dict(zip(order, row, strict=True))) for row in zip(*some, strict=True)]
    made = LiteRtEngine(content, reference=False).run_all(some)
    if len(made) != len(expected[0]):
        raise InputError(f"onnx2tf gave {name} {counted(len(made), 'output')} instead of {len(expected[0])}")
    apart = 0.0
    for number, got in enumerate(made):
        want = np.stack([np.asarray(outputs[number]) for outputs in expected])
        apart = max(apart, _apart(name, number, want, got))
    return f"the .tflite of onnx2tf is at most {apart:.1e} from the ONNX model over {counted(len(expected), 'row')}"


def _apart(name: str, number: int, want: npt.NDArray[Any], got: npt.NDArray[Any]) -> float:
    """How far an output of the .tflite is from that of the ONNX model."""
    if want.size != got.size:
        sizes = f"from {want.size // len(want)} to {counted(got.size // len(got), 'value')}"
        raise InputError(f"onnx2tf changed output {number} of {name} {sizes}; its option -prf mends what it misreads")
    difference = float(np.abs(got.reshape(want.shape).astype(np.float64) - want).max())
    if not difference <= _TOLERANCE * max(_LEAST, float(np.abs(want).max())):
        raise InputError(
            f"onnx2tf made another model of {name}: output {number} is up to {difference:.4g} apart; its option -prf "
            "mends what it misreads"
        )
    return difference
