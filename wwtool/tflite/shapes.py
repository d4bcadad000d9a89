"""The output shapes of operators, for models that leave dimensions open.

A file may leave the batch open, and with it every dimension that depends on the batch; such dimensions are 1 in the
file. From the shapes of the inputs, the shape of every output follows, as in LiteRT when it allocates tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.slices import (
    axis_of,
    constants,
    dimensions,
    paddings,
    permutation,
    pieces,
    plain_cut,
    repeats,
    reshaped,
    strided_cut,
)

Shape = tuple[int, ...]
_SAME = 0  # enum Padding of the schema


def output_shapes(graph: Graph, op: Operator) -> list[Shape] | None:
    """The shapes of an operator's outputs, None for an operator that nothing is known about.

    Raises:
        InputError: its constants are not valid.
        ValueError, IndexError, ZeroDivisionError: its shapes do not fit together.
    """
    rule = _RULES.get(op.kind)
    return None if rule is None else rule(graph, op)


def _of(graph: Graph, op: Operator, slot: int = 0) -> Shape:
    return graph.tensor(op.inputs[slot]).shape


def _same(graph: Graph, op: Operator) -> list[Shape]:
    return [_of(graph, op)]


def _broadcast(graph: Graph, op: Operator) -> list[Shape]:
    return [np.broadcast_shapes(*(graph.tensor(i).shape for i in op.inputs))]


def window_shape(op: Operator, sizes: Shape, kernel: Shape) -> Shape:
    """Height and width that a window of ``kernel`` leaves of ``sizes`` (ComputeOutSize)."""
    result = []
    for size, reach, letter in zip(sizes, kernel, "HW", strict=True):
        stride = int(op.options[f"stride{letter}"])
        dilated = (reach - 1) * int(op.options.get(f"dilation{letter}Factor", 1)) + 1
        same = int(op.options["padding"]) == _SAME
        result.append(-(-size // stride) if same else (size - dilated) // stride + 1)
    return tuple(result)


def _convolution(graph: Graph, op: Operator) -> list[Shape]:
    batch, *sizes, _ = _of(graph, op)
    first, *kernel, last = _of(graph, op, 1)
    channels = last if op.kind == "DEPTHWISE_CONV_2D" else first
    return [(batch, *window_shape(op, tuple(sizes), tuple(kernel)), channels)]


def _pool(graph: Graph, op: Operator) -> list[Shape]:
    batch, *sizes, channels = _of(graph, op)
    kernel = int(op.options["filterHeight"]), int(op.options["filterWidth"])
    return [(batch, *window_shape(op, tuple(sizes), kernel), channels)]


def _fully_connected(graph: Graph, op: Operator) -> list[Shape]:
    shape, (units, depth) = _of(graph, op), _of(graph, op, 1)
    if op.options.get("keepNumDims"):
        return [(*shape[:-1], units)]
    return [(graph.tensor(op.inputs[0]).size // depth, units)]


def _mean(graph: Graph, op: Operator) -> list[Shape]:
    shape = _of(graph, op)
    axes = {axis_of(op, axis, len(shape)) for axis in constants(graph, op, 1)}
    kept = bool(op.options.get("keepDims"))
    return [tuple(1 if n in axes else size for n, size in enumerate(shape) if kept or n not in axes)]


def _join(graph: Graph, op: Operator) -> list[Shape]:
    shape = list(_of(graph, op))
    if op.kind == "PACK":
        shape.insert(axis_of(op, op.options["axis"], len(shape) + 1), len(op.inputs))
    else:
        axis = axis_of(op, op.options["axis"], len(shape))
        shape[axis] = sum(graph.tensor(i).shape[axis] for i in op.inputs)
    return [tuple(shape)]


def _pieces(graph: Graph, op: Operator) -> list[Shape]:
    axis, sizes = pieces(graph, op)
    shape = _of(graph, op, 1 if op.kind == "SPLIT" else 0)
    middle = [()] * len(sizes) if op.kind == "UNPACK" else [(size,) for size in sizes]
    return [(*shape[:axis], *size, *shape[axis + 1 :]) for size in middle]


def _padded(graph: Graph, op: Operator) -> list[Shape]:
    return [tuple(a + n + b for n, (a, b) in zip(_of(graph, op), paddings(graph, op), strict=True))]


def _expanded(graph: Graph, op: Operator) -> list[Shape]:
    shape = list(_of(graph, op))
    shape.insert(axis_of(op, constants(graph, op, 1, 1)[0], len(shape) + 1), 1)
    return [tuple(shape)]


def _squeezed(graph: Graph, op: Operator) -> list[Shape]:
    shape, squeezed = _of(graph, op), op.options.get("squeezeDims")
    if squeezed is None or not len(squeezed):
        return [tuple(size for size in shape if size != 1)]
    axes = {axis_of(op, axis, len(shape)) for axis in squeezed}
    return [tuple(size for n, size in enumerate(shape) if n not in axes)]


def _resized(graph: Graph, op: Operator) -> list[Shape]:
    batch, _, _, channels = _of(graph, op)
    return [(batch, *constants(graph, op, 1, 2), channels)]


def _gathered(graph: Graph, op: Operator) -> list[Shape]:
    shape, indices = _of(graph, op), _of(graph, op, 1)
    axis = axis_of(op, op.options.get("axis") or 0, len(shape))
    batch_dims = int(op.options.get("batchDims") or 0)
    batch_dims += len(indices) * (batch_dims < 0)
    return [(*shape[:axis], *indices[batch_dims:], *shape[axis + 1 :])]


def _without_axis(graph: Graph, op: Operator) -> list[Shape]:
    shape = _of(graph, op)
    axis = axis_of(op, constants(graph, op, 1, 1)[0], len(shape))
    return [(*shape[:axis], *shape[axis + 1 :])]


def _deeper(graph: Graph, op: Operator) -> list[Shape]:
    (batch, height, width, depth), size = _of(graph, op), int(op.options["blockSize"])
    if op.kind == "SPACE_TO_DEPTH":
        return [(batch, height // size, width // size, depth * size**2)]
    return [(batch, height * size, width * size, depth // size**2)]


def _multiplied(graph: Graph, op: Operator) -> list[Shape]:
    a, b = _of(graph, op), _of(graph, op, 1)
    rows = a[-1] if op.options.get("adjX") else a[-2]
    columns = b[-2] if op.options.get("adjY") else b[-1]
    return [(*np.broadcast_shapes(a[:-2], b[:-2]), rows, columns)]


def _dealt(graph: Graph, op: Operator) -> list[Shape]:
    batch, *sizes, depth = _of(graph, op)
    block, ends = constants(graph, op, 1, len(sizes)), constants(graph, op, 2, 2 * len(sizes))
    border = [a + b for a, b in zip(ends[::2], ends[1::2], strict=True)]
    if op.kind == "SPACE_TO_BATCH_ND":
        return [(batch * prod(block), *((n + e) // b for n, e, b in zip(sizes, border, block, strict=True)), depth)]
    return [(batch // prod(block), *(n * b - e for n, e, b in zip(sizes, border, block, strict=True)), depth)]


def _svdf(graph: Graph, op: Operator) -> list[Shape]:
    return [(_of(graph, op)[0], _of(graph, op, 1)[0] // int(op.options["rank"]))]


def _lstm(graph: Graph, op: Operator) -> list[Shape]:
    return [(*_of(graph, op)[:-1], _of(graph, op, 18)[-1])]  # as long as its output state


def _read(graph: Graph, op: Operator) -> list[Shape]:
    key = graph.variable(op)
    variable = graph.variables.get(key) if key is not None else None
    return [variable.initial.shape if variable is not None else graph.tensor(op.outputs[0]).shape]


_RULES: dict[str, Callable[[Graph, Operator], list[Shape]]] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), _convolution),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pool),
    "FULLY_CONNECTED": _fully_connected,
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"), _mean),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), _without_axis),
    **dict.fromkeys(("SPACE_TO_DEPTH", "DEPTH_TO_SPACE"), _deeper),
    **dict.fromkeys(("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"), _dealt),
    **dict.fromkeys(("CONCATENATION", "PACK"), _join),
    **dict.fromkeys(("SPLIT", "SPLIT_V", "UNPACK"), _pieces),
    "SLICE": lambda graph, op: [plain_cut(graph, op).count],
    "STRIDED_SLICE": lambda graph, op: [strided_cut(graph, op)[1]],
    "TRANSPOSE": lambda graph, op: [tuple(_of(graph, op)[axis] for axis in permutation(graph, op))],
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _padded),
    "RESHAPE": lambda graph, op: [reshaped(graph, op)],
    "EXPAND_DIMS": _expanded,
    "SQUEEZE": _squeezed,
    "TILE": lambda graph, op: [tuple(a * b for a, b in zip(_of(graph, op), repeats(graph, op), strict=True))],
    "BROADCAST_TO": lambda graph, op: [dimensions(graph, op, 1)],
    "FILL": lambda graph, op: [dimensions(graph, op, 0)],
    "GATHER": _gathered,
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resized),
    "TRANSPOSE_CONV": lambda graph, op: [dimensions(graph, op, 0)],
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "READ_VARIABLE": _read,
    **dict.fromkeys(("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "PRELU"), _broadcast),
    **dict.fromkeys(("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU"), _same),
    **dict.fromkeys(("HARD_SWISH", "ABS", "NEG", "SOFTMAX", "LOG_SOFTMAX"), _same),
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE", "CAST", "ZEROS_LIKE", "REVERSE_V2"), _same),
    **dict.fromkeys(("ELU", "EXP", "GELU", "LOG", "SQRT", "RSQRT", "L2_NORMALIZATION", "LOGICAL_NOT"), _same),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"), _broadcast),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "SQUARED_DIFFERENCE", "SELECT_V2"), _broadcast),
    "SELECT": lambda graph, op: [_of(graph, op, 1)],
    "BATCH_MATMUL": _multiplied,
}
