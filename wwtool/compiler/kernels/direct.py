"""Sums straight to the output's byte, for cores that only have 32-bit products (ww_scale_directly of ww_lanes.h).

The output of a channel is a staircase over its sums, of at most 255 steps. A straight line in few bits may climb the
same staircase, although it rounds in another way. Whether it does is checked at every step, so nothing is left to
chance. Where outputs lie below the zero point, TFLite rounds sums on both sides of zero differently; there, lines are
bent: they drop a little below a sum of zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.compiler.kernels.packing import Channels, IntArray, Packed, Words, paired_lanes, records, word_taps
from wwtool.compiler.kernels.rescaling import sums_of
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN

_OUTPUTS = np.arange(INT8_MIN + 1, INT8_MAX + 1, dtype=np.int64)  # each has a step below it
_WORD, _HALF, _BYTE = 32, 16, 8
_LONGEST_SHIFT = 22  # of a multiplier: 64 bits hold the product at every step
_SLOPES = (0, 1, -1, 2, -2, 3, -3)  # that are tried, in last places from the closest one


def lane_pairs(channels: Channels) -> Packed:
    """Records of two channels for ww_matmul_lanes: groups of four inputs, two words w1 + 2^16 w0 a channel."""
    padded = channels.padded(2, 8)
    return _packed(padded, direct_scales(padded, 0), 2, paired_lanes(padded))


def lane_taps(channels: Channels, window: dict[str, int], zero_point: int) -> Packed:
    """Records of one channel for ww_depthwise_conv_2d_lanes: a word a tap."""
    direct = direct_scales(channels, zero_point) or direct_scales(channels, zero_point, bent=True)
    return _packed(channels, direct, 1, word_taps(channels))


def lane_taps_of_any(channels: Channels, window: dict[str, int], zero_point: int) -> Packed:
    """The same for ww_depthwise_conv_2d_any_lanes, which knows no lines."""
    return Packed(records(channels, 1, word_taps(channels), 1))


def _packed(channels: Channels, direct: Direct | None, block: int, weights: Words) -> Packed:
    if direct is None:
        return Packed(records(channels, block, weights, 1))
    scales = np.stack([direct.limit, direct.multiplier, direct.start, *direct.bend], axis=1)
    before, after = (part.astype(np.uint32).reshape(len(weights), -1) for part in (direct.bias, scales))
    words = np.concatenate([before, weights, after], axis=1).ravel()
    return Packed(words, {"low_shift": direct.low_shift, "shift": direct.shift, "bent": int(bool(direct.bend))})


@dataclass(frozen=True)
class Direct:
    """The numbers of all channels, (channels,), as ww_kernels_packed.h describes them, and the layer's shifts.

    ``bend`` is empty, or where lines drop and by how much.
    """

    bias: IntArray
    limit: IntArray
    multiplier: IntArray
    start: IntArray
    bend: tuple[()] | tuple[IntArray, IntArray]
    low_shift: int
    shift: int


def direct_scales(channels: Channels, zero_point: int, bent: bool = False) -> Direct | None:
    """The lines of a layer for any int8 inputs minus ``zero_point``; None if there are none for one of its channels."""
    steps = _Steps.of(channels, zero_point) if channels.ordinary else None
    if steps is None:
        return None
    slopes = channels.mantissa / 2.0 ** (31 + channels.shift)
    steepest = int(np.ceil(np.log2(max(float(slopes.max()), 2.0**-_WORD)))) + 1
    shift = min(_WORD - _BYTE, _HALF - steepest)
    low_shift = min(_HALF, _WORD - int(steps.limit.max()).bit_length())
    if shift < 1 or low_shift < 1:
        return None
    closest = np.round(slopes * 2.0 ** (shift + low_shift)).astype(np.int64)
    multiplier, start, fits = closest, np.zeros_like(closest), np.zeros(len(closest), np.bool_)
    drop = (np.int64(1) << np.maximum(shift - channels.shift, 0)) * bent
    for more in _SLOPES:
        tried = np.maximum(closest + more, 0)
        least, most = steps.starts(tried, drop, shift, low_shift)
        better = ~fits & (least <= most)
        multiplier, start = np.where(better, tried, multiplier), np.where(better, (least + most) // 2, start)
        fits |= better
        if fits.all():
            break
    if not fits.all():
        return None
    packed = (multiplier >> low_shift << _HALF) + (multiplier & (1 << low_shift) - 1)
    start += (steps.lowest & 0xFF) << shift
    bend = (np.clip(steps.zero, 0, steps.limit), drop) if bent else ()
    return Direct(channels.bias - steps.base, steps.limit, packed, start, bend, low_shift, shift)


@dataclass(frozen=True)
class _Steps:
    """For each channel: its ``lowest`` output, the greatest sum, ``base``, that gives it, and how far above it the
    highest output begins, ``limit``. ``at``, (channels, 255): how far above ``base`` each output begins, where
    ``among``; ``height``: which step it is."""

    base: IntArray
    limit: IntArray
    lowest: IntArray
    at: IntArray
    height: IntArray
    among: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, channels: Channels, zero_point: int) -> _Steps | None:
        moving = ~channels.constant
        if np.any(channels.shift[moving] > _LONGEST_SHIFT):
            return None
        least, most = sums_of(channels.bias, channels.weights, zero_point)
        lowest, highest = channels.outputs(least), channels.outputs(most)
        first = _first_sums(channels)
        among = (lowest[:, None] < _OUTPUTS) & (highest[:, None] >= _OUTPUTS)
        if np.any(among & (channels.outputs(first.T).T < _OUTPUTS)) or np.any(
            among & (channels.outputs(first.T - 1).T >= _OUTPUTS)
        ):
            return None
        rows, any_step = np.arange(len(lowest)), among.any(axis=1)
        base = np.where(any_step, first[rows, np.minimum(lowest - INT8_MIN, len(_OUTPUTS) - 1)] - 1, channels.bias)
        limit = np.where(any_step, first[rows, np.maximum(highest - INT8_MIN - 1, 0)] - base, 0)
        at, height = np.where(among, first - base[:, None], 1), np.where(among, _OUTPUTS - lowest[:, None], 1)
        return cls(base, limit, lowest, at, height, among)

    @property
    def zero(self) -> IntArray:
        """How far a sum of zero is above ``base``."""
        return -self.base

    def starts(self, multiplier: IntArray, drop: IntArray, shift: int, low_shift: int) -> tuple[IntArray, IntArray]:
        """The least and the greatest start of lines that climb all steps, with these multipliers and ``drop`` lower
        below a sum of zero."""
        zero = np.clip(self.zero, 0, self.limit)[:, None]

        def line(above: IntArray) -> IntArray:
            high, low = multiplier >> low_shift, multiplier & (1 << low_shift) - 1
            climbed = above * high[:, None] + (above * low[:, None] >> low_shift)
            return np.asarray(climbed - (above < zero) * drop[:, None])

        rises, end = self.height << shift, self.limit[:, None]
        never = np.int64(1) << _WORD
        least = np.where(self.among, rises - line(self.at), 0).max(axis=1)
        most = np.where(self.among, rises - 1 - line(self.at - 1), never).min(axis=1)
        steps = self.among.sum(axis=1)
        most = np.minimum(most, ((steps + 1) << shift) - 1 - line(end)[:, 0])
        fits = (multiplier >> low_shift < 1 << _HALF) & (self.limit * (1 << low_shift) <= 1 << _WORD)
        return np.maximum(least, drop), np.where(fits, most, -1)


def _first_sums(channels: Channels) -> IntArray:
    """The least sum that gives each output or more, (channels, 255), if the outputs had no limits."""
    mantissa, shift = np.maximum(channels.mantissa, 1)[:, None], channels.shift[:, None]
    steps = _OUTPUTS - channels.zero_point
    # Halves are rounded away from zero: upwards above it.
    halves = 2 * steps - 1
    if channels.once:
        products = (halves << shift + 30) + (steps <= 0)
    else:
        products = (((halves << shift - 1) + (steps <= 0)) << 31) - (1 << 30)
    return np.asarray(-(-products // mantissa))
