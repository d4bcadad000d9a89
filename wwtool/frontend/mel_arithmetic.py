"""The mel front end in integers, on many windows at once: the arithmetic of ``core/mel/ww_mel.c``, bit for bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wwtool.frontend.mel_tables import DCT_BITS, LEVEL_BITS, PREEMPHASIS, MelTables

_PEAK_BITS = 14
_PRODUCT_BITS = 15
_ROOM_BITS = 13
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


def with_slopes(values: Int32, past: Int32) -> Int32:
    """Values (frames, n) with ten times their slopes over the last five frames, by least squares, (frames, 2 n).

    ``past``: the values of the four frames before.
    """
    x = np.concatenate([past, values])
    return np.concatenate([values, 2 * (x[4:] - x[:-4]) + x[3:-1] - x[1:-3]], axis=1)


def _windowed(windows: NDArray[np.int16], tables: MelTables) -> tuple[Int32, Int32, Int32]:
    """Points (points, frames) of two samples each, and the power of two by which those of a frame are too large."""
    wide = windows.astype(np.int32)
    if tables.hann is None:
        before, own = wide[:, : tables.samples], wide[:, 1 : tables.samples + 1]
        products = own * (1 << _PRODUCT_BITS) - before * PREEMPHASIS
    else:
        products = wide * tables.hann.astype(np.int32)
    shift = _bit_length(_bits_of(products).max(axis=1)) - _PEAK_BITS
    right, left = np.maximum(shift, 0)[:, None], np.maximum(-shift, 0)[:, None]
    scaled = _shifted(products << left, right)
    padded = np.zeros((len(windows), 2 * tables.points), np.int32)
    padded[:, : scaled.shape[1]] = scaled
    return padded[:, ::2].T.copy(), padded[:, 1::2].T.copy(), (_PRODUCT_BITS - shift).astype(np.int32)


def _bits_of(values: Int32) -> Int32:
    """Numbers whose bits are those of the magnitudes, or of one less."""
    return values ^ (values >> 31)


def _bit_length(values: Int32) -> Int32:
    return np.frexp(values.astype(np.float64))[1].astype(np.int32)


def _shifted(values: Int32, shift: Int32) -> Int32:
    """Rounded halves."""
    return (values + ((1 << shift) >> 1)) >> shift


def _transform(re: Int32, im: Int32, tables: MelTables) -> tuple[Int32, Int32, Int32]:
    """The transform over the first axis, and by which power of two each frame's is too small."""
    points, frames = re.shape
    order = _reversed_bits(points)
    re, im = re[order], im[order]
    shift = np.full(frames, 2, np.int32)  # the window leaves no room
    halvings, quarter = np.zeros(frames, np.int32), 1
    if points % 3 == 2:  # an odd power of two
        shift = halvings = np.ones(frames, np.int32)
        re, im = _pairs(re, shift), _pairs(im, shift)
        quarter, shift = 2, _needed(re, im)
    while quarter < points:
        re, im = _fours(re, im, quarter, shift, tables)
        halvings = halvings + shift
        quarter, shift = 4 * quarter, _needed(re, im)
    return re, im, halvings


def _needed(re: Int32, im: Int32) -> Int32:
    """By how many bits each frame's numbers must be halved in the next pass."""
    used = np.maximum(_bits_of(re).max(axis=0), _bits_of(im).max(axis=0))
    return np.asarray((used >> _ROOM_BITS > 0).astype(np.int32) + (used >> (_ROOM_BITS - 1) > 0), np.int32)


def _pairs(x: Int32, shift: Int32) -> Int32:
    a, b = x[::2], x[1::2]
    return np.stack([_shifted(a + b, shift), _shifted(a - b, shift)], axis=1).reshape(x.shape)


def _fours(re: Int32, im: Int32, quarter: int, shift: Int32, tables: MelTables) -> tuple[Int32, Int32]:
    """Four points a quarter apart become their sums, turned (Cooley, Tukey 1965, with radix 4)."""
    points, frames = re.shape
    parts_re, parts_im = (np.moveaxis(x.reshape(-1, 4, quarter, frames), 1, 0) for x in (re, im))
    at = np.arange(quarter) * (points // 2 // quarter)
    b, c, d = (_turned(parts_re[part], parts_im[part], times * at, tables) for part, times in ((1, 2), (2, 1), (3, 3)))
    sum_re, sum_im, less_re, less_im = parts_re[0] + b[0], parts_im[0] + b[1], parts_re[0] - b[0], parts_im[0] - b[1]
    more_re, more_im, apart_re, apart_im = c[0] + d[0], c[1] + d[1], c[0] - d[0], c[1] - d[1]
    new_re = [sum_re + more_re, less_re + apart_im, sum_re - more_re, less_re - apart_im]
    new_im = [sum_im + more_im, less_im - apart_re, sum_im - more_im, less_im + apart_re]
    shape = points, frames
    return _shifted(np.stack(new_re, 1), shift).reshape(shape), _shifted(np.stack(new_im, 1), shift).reshape(shape)


def _turned(re: Int32, im: Int32, at: Int64, tables: MelTables) -> tuple[Int32, Int32]:
    """Points (groups, quarter, frames) turned back by entries of the table, which leave the first as it is."""
    sine = tables.sine.astype(np.int32)
    s, c = sine[at], sine[at + tables.points // 2]
    c = np.where(at == 0, 1 << 15, c).astype(np.int32)
    s, c = s[None, :, None], c[None, :, None]
    return (re * c + im * s + (1 << 14)) >> 15, (im * c - re * s + (1 << 14)) >> 15


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
    bins = np.arange(bank.first_bin, bank.end_bin)
    s, c = sine[bins][:, None], sine[bins + points // 2][:, None]
    a_re, a_im, b_re, b_im = re[bins], im[bins], re[-bins % points], im[-bins % points]
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
