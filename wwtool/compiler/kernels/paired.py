"""Taps of two rows in one word, for cores with dual 16-bit multiplies (ww_depthwise_paired_dsp.h)."""

from __future__ import annotations

import numpy as np

from wwtool.compiler.kernels.packing import Channels, Packed, dual_multiply_taps, in_fours, words_of

_FEWEST_ROWS = 4  # of outputs: windows that are clipped at the top or at the bottom are slow


def paired_taps(channels: Channels, window: dict[str, int], zero_point: int) -> Packed:
    """Records of four channels for ww_depthwise_conv_2d_dsp, paired where the kernel is fast with it."""
    height, width = window["kernel_height"], window["kernel_width"]
    column = width == 1 and height > 1 and zero_point == 0 and window["pad_height"] == 0
    square = (height, width) == (3, 3) and channels.upwards and window["output_height"] >= _FEWEST_ROWS
    if not (column or square):
        return dual_multiply_taps(channels, window, zero_point)
    fours = in_fours(channels, window["input_channels"])
    blocks = len(fours.bias) // 4
    taps = 2 * fours.weights.astype(np.int16).reshape(blocks, 4, height, width)
    even = height // 2 * 2
    # (blocks, pairs of rows, columns, channels, rows)
    pairs = taps[:, :, :even].reshape(blocks, 4, even // 2, 2, width).transpose(0, 2, 4, 1, 3)
    last = taps[:, [0, 2, 1, 3], even:].transpose(0, 2, 3, 1)
    weights = np.concatenate([words_of(part).reshape(blocks, -1) for part in (pairs, last)], axis=1)
    bias, mantissa, rounding, shift = (
        values.astype(np.uint32).reshape(blocks, 4)
        for values in (2 * fours.bias, fours.mantissa, fours.rounding, fours.shift)
    )
    scales = [part[:, two] for two in (slice(0, 2), slice(2, 4)) for part in (mantissa, rounding)]
    words = np.concatenate([bias, weights, *scales, shift], axis=1).ravel()
    return Packed(words, {"paired": 1, "round_upwards": int(channels.upwards)})
