"""Kernels for the ESP32-S3's vector unit (PIE): 16 products of int8 an instruction (ww_pie.h).

What they leave out, the kernels of ``lanes`` do: depthwise convolutions with padding or several outputs for an input
channel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wwtool.compiler.calls import Call
from wwtool.compiler.kernels.direct import direct_scales
from wwtool.compiler.kernels.fits import (
    CONVOLUTIONS,
    DENSE_LAYERS,
    DEPTHWISE,
    Core,
    channel_records,
    convolution,
    dense,
    every_channel,
    window_of,
)
from wwtool.compiler.kernels.kernel import Fit, Kernel
from wwtool.compiler.kernels.overlap import gathered_rows_reach, gathered_window_reach, sliding_reach
from wwtool.compiler.kernels.packing import Channels, Packed, Words, words_of
from wwtool.compiler.kernels.rescaling import rescaled_channels

_BLOCK = 16  # bytes of a register, and what its address in memory is a multiple of
_ARENA_ALIGNMENT = 4
_FEWEST_INPUTS = 2  # as in lanes.py
_FEWEST_LANES = 4  # of a block of channels: below that, one channel after the other is faster
_LARGEST_SUM = 2**29  # as in lanes.py, whose scales these are
_MOST_WEIGHTS = (2**19 - 1) // 128  # in magnitude, of a channel: what 20 bits hold with any int8 inputs


def _row_bytes(depth: int, rows: int) -> int:
    return -(-depth // _BLOCK) * _BLOCK + _BLOCK - _ARENA_ALIGNMENT


_CORE = Core(_LARGEST_SUM, _row_bytes, widens=False)


def rows_of_weights(channels: Channels) -> Packed:
    """Records for ww_matmul_pie: of each channel, its weights and four words of scales."""
    scales, fields = _scales(channels)
    padded = channels.padded(1, _BLOCK).weights
    weights = words_of(padded).reshape(len(padded), -1)
    return Packed(np.concatenate([weights, scales], axis=1).ravel(), fields, _BLOCK)


def taps_of_blocks(channels: Channels) -> Packed:
    """Records for ww_depthwise_conv_2d_pie: of each 16 channels, the weights tap by tap and the channels' scales."""
    padded = channels.padded(_BLOCK, 1)
    scales, fields = _scales(padded)
    blocks, taps = len(padded.bias) // _BLOCK, padded.weights.shape[1]
    weights = words_of(padded.weights.reshape(blocks, _BLOCK, taps).transpose(0, 2, 1)).reshape(blocks, -1)
    return Packed(np.concatenate([weights, scales.reshape(blocks, -1)], axis=1).ravel(), fields, _BLOCK)


def _scales(channels: Channels) -> tuple[Words, dict[str, int]]:
    """Four words of each channel, (channels, 4), and the fields of struct ww_channel_records that say what they are."""
    direct = direct_scales(channels, 0)
    if direct is None:
        columns = (channels.bias, channels.mantissa, channels.rounding, channels.shift)
        return np.stack(columns, axis=1).astype(np.uint32), {}
    columns = (direct.bias, direct.limit, direct.multiplier, direct.start)
    return np.stack(columns, axis=1).astype(np.uint32), {"low_shift": direct.low_shift, "shift": direct.shift}


def _depthwise(call: Call, leave_out_constants: bool) -> Fit | None:
    window, zero_point = window_of(call)
    inputs = window["input_channels"]
    if inputs != window["output_channels"] or inputs < _FEWEST_LANES or not _stays_inside(window):
        return None
    fields: Any = call.fields
    weights = fields["weights"].values.reshape(-1, inputs).T
    channels = rescaled_channels(fields["requantize"], weights, zero_point, False, _LARGEST_SUM)
    if channels is None or np.abs(weights.astype(np.int64)).sum(axis=1).max() > _MOST_WEIGHTS:
        return None
    channels = channels.without_zero_point(zero_point)
    records = channel_records(call, channels, taps_of_blocks(channels))
    return Fit({"records": records, "window": window, "input_zero_point": 0, "backwards": 0})


def _stays_inside(window: dict[str, int]) -> bool:
    """Whether no tap lies in padding."""

    def inside(axis: str) -> bool:
        last = (window[f"output_{axis}"] - 1) * window[f"stride_{axis}"]
        reach = (window[f"kernel_{axis}"] - 1) * window[f"dilation_{axis}"]
        return window[f"pad_{axis}"] == 0 and last + reach < window[f"input_{axis}"]

    return inside("height") and inside("width")


KERNELS: tuple[Kernel, ...] = (
    Kernel(
        "ww_dense_pie", "ww_dense_packed", reach=gathered_rows_reach, replaces=DENSE_LAYERS,
        fit=dense(_CORE, rows_of_weights, every_channel),
    ),
    Kernel(
        "ww_depthwise_conv_2d_pie", "ww_depthwise_packed", reach=sliding_reach, replaces=DEPTHWISE, fit=_depthwise
    ),
    Kernel(
        "ww_conv_2d_pie", "ww_conv_2d_packed", reach=gathered_window_reach, replaces=CONVOLUTIONS,
        fit=convolution(_CORE, rows_of_weights, every_channel, _FEWEST_INPUTS),
    ),
)  # fmt: skip
