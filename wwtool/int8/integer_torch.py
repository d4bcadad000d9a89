"""Integer layers in exact PyTorch: float64 convolutions of integers (exact below 2^53), then requantization.

Tensors are NHWC like TFLite's; int64 or float64 arrays hold the integers. The quantization-aware model and the
``torch`` engine both evaluate layers with these functions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from wwtool.int8.arithmetic import (
    IntArray,
    add_zero_point,
    multiply_once_rounded,
    multiply_twice_rounded,
    quantize_multiplier,
)


def conv_accumulate(
    x: npt.NDArray[np.generic],
    weights: npt.NDArray[np.generic],
    bias: npt.NDArray[np.generic],
    zero_point: int,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    groups: int = 1,
) -> IntArray:
    """The int32 sums of a convolution.

    Args:
        x: (N, H, W, C).
        weights: (O, KH, KW, C / groups).
        bias: (O,).
        zero_point: of the input.
        pads: above, below, left and right.

    Returns:
        (N, OH, OW, O).
    """
    centred = torch.from_numpy(np.asarray(x, np.float64) - zero_point).permute(0, 3, 1, 2)
    top, bottom, left, right = pads
    kernel = torch.from_numpy(np.asarray(weights, np.float64)).permute(0, 3, 1, 2)
    padded = F.pad(centred, (left, right, top, bottom))
    y = F.conv2d(padded, kernel, torch.from_numpy(np.asarray(bias, np.float64)), stride, 0, dilation, groups)
    return np.asarray(np.rint(y.permute(0, 2, 3, 1).numpy()), np.int64)


def real_multiplier(
    input_scale: float, weight_scale: npt.NDArray[np.float32], output_scale: float
) -> npt.NDArray[np.float64]:
    """The float64 multipliers that TFLite computes from float32 scales, one for each channel."""
    return np.float64(np.float32(input_scale)) * weight_scale.astype(np.float64) / np.float64(np.float32(output_scale))


def requantize(
    accumulator: IntArray, real: npt.NDArray[np.float64], zero_point: int, low: int, high: int, once: bool = False
) -> IntArray:
    """Rescales sums (..., O) to int8 values, held in int64; ``once`` selects the rounding of FULLY_CONNECTED."""
    mantissa, shift = quantize_multiplier(real)
    scaled = (multiply_once_rounded if once else multiply_twice_rounded)(accumulator, mantissa, shift)
    return np.clip(add_zero_point(scaled, zero_point), low, high)
