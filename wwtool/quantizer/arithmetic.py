"""From real numbers to int8: formats of ranges, weights, biases."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.activations import rounded_away
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN
from wwtool.models.quantized import Scale
from wwtool.tflite.graph import Quantization

Real = npt.NDArray[np.float32]

_STEPS = INT8_MAX - INT8_MIN
_SILENT = 1.0  # the range of a tensor that is always 0
_LEAST_RANGE = 1e-6  # below it, products of scales leave the numbers that a multiplier can hold
MOST_INT16 = 2**15 - 1
_CELL_POWERS = -15, -9  # LiteRT's kernel takes no others (lstm_eval.cc)
_LARGEST_BIAS = 2**30  # leaves as much again for the sum of products
_LEAST_SHARE = 2.0**-20  # of the largest weight scale: a channel below it is 0 at any format of the output


def format_of_range(low: float, high: float) -> Scale:
    """The int8 format of a range, widened so that it holds 0, which padding needs.

    >>> format_of_range(0.0, 255.0)
    Scale(scale=1.0, zero_point=-128)
    >>> format_of_range(-128.0, 127.0)
    Scale(scale=1.0, zero_point=0)
    """
    low, high = float(np.float32(min(low, 0.0))), float(np.float32(max(high, 0.0)))
    if high == low:
        high = _SILENT
    wider = max(1.0, _LEAST_RANGE / (high - low))
    low, high = low * wider, high * wider
    scale = np.float32((high - low) / _STEPS)
    return Scale(float(scale), int(np.clip(np.rint(INT8_MIN - low / float(scale)), INT8_MIN, INT8_MAX)))


def wide_format(low: float, high: float, power: bool) -> Scale:
    """The symmetric int16 format of a state; with ``power`` one of the scales that TFLite's LSTM has.

    Inner steps of a sequence cannot be seen, so a state may reach twice as far as calibration data have shown.

    >>> wide_format(-3.0, 2.0, power=True) == Scale(2.0**-12, 0)
    True
    """
    reach = 2.0 * max(-low, high, _LEAST_RANGE)
    if not power:
        return Scale(float(np.float32(reach / MOST_INT16)), 0)
    return Scale(2.0 ** float(np.clip(np.ceil(np.log2(reach)) - 15, *_CELL_POWERS)), 0)


def with_scale(scale: Scale, least: float) -> Scale:
    """The format, or one of the same share of negative values whose scale is ``least``."""
    return scale if scale.scale >= least else Scale(float(np.float32(least)), scale.zero_point)


def range_of(scale: Scale) -> tuple[float, float]:
    """The lowest and the highest number of a format."""
    return scale.scale * (INT8_MIN - scale.zero_point), scale.scale * (INT8_MAX - scale.zero_point)


def quantized(real: npt.ArrayLike, scale: Scale) -> npt.NDArray[np.int8]:
    """Numbers in a format, halves rounded away from zero as TFLite does."""
    with np.errstate(over="ignore"):
        steps = np.asarray(real, np.float32) / np.float32(scale.scale)
    near = rounded_away(np.clip(steps, -2 * _STEPS, 2 * _STEPS)).astype(np.int64)
    return np.asarray(np.clip(near + scale.zero_point, INT8_MIN, INT8_MAX), np.int8)


def dequantized(stored: npt.NDArray[Any], quantization: Quantization) -> Real:
    """The real numbers that integers stand for."""
    shape = [1] * stored.ndim
    if quantization.per_channel:
        shape[quantization.axis] = -1
    scale, zero_point = quantization.scale.reshape(shape), quantization.zero_point.reshape(shape)
    with np.errstate(over="ignore"):
        return np.asarray((stored.astype(np.int64) - zero_point) * scale, np.float32)


def weight_scales(weights: Real, axis: int | None, bias: Real | None, input_scale: float) -> Real:
    """The scales of symmetric int8 weights, one or one for each slice along ``axis``.

    A scale is larger than the weights ask for where the bias would not fit 32 bits, and in a channel of zeros.
    """
    channels = weights[None] if axis is None else np.moveaxis(weights, axis, 0)
    magnitudes = np.abs(channels.reshape(len(channels), -1)).max(axis=1).astype(np.float64)
    scales = magnitudes / INT8_MAX
    largest = scales.max(initial=0.0)
    scales = np.maximum(scales, largest * _LEAST_SHARE if largest else 1.0 / INT8_MAX)
    if bias is not None:
        needed = np.abs(bias.astype(np.float64)) / (input_scale * _LARGEST_BIAS)
        scales = np.maximum(scales, needed if axis is not None else needed.max(initial=0.0))
    return np.asarray(scales, np.float32)


def quantized_weights(weights: Real, axis: int | None, scales: Real) -> npt.NDArray[np.int8]:
    """Symmetric int8 weights of -127 to 127, at the scales of ``weight_scales``."""
    shape = [1] * weights.ndim
    if axis is not None:
        shape[axis] = -1
    steps = rounded_away(weights / scales.reshape(shape))
    return np.asarray(np.clip(steps, -INT8_MAX, INT8_MAX), np.int8)


def symmetric(weights: Real, scale: float, most: int = INT8_MAX) -> npt.NDArray[np.int64]:
    """Weights at a single scale, ``most`` in magnitude."""
    return np.asarray(np.clip(rounded_away(weights / np.float32(scale)), -most, most), np.int64)


def time_scale(weights: Real, bias: Real | None, state_scale: float, rank: int) -> float:
    """The scale of SVDF's int16 weights over time (units * rank, memory): no sum of a unit leaves 32 bits.

    Kernels add products of int16 in int32 (reference/svdf.h).
    """
    sums = np.abs(weights.astype(np.float64)).reshape(len(weights) // rank, -1).sum(axis=1)
    scale = max(float(np.abs(weights).max()) / MOST_INT16, float(sums.max()) * MOST_INT16 / _LARGEST_BIAS)
    if bias is not None:
        scale = max(scale, float(np.abs(bias).max()) / (state_scale * _LARGEST_BIAS))
    return float(np.float32(scale or 1.0 / MOST_INT16))


def bias_scales(input_scale: float, scales: Real) -> Real:
    """TFLite's scale of a bias: that of the products."""
    return np.asarray(np.float32(input_scale) * scales, np.float32)


def quantized_bias(bias: Real, scales: Real) -> npt.NDArray[np.int32]:
    """An int32 bias at the scales of ``bias_scales``."""
    steps = np.rint(bias.astype(np.float64) / scales.astype(np.float64))
    limits = np.iinfo(np.int32)
    return np.asarray(np.clip(steps, limits.min, limits.max), np.int32)
