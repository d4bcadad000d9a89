"""Lowers TRANSPOSE_CONV."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from wwtool.compiler.calls import Call, Field, int8_array
from wwtool.compiler.convolutions import (
    SAME,
    Window,
    bias_of,
    call_of,
    constant_data,
    operands,
    requantize_fields,
    require_32_bits,
)
from wwtool.compiler.graph import Graph, Operator
from wwtool.compiler.slices import constants
from wwtool.errors import InputError


def as_convolution(op: Operator) -> Operator:
    """The operator with its operands in CONV_2D's order: input, weights, bias."""
    _, weights, x, *bias = op.inputs
    return replace(op, inputs=(x, weights, *bias))


def transposed_window(graph: Graph, op: Operator) -> Window:
    """The window of a TRANSPOSE_CONV of any type; its padding is cut off from the output.

    Raises:
        InputError: the shapes do not fit each other.
    """
    x, w, y = graph.tensor(op.inputs[2]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    if {len(t.shape) for t in (x, w, y)} != {4}:
        raise InputError(f"{op.where()} has tensors of shapes {list(x.shape)}, {list(w.shape)} and {list(y.shape)}")
    stride = int(op.options["strideH"]), int(op.options["strideW"])
    fits = x.shape[3] == w.shape[3] and y.shape[3] == w.shape[0] and x.shape[0] == y.shape[0] == 1
    if min(stride) < 1 or not fits or tuple(constants(graph, op, 0, 4)) != y.shape:
        raise InputError(
            f"{op.where()} turns {list(x.shape)} into {list(y.shape)} with weights of shape {list(w.shape)}, "
            "which is not supported"
        )
    if max(x.size, w.size, y.size) + max(stride) >= 2**30:
        raise InputError(f"{op.where()} has a tensor or a stride too large")
    pads = [_cut_off(op, *sizes) for sizes in zip(y.shape[1:3], w.shape[1:3], stride, x.shape[1:3], strict=True)]
    return Window(
        x.shape[1], x.shape[2], x.shape[3], y.shape[1], y.shape[2], y.shape[3],
        w.shape[1], w.shape[2], *stride, 1, 1, *pads,
    )  # fmt: skip


def _cut_off(op: Operator, size: int, kernel: int, stride: int, inputs: int) -> int:
    """As a convolution from the output to the input pads it (ComputePaddingHeightWidth)."""
    same = int(op.options["padding"]) == SAME
    if inputs != (-(-size // stride) if same else (size - kernel) // stride + 1):
        raise InputError(f"{op.where()} has an output of {size} along an axis, which its input and kernel do not give")
    return max((inputs - 1) * stride + kernel - size, 0) // 2


def lower_transpose_conv(graph: Graph, op: Operator) -> list[Call]:
    plain = as_convolution(op)
    x, w, y = operands(graph, plain, 4)
    window = transposed_window(graph, op)
    weights = constant_data(plain, w)
    bias = bias_of(graph, plain, w.shape[0])
    require_32_bits(plain, bias, weights.reshape(w.shape[0], -1), x.zero_point)
    macs = window.input_height * window.input_width * int(np.prod(w.shape))
    fields: dict[str, Field] = {
        "requantize": requantize_fields(plain, x, w, y, bias),
        "weights": int8_array(f"op{op.index}_weights", weights),
        "window": asdict(window),
        "input_zero_point": x.zero_point,
    }
    return [call_of(plain, "ww_transpose_conv", fields, x, y, macs)]
