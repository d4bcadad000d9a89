"""Weights of two channels in one half-word, for cores with dual 16-bit multiplies (ww_dot_joint_dsp.h)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.compiler.kernels.fits import ordinary_channels
from wwtool.compiler.kernels.packing import Channels, IntArray, Packed, records, words_of
from wwtool.compiler.kernels.rescaling import sums_of

_LARGEST_SECOND_SUM = 2**22  # times 512, it fits 32 bits
_MORE_BITS = 8  # of the second channel's sums


def in_joint_sums(channels: Channels, leave_out_constants: bool) -> bool:
    """Whether the channels suit ww_matmul_dsp: joint weights fit 16 bits, and sums of the second channels 23."""
    padded = channels.padded(2, 1)
    joint = _joint_weights(padded)
    least, most = sums_of(padded.bias[1::2], padded.weights[1::2], 0)
    furthest = max(-int(least.min()), int(most.max()))
    return (
        ordinary_channels(channels, leave_out_constants)
        and bool(np.all(joint == joint.astype(np.int16)))
        and furthest < _LARGEST_SECOND_SUM
    )


def joint_pairs(channels: Channels) -> Packed:
    """Records of two channels for ww_matmul_dsp: for each four inputs, joint weights of the inputs 0, 2, 1 and 3."""
    padded = channels.padded(2, 8)
    weights = _joint_weights(padded).astype(np.int16)
    count, depth = weights.shape
    fours = weights.reshape(count, depth // 4, 4)[:, :, [0, 2, 1, 3]]
    bias, rounding, shift = (padded.bias.copy(), padded.rounding.copy(), padded.shift.copy())
    first = bias[::2].copy()
    bias[::2] += bias[1::2] << _MORE_BITS
    bias[1::2] = first
    if padded.upwards:
        rounding[1::2] = (rounding[1::2] << _MORE_BITS) + (1 << _MORE_BITS - 1)
        shift[1::2] += _MORE_BITS
    joint = replace(padded, bias=bias, rounding=rounding, shift=shift)
    words = records(joint, 2, words_of(fours).reshape(count, -1), 2)
    return Packed(words, {"round_upwards": int(padded.upwards)})


def _joint_weights(channels: Channels) -> IntArray:
    """w0 + 256 w1 of each two channels, (blocks, inputs)."""
    wide = channels.weights.astype(np.int64)
    return wide[::2] + (wide[1::2] << _MORE_BITS)
