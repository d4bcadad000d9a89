"""INT8 layers in PyTorch, exact: float64 convolutions of integers (no rounding below 2^53), then requantization.

Tensors are NHWC like TFLite's; values are integers held in int64 or float64. The quantization-aware model evaluates
itself with these functions, and so does the ``torch`` engine.
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
    """int32 accumulators of a convolution.

    ``x`` is (N, H, W, C), ``weights`` (O, KH, KW, C / groups), ``bias`` (O,), ``pads`` top, bottom, left, right.
    Returns (N, OH, OW, O).
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
    """The float64 multiplier that TFLite makes of float32 scales, one for each channel."""
    return np.float64(np.float32(input_scale)) * weight_scale.astype(np.float64) / np.float64(np.float32(output_scale))


def requantize(
    accumulator: IntArray, real: npt.NDArray[np.float64], zero_point: int, low: int, high: int, once: bool = False
) -> IntArray:
    """Accumulators (..., O) to int8 values in int64; ``once`` is FULLY_CONNECTED's rounding."""
    mantissa, shift = quantize_multiplier(real)
    scaled = (multiply_once_rounded if once else multiply_twice_rounded)(accumulator, mantissa, shift)
    return np.clip(add_zero_point(scaled, zero_point), low, high)
