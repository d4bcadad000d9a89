"""Lowers CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED to the cheapest kernel that is exact."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Field, Span, int8_array, int32_array
from wwtool.errors import InputError
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, MAX_MULTIPLIER, quantize_multiplier
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.layers import constant_data
from wwtool.tflite.operators.windows import Window, activation_range, window_of


def lower_conv_2d(graph: Graph, op: Operator) -> list[Call]:
    x, w, y = operands(graph, op, 4)
    if w.shape[3] != x.shape[3]:
        raise InputError(f"{op.where()} is a grouped convolution, which is not supported; use DEPTHWISE_CONV_2D")
    window = window_of(op, x, y, w.shape[1], w.shape[2])
    if y.shape[3] != w.shape[0]:
        raise InputError(f"{op.where()} has {y.shape[3]} output channels and weights for {w.shape[0]}")
    weights = constant_data(op, w)
    acc_bias = bias_of(graph, op, w.shape[0])
    require_32_bits(op, acc_bias, weights.reshape(w.shape[0], -1), x.zero_point)
    macs = int(np.prod(y.shape)) * int(np.prod(w.shape[1:]))
    run = _contiguous_run(window)
    folded = _fold_zero_point(acc_bias, weights.reshape(w.shape[0], -1), x.zero_point)
    if run is not None and folded is not None:
        rows, stride, depth = run
        return [_dense(op, x, y, w, weights, folded, rows, stride, depth, "ww_dense", macs)]
    fields: dict[str, Field] = {
        "requantize": requantize_fields(op, x, w, y, acc_bias),
        "weights": int8_array(f"op{op.index}_weights", weights),
        "window": asdict(window),
        "input_zero_point": x.zero_point,
    }
    return [call_of(op, "ww_conv_2d", fields, x, y, macs)]


def lower_depthwise_conv_2d(graph: Graph, op: Operator) -> list[Call]:
    x, w, y = operands(graph, op, 4)
    multiplier = w.shape[3] // x.shape[3]
    if multiplier * x.shape[3] != w.shape[3] or w.shape[0] != 1 or y.shape[3] != w.shape[3]:
        raise InputError(f"{op.where()} has weights of shape {list(w.shape)}, which do not fit its input's channels")
    window = window_of(op, x, y, w.shape[1], w.shape[2])
    weights = constant_data(op, w)
    acc_bias = bias_of(graph, op, w.shape[3])
    require_32_bits(op, acc_bias, weights.reshape(-1, w.shape[3]).T, x.zero_point)
    macs = int(np.prod(y.shape)) * w.shape[1] * w.shape[2]
    folded = _fold_zero_point(acc_bias, weights.reshape(-1, w.shape[3]).T, x.zero_point)
    along_height = window.input_width == window.kernel_width == 1
    along_width = window.input_height == window.kernel_height == 1
    if multiplier == 1 and not window.padded and folded is not None and (along_height or along_width):
        fields: dict[str, Field] = {
            "requantize": requantize_fields(op, x, w, y, folded),
            "weights": int8_array(f"op{op.index}_weights", weights),
            "rows": window.output_height * window.output_width,
            "stride": window.stride_height if along_height else window.stride_width,
            "dilation": window.dilation_height if along_height else window.dilation_width,
            "taps": window.kernel_height * window.kernel_width,
            "channels": w.shape[3],
        }
        return [call_of(op, "ww_depthwise_taps", fields, x, y, macs)]
    fields = {
        "requantize": requantize_fields(op, x, w, y, acc_bias),
        "weights": int8_array(f"op{op.index}_weights", weights),
        "window": asdict(window),
        "input_zero_point": x.zero_point,
        "multiplier": multiplier,
        "backwards": 0,
    }
    return [call_of(op, "ww_depthwise_conv_2d", fields, x, y, macs)]


def lower_fully_connected(graph: Graph, op: Operator) -> list[Call]:
    x, w, y = operands(graph, op, 2)
    channels, depth = w.shape
    rows = x.size // depth
    if op.options.get("weightsFormat", 0) != 0 or rows * depth != x.size or rows * channels != y.size:
        raise InputError(f"{op.where()} has shapes or a weight format that are not supported")
    weights = constant_data(op, w)
    bias = bias_of(graph, op, channels)
    require_32_bits(op, bias, weights, x.zero_point)
    folded = _fold_zero_point(bias, weights, x.zero_point)
    if folded is None:
        raise InputError(f"{op.where()} has a bias so large that 32 bits do not hold it with the input's zero point")
    macs = rows * channels * depth
    return [_dense(op, x, y, w, weights, folded, rows, depth, depth, "ww_dense_round_once", macs)]


def call_of(
    op: Operator, function: str, fields: dict[str, Field], x: Tensor, y: Tensor, macs: int, struct: str = ""
) -> Call:  # fmt: skip
    """A call of a kernel from one tensor to another; the parameter struct is by default the one of its name."""
    arguments, struct = (Span(x.index), Span(y.index)), struct or function
    return Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), struct, fields, macs)


def _dense(
    op: Operator, x: Tensor, y: Tensor, w: Tensor, weights: npt.NDArray[Any], bias: npt.NDArray[np.int64],
    rows: int, row_stride: int, depth: int, function: str, macs: int,
) -> Call:  # fmt: skip
    fields: dict[str, Field] = {
        "requantize": requantize_fields(op, x, w, y, bias),
        "weights": int8_array(f"op{op.index}_weights", weights),
        "rows": rows,
        "row_stride": row_stride,
        "depth": depth,
        "channels": w.shape[0],
        "backwards": 0,
    }
    return call_of(op, function, fields, x, y, macs, "ww_dense")


def _contiguous_run(window: Window) -> tuple[int, int, int] | None:
    """(rows, row stride, depth) if every output is a dot product with contiguous inputs; None otherwise."""
    if window.padded or window.dilation_height > 1 or window.dilation_width > 1:
        return None
    c = window.input_channels
    pointwise = window.kernel_height == window.kernel_width == 1
    if pointwise and window.stride_height == window.stride_width == 1:
        return window.output_height * window.output_width, c, c
    if window.kernel_width == window.input_width:
        row = window.input_width * c
        return window.output_height, window.stride_height * row, window.kernel_height * row
    if window.input_height == window.kernel_height == 1:
        return window.output_width, window.stride_width * c, window.kernel_width * c
    return None


def operands(graph: Graph, op: Operator, rank: int) -> tuple[Tensor, Tensor, Tensor]:
    """Input, weights and output. ``rank`` is that of the weights, and for convolutions that of all three."""
    x, w, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    _require_int8(op, x, w, y)
    if len(w.shape) != rank or (rank == 4 and (len(x.shape) != 4 or len(y.shape) != 4)):
        raise InputError(f"{op.where()} has tensors of shapes {list(x.shape)}, {list(w.shape)} and {list(y.shape)}")
    if w.quantization is not None and np.any(w.quantization.zero_point != 0):
        raise InputError(f"{op.where()} has asymmetric weights; int8 weights must have zero point 0")
    return x, w, y


def _require_int8(op: Operator, *tensors: Tensor) -> None:
    for t in tensors:
        if t.dtype != "int8" or t.quantization is None:
            raise InputError(
                f"{op.where()} uses tensor {t.index} ({t.name}) of type {t.dtype}; only quantized int8 is supported"
            )


def bias_of(graph: Graph, op: Operator, channels: int) -> npt.NDArray[np.int64]:
    """The int32 bias, zeros without one."""
    if len(op.inputs) < 3 or op.inputs[2] < 0:
        return np.zeros(channels, np.int64)
    bias = graph.tensor(op.inputs[2])
    if bias.dtype != "int32" or bias.size != channels:
        raise InputError(f"{op.where()} needs a bias of {channels} int32 values")
    return constant_data(op, bias).astype(np.int64).ravel()


def require_32_bits(op: Operator, bias: npt.NDArray[np.int64], weights: npt.NDArray[Any], zero_point: int) -> None:
    """Refuses sums that overflow int32, which is undefined in C; weights are (channels, inputs)."""
    furthest = max(INT8_MAX - zero_point, zero_point - INT8_MIN)
    reach = np.abs(bias) + furthest * np.abs(weights.astype(np.int64)).sum(axis=1)
    if reach.max(initial=0) >= 2**31:
        raise InputError(
            f"{op.where()} has a bias so large that 32 bits do not hold the sums; export it with sane scales"
        )


def _fold_zero_point(
    bias: npt.NDArray[np.int64], weights: npt.NDArray[Any], zero_point: int
) -> npt.NDArray[np.int64] | None:
    """bias - zero_point * sum(weights) for weights (channels, inputs); None if sums could overflow int32."""
    folded = bias - zero_point * weights.astype(np.int64).sum(axis=1)
    # The running sum must fit int32 as well: |x * w| is at most 128 * |w| for each input.
    reach = np.abs(folded) + 128 * np.abs(weights.astype(np.int64)).sum(axis=1)
    return folded if reach.max(initial=0) < 2**31 else None


def requantize_multipliers(
    op: Operator, x: Tensor, w: Tensor, y: Tensor, channels: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:  # fmt: skip
    """Mantissa and shift of each output channel.

    Raises:
        InputError: the weights have scales of another number or axis, or the output's scale is too small.
    """
    assert w.quantization is not None
    # TFLite multiplies the float32 scales as doubles (PopulateConvolutionQuantizationParams).
    axis = 3 if op.kind == "DEPTHWISE_CONV_2D" else 0
    if w.quantization.scale.size not in (1, channels) or (w.quantization.per_channel and w.quantization.axis != axis):
        raise InputError(
            f"{op.where()} has {w.quantization.scale.size} weight scales along axis {w.quantization.axis} "
            f"for {channels} channels along axis {axis}"
        )
    real = np.float64(x.scale) * np.resize(w.quantization.scale.astype(np.float64), channels) / np.float64(y.scale)
    if not np.all(real < MAX_MULTIPLIER):
        raise InputError(f"{op.where()} has an output scale too small for its inputs; export it with sane scales")
    return quantize_multiplier(real)


def requantize_fields(op: Operator, x: Tensor, w: Tensor, y: Tensor, bias: npt.NDArray[np.int64]) -> dict[str, Field]:
    """struct ww_requantize of ww_kernels.h."""
    mantissa, shift = requantize_multipliers(op, x, w, y, len(bias))
    low, high = activation_range(op, y)
    return {
        "bias": int32_array(f"op{op.index}bias_of", bias),
        "mantissa": int32_array(f"op{op.index}_mantissa", mantissa),
        "shift": replace(int8_array(f"op{op.index}_shift", shift), shared=False),
        "output_zero_point": y.zero_point,
        "output_min": low,
        "output_max": high,
    }
