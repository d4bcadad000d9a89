"""The mel front end in integers, on many windows at once: the arithmetic of ``core/mel/ww_mel.c``, bit for bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wwtool.frontend.mel_tables import DCT_BITS, LEVEL_BITS, MelTables

_PEAK_BITS = 14
_PRODUCT_BITS = 15
_ROOM = 8191
_QUIETEST_BITS = 16
_LOG_BITS = 16
_LOG_SEGMENT_BITS = 10

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


def values_of(windows: NDArray[np.int16], tables: MelTables) -> Int32:
    """What becomes the features of windows (frames, samples): levels or coefficients, (frames, channels)."""
    re, im, exponents = _windowed(windows, tables)
    re, im, halvings = _transform(re, im, tables)
    levels = _levels(re, im, exponents - halvings, tables)
    if tables.cosines is None:
        return levels
    sums = levels.astype(np.float64) @ tables.cosines.T.astype(np.float64)  # exact, as they are below 2^53
    return ((sums.astype(np.int64) + (1 << (DCT_BITS - 1))) >> DCT_BITS).astype(np.int32)


def _windowed(windows: NDArray[np.int16], tables: MelTables) -> tuple[Int32, Int32, Int32]:
    """Points (points, frames) of two samples each, and the power of two by which those of a frame are too large."""
    products = windows.astype(np.int32) * tables.hann.astype(np.int32)
    peaks = np.abs(products).max(axis=1, initial=0)
    shift = _bit_length(peaks) - _PEAK_BITS
    right, left = np.maximum(shift, 0)[:, None], np.maximum(-shift, 0)[:, None]
    rounding = np.where(right > 0, 1 << np.maximum(right - 1, 0), 0)
    scaled = np.where(right > 0, (products + rounding) >> right, products << left).astype(np.int32)
    padded = np.zeros((len(windows), 2 * tables.points), np.int32)
    padded[:, : scaled.shape[1]] = scaled
    return padded[:, ::2].T.copy(), padded[:, 1::2].T.copy(), (_PRODUCT_BITS - shift).astype(np.int32)


def _bit_length(values: NDArray[np.int32]) -> Int32:
    return np.frexp(values.astype(np.float64))[1].astype(np.int32)


def _transform(re: Int32, im: Int32, tables: MelTables) -> tuple[Int32, Int32, Int32]:
    """The transform over the first axis, and by which power of two each frame's is too small."""
    points, frames = re.shape
    order = _reversed_bits(points)
    re, im = re[order], im[order]
    halvings = np.zeros(frames, np.int32)
    sine = tables.sine.astype(np.int32)
    half = 1
    while half < points:
        shift = (np.maximum(np.abs(re).max(axis=0), np.abs(im).max(axis=0)) > _ROOM).astype(np.int32)
        at = np.arange(half) * (points // half)
        s, c = sine[at][None, :, None], sine[at + points // 2][None, :, None]
        a_re, b_re = np.moveaxis(re.reshape(-1, 2, half, frames), 1, 0)
        a_im, b_im = np.moveaxis(im.reshape(-1, 2, half, frames), 1, 0)
        t_re = (b_re * c + b_im * s + (1 << 14)) >> 15
        t_im = (b_im * c - b_re * s + (1 << 14)) >> 15
        a_re, a_im = a_re + shift, a_im + shift
        re = (np.stack([a_re + t_re, a_re - t_re], axis=1) >> shift).reshape(points, frames)
        im = (np.stack([a_im + t_im, a_im - t_im], axis=1) >> shift).reshape(points, frames)
        halvings += shift
        half *= 2
    return re, im, halvings


def _reversed_bits(points: int) -> Int64:
    """Every number below a power of two with its bits reversed.

    >>> _reversed_bits(8).tolist()
    [0, 4, 2, 6, 1, 5, 3, 7]
    """
    order = np.zeros(1, np.int64)
    while len(order) < points:
        order = np.concatenate([2 * order, 2 * order + 1])
    return order


def _levels(re: Int32, im: Int32, exponents: Int32, tables: MelTables) -> Int32:
    """The logarithm of each band's energy, (frames, bands)."""
    bank, points, sine = tables.bank, tables.points, tables.sine.astype(np.int32)
    bins = np.arange(bank.first_bin, bank.ends[-1])
    s, c = sine[bins][:, None], sine[bins + points // 2][:, None]
    a_re, a_im, b_re, b_im = re[bins], im[bins], re[points - bins], im[points - bins]
    odd_re, odd_im = a_re - b_re, a_im + b_im
    x_re = a_re + b_re + ((odd_im * c - odd_re * s + (1 << 14)) >> 15)
    x_im = a_im - b_im - ((odd_re * c + odd_im * s + (1 << 14)) >> 15)
    x_re, x_im = (x_re + 1) >> 1, (x_im + 1) >> 1
    energies = (x_re * x_re).astype(np.float64) + (x_im * x_im).astype(np.float64)
    sums = energies.T @ bank.matrix()  # exact, as they are below 2^53
    octaves = _logarithm(np.maximum(sums, 1.0), tables) - ((2 * exponents[:, None] + _QUIETEST_BITS) << _LOG_BITS)
    levels = (octaves + (1 << (_LOG_BITS - LEVEL_BITS - 1))) >> (_LOG_BITS - LEVEL_BITS)
    return np.where(sums > 0, np.maximum(levels, 0), 0).astype(np.int32)


def _logarithm(values: NDArray[np.float64], tables: MelTables) -> Int64:
    """Logarithms to base 2, Q16, of whole numbers from 1 to 2^53."""
    octaves = np.frexp(values)[1].astype(np.int64) - 1
    fraction = np.floor(np.ldexp(values, (_LOG_BITS - octaves).astype(np.int32))).astype(np.int64) & 0xFFFF
    segment, position = fraction >> _LOG_SEGMENT_BITS, fraction & ((1 << _LOG_SEGMENT_BITS) - 1)
    bend = tables.logarithm[segment]
    bend = bend + (((tables.logarithm[segment + 1] - bend) * position) >> _LOG_SEGMENT_BITS)
    return np.asarray((octaves << _LOG_BITS) + fraction + bend, np.int64)
