"""Lowers convolutions, plain and transposed, and FULLY_CONNECTED of uint8 tensors, and of int16 with int8 weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from wwtool.compiler.calls import Call, Constant, Field, Span, int8_array, int16_array, int32_array
from wwtool.compiler.convolutions import Window, activation_range, constant_data, window_of
from wwtool.compiler.graph import Graph, Operator, Tensor
from wwtool.compiler.transposed import as_convolution, transposed_window
from wwtool.errors import InputError
from wwtool.int8.arithmetic import MAX_MULTIPLIER, double_parts, limits, quantize_multiplier, reduced_mantissa

_WIDEST_SUM = 2**47  # beyond it TFLite's product with a multiplier leaves 64 bits
_LARGEST_MULTIPLIER = 2.0**7  # of such sums
_LARGEST_OUTPUT = 2**30  # before it is clamped


@dataclass(frozen=True)
class TypedLayer:
    """A layer's tensors and numbers; ``weights`` lie (channels, ...), ``real`` is a multiplier a channel."""

    op: Operator
    x: Tensor
    w: Tensor
    y: Tensor
    weights: npt.NDArray[Any]
    bias: npt.NDArray[np.int64]
    narrow: bool  # sums of int16 that wrap at 32 bits

    @property
    def channels(self) -> int:
        return len(self.bias)

    @property
    def dtype(self) -> str:
        return self.x.dtype

    def reals(self) -> npt.NDArray[np.float64]:
        """TFLite multiplies the scales as doubles, those of a whole uint8 tensor as floats in convolutions."""
        assert self.w.quantization is not None
        scales = np.resize(self.w.quantization.scale.astype(np.float64), self.channels)
        product = np.float64(self.x.scale) * scales
        if self.dtype == "uint8" and self.op.kind != "FULLY_CONNECTED":
            product = product.astype(np.float32).astype(np.float64)
        return np.asarray(product / np.float64(self.y.scale))

    def reach(self) -> int:
        """How far from zero a sum can be."""
        low, high = limits(self.dtype)
        furthest = max(high - self.x.zero_point, self.x.zero_point - low)
        weights = np.abs(self.weights.astype(np.int64) - self.w.zero_point)
        return int((np.abs(self.bias) + furthest * weights.reshape(self.channels, -1).sum(axis=1)).max(initial=0))


def lower_typed_conv_2d(graph: Graph, op: Operator) -> list[Call]:
    """CONV_2D, in groups, too, and DEPTHWISE_CONV_2D."""
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


def typed_layer(graph: Graph, op: Operator) -> TypedLayer:
    """
    Raises:
        InputError: the types, zero points or shapes of the operator's tensors do not go together.
    """
    x, w, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    rank = 2 if op.kind == "FULLY_CONNECTED" else 4
    if len(w.shape) != rank or (rank == 4 and (len(x.shape) != 4 or len(y.shape) != 4)):
        raise InputError(f"{op.where()} has tensors of shapes {list(x.shape)}, {list(w.shape)} and {list(y.shape)}")
    weight_type = "int8" if x.dtype == "int16" else "uint8"
    if (w.dtype, y.dtype) != (weight_type, x.dtype) or None in (x.quantization, w.quantization, y.quantization):
        raise InputError(
            f"{op.where()} turns {x.dtype} with weights of type {w.dtype} into {y.dtype}; "
            f"{x.dtype} goes with {weight_type} weights and outputs of its own type, all of them quantized"
        )
    _check_quantization(op, x, w, y)
    weights = constant_data(op, w)
    if op.kind == "DEPTHWISE_CONV_2D":
        if w.shape[0] != 1:
            raise InputError(f"{op.where()} has weights of shape {list(w.shape)}, of which the first must be 1")
        weights = np.moveaxis(weights, 3, 0).reshape(w.shape[3], *w.shape[1:3], 1)
    bias, narrow = _bias(graph, op, x, len(weights))
    layer = TypedLayer(op, x, w, y, weights, bias, narrow)
    if not narrow and layer.reach() >= (2**31 if x.dtype == "uint8" else _WIDEST_SUM):
        raise InputError(f"{op.where()} has a bias so large that its sums overflow; export it with sane scales")
    return layer


def _check_quantization(op: Operator, x: Tensor, w: Tensor, y: Tensor) -> None:
    assert w.quantization is not None
    axis = 3 if op.kind == "DEPTHWISE_CONV_2D" else 0
    count = w.quantization.scale.size
    if count != 1 and (x.dtype == "uint8" or count != w.shape[axis] or w.quantization.axis != axis):
        raise InputError(
            f"{op.where()} has {count} weight scales along axis {w.quantization.axis}, which does not fit its weights"
        )
    if x.dtype == "int16" and (x.zero_point or y.zero_point or np.any(w.quantization.zero_point != 0)):
        raise InputError(f"{op.where()} has a zero point other than 0; int16 and its weights must be symmetric")


def _bias(graph: Graph, op: Operator, x: Tensor, channels: int) -> tuple[npt.NDArray[np.int64], bool]:
    """The bias, and whether sums of int16 have 32 bits only."""
    narrow = x.dtype == "int16" and int(op.options.get("quantizedBiasType", 0)) == schema.TensorType.INT32
    if len(op.inputs) < 3 or op.inputs[2] < 0:
        return np.zeros(channels, np.int64), narrow
    bias = graph.tensor(op.inputs[2])
    wanted = "int32" if x.dtype == "uint8" or narrow else "int64"
    if bias.dtype != wanted or bias.size != channels:
        hint = " (or int32 ones, where the option quantized_bias_type says so)" if wanted == "int64" else ""
        raise InputError(f"{op.where()} needs a bias of {channels} {wanted} values{hint}, not {bias.size} {bias.dtype}")
    return constant_data(op, bias).astype(np.int64).ravel(), narrow


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
