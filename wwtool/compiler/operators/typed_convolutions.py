"""Lowers convolutions and FULLY_CONNECTED of uint8 tensors, and of int16 tensors with int8 weights."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from wwtool.compiler.calls import Call, Constant, Field, Span, int8_array, int16_array, int32_array
from wwtool.errors import InputError
from wwtool.int8.arithmetic import MAX_MULTIPLIER, double_parts, quantize_multiplier, reduced_mantissa
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.layers import TypedLayer, typed_layer
from wwtool.tflite.operators.windows import Window, activation_range, as_convolution, transposed_window, window_of

_LARGEST_MULTIPLIER = 2.0**7  # of sums of 64 bits
_LARGEST_OUTPUT = 2**30  # before it is clamped


def lower_typed_conv_2d(graph: Graph, op: Operator) -> list[Call]:
    """CONV_2D, also in groups, and DEPTHWISE_CONV_2D."""
    layer = typed_layer(graph, op)
    x, y, weights = layer.x, layer.y, layer.weights
    window = window_of(op, x, y, weights.shape[1], weights.shape[2])
    depth = weights.shape[3]
    groups = x.shape[3] // depth
    if groups * depth != x.shape[3] or layer.channels % groups or y.shape[3] != layer.channels:
        raise InputError(f"{op.where()} has weights of shape {list(layer.w.shape)}, which do not fit its channels")
    return [_convolution(layer, "ww_conv_2d", window, int(np.prod(y.shape)) * int(np.prod(weights.shape[1:])))]


def lower_typed_transpose_conv(graph: Graph, op: Operator) -> list[Call]:
    layer, window = typed_layer(graph, as_convolution(op)), transposed_window(graph, op)
    macs = window.input_height * window.input_width * layer.weights.size
    return [_convolution(layer, "ww_transpose_conv", window, macs)]


def _convolution(layer: TypedLayer, function: str, window: Window, macs: int) -> Call:
    op, depth = layer.op, layer.weights.shape[3]
    reals = layer.reals()
    wide = layer.dtype == "int16" and not layer.narrow
    if not np.all(reals < (_LARGEST_MULTIPLIER if wide else MAX_MULTIPLIER)):
        raise InputError(f"{op.where()} has an output scale too small for its inputs; export it with sane scales")
    mantissa, shift = quantize_multiplier(reals)
    fields: dict[str, Field] = {
        "window": asdict(window),
        **_arrays(layer),
        "mantissa": int32_array(f"op{op.index}_mantissa", reduced_mantissa(mantissa) if wide else mantissa),
        "shift": replace(int8_array(f"op{op.index}_shift", shift), shared=False),
        "group_depth": depth,
        "group_channels": layer.channels * depth // layer.x.shape[3],
        **_ends(layer),
    }
    return _call(layer, f"{function}_{layer.dtype}", f"ww_conv_2d_{layer.dtype}", fields, macs)


def lower_typed_fully_connected(graph: Graph, op: Operator) -> list[Call]:
    layer = typed_layer(graph, op)
    channels, depth = layer.weights.shape
    rows = layer.x.size // depth
    if op.options.get("weightsFormat", 0) != 0 or rows * depth != layer.x.size or rows * channels != layer.y.size:
        raise InputError(f"{op.where()} has shapes or a weight format that are not supported")
    reals = layer.reals()
    if not float(reals.max()) * layer.reach() < _LARGEST_OUTPUT:
        raise InputError(f"{op.where()} has an output scale too small for its inputs; export it with sane scales")
    mantissa, shift = double_parts(reals)
    words = np.stack([mantissa >> 32, mantissa & 0xFFFFFFFF], axis=1).astype(np.uint32).ravel()
    fields: dict[str, Field] = {
        **_arrays(layer),
        "mantissa": Constant(f"op{op.index}_mantissa", "uint32_t", words),
        "shift": replace(int16_array(f"op{op.index}_shift", shift), shared=False),
        "rows": rows,
        "depth": depth,
        "channels": channels,
        **_ends(layer),
    }
    name = f"ww_dense_{layer.dtype}"
    return [_call(layer, name, name, fields, rows * channels * depth)]


def _arrays(layer: TypedLayer) -> dict[str, Field]:
    name, ctype = f"op{layer.op.index}", "uint8_t" if layer.dtype == "uint8" else "int8_t"
    bias = Constant(f"{name}_bias", "int64_t", layer.bias)
    if layer.dtype == "uint8":
        bias = int32_array(bias.name, layer.bias)
    return {"weights": Constant(f"{name}_weights", ctype, layer.weights.ravel()), "bias": bias}


def _ends(layer: TypedLayer) -> dict[str, Field]:
    low, high = activation_range(layer.op, layer.y)
    ends: dict[str, Field] = {"output_min": low, "output_max": high}
    if layer.dtype == "int16":
        return {**ends, "narrow": int(layer.narrow)}
    zero_points = layer.x.zero_point, layer.w.zero_point, layer.y.zero_point
    names = ("input_zero_point", "weights_zero_point", "output_zero_point")
    return {**dict(zip(names, zero_points, strict=True)), **ends}


def _call(layer: TypedLayer, function: str, struct: str, fields: dict[str, Field], macs: int) -> Call:
    x, y = layer.x.index, layer.y.index
    return Call(layer.op.index, layer.op.kind, function, (Span(x), Span(y)), (x,), (y,), struct, fields, macs)
