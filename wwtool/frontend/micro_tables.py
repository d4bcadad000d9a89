"""The constant tables of the C micro front end, from their formulas.

The arithmetic is that of TensorFlow Lite Micro's audio front end (``microfrontend/lib``, Apache-2.0) and of kissfft
(BSD), with the settings of ESPHome's ``micro_wake_word``: single precision wherever theirs is, so that every rounded
entry is the same. ``python -m wwtool.frontend.registry`` rewrites ``firmware_templates/core/ww_frontend_tables.c``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wwtool.frontend.c_arrays import c_array
from wwtool.frontend.geometry import MICRO

FFT_SIZE = 512
LOWER_HZ = 125.0
UPPER_HZ = 7500.0

WINDOW_BITS = 12
MEL_BITS = 12
FFT_MAX = 32767  # the largest int16, kissfft's 1.0
LOG_BITS = 16
LOG_SEGMENTS = 128
GAIN_BITS = 21
GAIN_OFFSET = 80.0
GAIN_STRENGTH = 0.95
GAIN_INPUT_BITS = 7  # noise estimates carry 10 fractional bits, 3 of which correct the FFT's scale
GAIN_OCTAVES = 32
ROOT_BITS = 8

_f32 = np.float32


def window() -> list[int]:
    """Hann window, 12-bit. Not quite symmetric: single precision rounds entry 17 and its mirror image differently."""
    step = _f32(math.pi * 2.0 / MICRO.window_samples)
    whole = []
    for i in range(MICRO.window_samples):
        cosine_value = _f32(math.cos(float(step * _f32(i + 0.5))))
        value = _f32(0.5) - _f32(0.5) * cosine_value
        whole.append(math.floor(float(value * _f32(1 << WINDOW_BITS) + _f32(0.5))))
    return whole


def cosine() -> list[int]:
    """``cos(2 pi i / 512)`` in Q15, as far as the FFT reads it.

    A twiddle exp(-2 pi j k / 512) is entry k and entry k + 128. The radix-4 passes use even k up to 2 * 3 * 63, the
    real-input pass k up to 256.
    """
    last = 2 * 3 * (FFT_SIZE // 8 - 1) + FFT_SIZE // 4
    return [math.floor(0.5 + FFT_MAX * math.cos(2 * math.pi * i / FFT_SIZE)) for i in range(last + 1)]


@dataclass(frozen=True)
class MelBank:
    """Triangular filters. Band b holds the bins from the end of band b - 1 (or first_bin) up to ends[b].

    A bin of band b adds its weight (12-bit) to channel b - 1, and the rest up to 4096 to channel b.
    """

    first_bin: int
    ends: list[int]
    weights: list[int]


def mel_bank() -> MelBank:
    """The 41 bands between the centres of the 40 channels and the band limits."""

    def mel(freq_hz: float) -> np.float32:
        # Uses log1pf of the C library, not a rounded double: its last bit decides three of the weights.
        return _f32(_f32(1127.0) * np.log1p(_f32(freq_hz) / _f32(700.0)))

    hz_per_bin = 0.5 * MICRO.sample_rate_hz / (FFT_SIZE // 2)
    low, high = mel(LOWER_HZ), mel(UPPER_HZ)
    spacing = _f32(high - low) / _f32(MICRO.channels + 1)
    centres = [low + spacing * _f32(i + 1) for i in range(MICRO.channels + 1)]

    first_bin = int(1.5 + LOWER_HZ / hz_per_bin)
    ends: list[int] = []
    weights: list[int] = []
    frequency_bin = first_bin
    previous = low
    for centre in centres:
        while mel(frequency_bin * hz_per_bin) <= centre:
            share = (centre - mel(frequency_bin * hz_per_bin)) / (centre - previous)
            weight = math.floor(float(share * _f32(1 << MEL_BITS) + _f32(0.5)))
            rest = math.floor(float((_f32(1.0) - share) * _f32(1 << MEL_BITS) + _f32(0.5)))
            if weight + rest != 1 << MEL_BITS:
                raise ArithmeticError(f"weights of bin {frequency_bin} do not add up")
            weights.append(weight)
            frequency_bin += 1
        ends.append(frequency_bin)
        previous = centre
    if max(np.diff([first_bin, *ends])) > 16:
        raise ArithmeticError("a band has more than 16 bins: the 32-bit sums of ww_frontend.c could overflow")
    return MelBank(first_bin, ends, weights)


def gain() -> list[int]:
    """PCAN gain ``2^21 (x / 128 + 80)^-0.95`` as one parabola an octave.

    Entries 0 and 1 are for x = 0 and 1; then, for x of n bits (n = 2 to 32), three coefficients: value at the start
    of the octave, slope and curvature.
    """

    def at(x: int) -> int:
        base = float(_f32(x) / _f32(1 << GAIN_INPUT_BITS) + _f32(GAIN_OFFSET))
        value = _f32(1 << GAIN_BITS) * _f32(base ** -float(_f32(GAIN_STRENGTH)))
        return min(int(value + _f32(0.5)), 32767)

    table = [at(0), at(1)]
    for bits in range(2, GAIN_OCTAVES + 1):
        start = 1 << (bits - 1)
        end = 2 * start - 1 if bits == GAIN_OCTAVES else 2 * start
        y0, y1, y2 = at(start), at(start + start // 2), at(end)
        slope = 4 * (y1 - y0) - (y2 - y0)
        table += [y0, slope, (y2 - y0) - slope]
    return table


def logarithm() -> list[int]:
    """``log2(1 + i / 128) - i / 128`` in Q16: the error of a straight line for log2 within an octave."""
    return [
        math.floor((1 << LOG_BITS) * (math.log2(1 + i / LOG_SEGMENTS) - i / LOG_SEGMENTS) + 0.5)
        for i in range(LOG_SEGMENTS + 1)
    ]


def root() -> list[int]:
    """``256 / sqrt((i + 1/2) / 256) - 256``, i from 64 to 255: where Newton's method for a reciprocal root starts.

    >>> table = root()
    >>> len(table), table[0], table[-1]
    (192, 254, 0)
    """
    size = 1 << ROOT_BITS
    return [round(size / math.sqrt((i + 0.5) / size)) - size for i in range(size // 4, size)]


def render() -> str:
    """The text of ww_frontend_tables.c."""
    bank = mel_bank()
    if bank.first_bin != 5 or bank.ends[-1] != 241:
        raise ArithmeticError("WW_MEL_FIRST_BIN and WW_MEL_END_BIN of ww_frontend_tables.h are stale")
    parts = [
        "/*\n * Constant tables of the micro front end. Written by `python -m wwtool.frontend.registry`; do not edit.\n"
        " *\n * SPDX-License-Identifier: Apache-2.0\n */\n"
        '#include "ww_frontend_tables.h"\n',
        c_array("Hann window, Q12.", "int16_t", "ww_window_table[WW_WINDOW_TABLE_SIZE]", window()),
        c_array("cos(2 pi i / 512), Q15.", "int16_t", "ww_cosine_table[WW_COSINE_TABLE_SIZE]", cosine()),
        c_array("First bin after each mel band.", "uint8_t", "ww_mel_ends[WW_MEL_BANDS]", bank.ends),
        c_array(
            "Share of a bin that goes to the channel below its band, Q12.",
            "uint16_t",
            "ww_mel_weights[WW_MEL_WEIGHTS_SIZE]",
            bank.weights,
        ),
        c_array(
            "PCAN gain: two values, then start, slope and curvature of each octave.",
            "int16_t",
            "ww_gain_table[WW_GAIN_TABLE_SIZE]",
            gain(),
        ),
        c_array("log2(1 + i / 128) - i / 128, Q16.", "uint16_t", "ww_log_table[WW_LOG_TABLE_SIZE]", logarithm()),
        c_array(
            "256 / sqrt((i + 1/2) / 256) - 256, i from 64.", "uint8_t", "ww_root_table[WW_ROOT_TABLE_SIZE]", root()
        ),
    ]
    return "\n".join(parts)
