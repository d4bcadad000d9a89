"""The constant tables of the mel front end, from their formulas, for training and for C alike."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wwtool.config.frontend import MelSettings
from wwtool.errors import InputError
from wwtool.frontend.c_arrays import c_array
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

LEVEL_BITS = 9  # fractional bits of a level, the logarithm to base 2 of a band's energy
DCT_BITS = 12
SCALE_BITS = 16
LARGEST_SCALE = (1 << 16) - 1
LOG_SEGMENTS = 64
WEIGHT_ONE = 255
PREEMPHASIS = 32113  # 0.98, Q15

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Slopes:
    """Triangular filters. Slope s holds the bins from the end of slope s - 1 (or ``first_bin``) up to ``ends[s]``.

    A bin of slope s adds its weight, of 255, to band s, and the rest up to 255 to band s - 1.
    """

    first_bin: int
    ends: tuple[int, ...]
    weights: tuple[int, ...]

    @property
    def bands(self) -> int:
        return len(self.ends) - 1

    @property
    def end_bin(self) -> int:
        return self.ends[-1]

    def sizes(self) -> dict[str, int]:
        """The sizes of its arrays in C, by name."""
        return {"WW_MEL_FIRST_BIN": self.first_bin, "WW_MEL_WEIGHTS": len(self.weights), "WW_MEL_ENDS": len(self.ends)}

    def arrays(self) -> list[str]:
        """Its arrays in C."""
        ends = c_array("First bin after each slope.", "uint16_t", "ww_mel_ends[WW_MEL_ENDS]", self.ends)
        what = "Share of a bin that goes to the band whose slope rises there, of 255."
        return [ends, c_array(what, "uint8_t", "ww_mel_weights[WW_MEL_WEIGHTS]", self.weights)]

    def matrix(self) -> NDArray[np.float64]:
        """The weights of bins ``first_bin`` to ``ends[-1]`` in every band, (bins, bands)."""
        bands = len(self.ends) - 1
        matrix = np.zeros((len(self.weights), bands + 2))
        slope_of = np.searchsorted(np.array(self.ends), np.arange(self.first_bin, self.ends[-1]), side="right")
        rows = np.arange(len(self.weights))
        matrix[rows, slope_of + 1] = self.weights
        matrix[rows, slope_of] = WEIGHT_ONE - np.array(self.weights)
        return matrix[:, 1:-1]


class Bank(Protocol):
    """The filters that make bands of bins."""

    @property
    def bands(self) -> int: ...

    @property
    def first_bin(self) -> int: ...

    @property
    def end_bin(self) -> int: ...

    def matrix(self) -> NDArray[np.float64]:
        """The weights of bins ``first_bin`` to ``end_bin`` in every band, of 255, (bins, bands)."""
        ...

    def sizes(self) -> dict[str, int]:
        """The sizes of its arrays in C, by name."""
        ...

    def arrays(self) -> list[str]:
        """Its arrays in C."""
        ...


@dataclass(frozen=True)
class MelTables:
    """What the settings make of the formulas.

    Attributes:
        points: half the size of the transform.
        window: the samples of a window.
        samples: how many of them are transformed.
        hann: the weight of each sample, Q15; None: each has PREEMPHASIS times the one before taken from it.
        cosines: rows of the cosine transform, (coefficients, bands), Q12; None: the bands are the features.
    """

    points: int
    window: int
    samples: int
    hann: Integers | None
    sine: Integers
    bank: Bank
    logarithm: Integers
    cosines: Integers | None

    @property
    def values(self) -> int:
        """Bands or coefficients of a frame."""
        return self.bank.bands if self.cosines is None else len(self.cosines)


@lru_cache(maxsize=16)
def mel_tables(config: MelSettings, coefficients: int = 0) -> MelTables:
    """The tables for some settings; without coefficients, the bands are the features.

    Raises:
        InputError: a band would hold no bin of the spectrum.
    """
    window = config.window_ms * SAMPLE_RATE_HZ // 1000
    size = 1 << (window - 1).bit_length()
    hann = rounded([32767 * (0.5 - 0.5 * math.cos(2 * math.pi * (i + 0.5) / window)) for i in range(window)])
    cosines = _cosines(coefficients, config.bands) if coefficients else None
    return MelTables(size // 2, window, window, hann, sine_table(size), _bank(config, size), log_table(), cosines)


def sine_table(size: int) -> Integers:
    """A turn of the sine, Q15."""
    return rounded([32767 * math.sin(2 * math.pi * i / size) for i in range(size)])


def log_table() -> Integers:
    """How far the logarithm to base 2 lies above a straight line, in segments of an octave, Q16."""
    segments = [i / LOG_SEGMENTS for i in range(LOG_SEGMENTS + 1)]
    return rounded([65536 * (math.log2(1 + x) - x) for x in segments])


def rounded(values: Sequence[float]) -> Integers:
    return np.floor(np.array(values) + 0.5).astype(np.int64)


def mel_of(frequency_hz: float) -> float:
    """The pitch of a frequency (O'Shaughnessy 1987)."""
    return 1127.0 * math.log1p(frequency_hz / 700.0)


def _bank(config: MelSettings, size: int) -> Slopes:
    low, high = mel_of(config.lowest_hz), mel_of(config.highest_hz)
    edges = [low + (high - low) * i / (config.bands + 1) for i in range(config.bands + 2)]
    pitches = [mel_of(i * SAMPLE_RATE_HZ / size) for i in range(size // 2)]
    first = next(i for i, pitch in enumerate(pitches) if pitch > low)
    frequency_bin, ends, weights = first, list[int](), list[int]()
    for start, end in itertools.pairwise(edges):
        while frequency_bin < len(pitches) and pitches[frequency_bin] <= end:
            share = (pitches[frequency_bin] - start) / (end - start)
            weights.append(math.floor(WEIGHT_ONE * share + 0.5))
            frequency_bin += 1
        ends.append(frequency_bin)
    bank = Slopes(first, tuple(ends), tuple(weights))
    empty = np.flatnonzero(bank.matrix().sum(axis=0) == 0)
    if empty.size:
        raise InputError(
            f"frontend.bands: band {empty[0] + 1} of {config.bands} lies between two bins of the spectrum; choose "
            "fewer bands, a longer frontend.window_ms or a higher frontend.lowest_hz"
        )
    if max(np.diff([first, *ends])) > 256:
        raise ArithmeticError("a slope has more than 256 bins: the 32-bit sums of ww_mel.c could overflow")
    return bank


def _cosines(coefficients: int, bands: int) -> Integers:
    """The orthonormal cosine transform of type 2 (Ahmed, Natarajan, Rao 1974), (coefficients, bands), Q12."""
    k, band = np.arange(coefficients)[:, None], np.arange(bands)[None]
    size = np.where(k == 0, 1.0, math.sqrt(2.0)) / math.sqrt(bands)
    return np.floor((1 << DCT_BITS) * size * np.cos(np.pi * k * (band + 0.5) / bands) + 0.5).astype(np.int64)


def settings_text(tables: MelTables, deltas: bool) -> str:
    """The text of ``ww_mel_settings.h``."""
    emphasised = tables.hann is None
    numbers = {
        "WW_FRONTEND_CHANNELS": tables.values * (1 + deltas),
        "WW_FRONTEND_WINDOW_SAMPLES": tables.window,
        "WW_MEL_WEIGHTED_SAMPLES": tables.samples,
        "WW_MEL_POINTS": tables.points,
        "WW_MEL_BANDS": tables.bank.bands,
        "WW_MEL_VALUES": tables.values,
        **tables.bank.sizes(),
    }
    lines = "\n".join(f"    {name} = {value}," for name, value in numbers.items())
    return (
        f"/* The sizes of the mel front end, as its settings make them. Generated by wwtool. */\n"
        f"#ifndef WW_MEL_SETTINGS_H\n#define WW_MEL_SETTINGS_H\n\n#define WW_MEL_DELTAS {deltas:d}\n"
        f"#define WW_MEL_PREEMPHASIS {PREEMPHASIS if emphasised else 0}\n\n"
        f"enum {{\n{lines}\n}};\n\n"
        f"#endif /* WW_MEL_SETTINGS_H */\n"
    )


def tables_text(tables: MelTables, offsets: Sequence[int], scales: Sequence[int]) -> str:
    """The text of ``ww_mel_tables.c``."""
    size, weights = 2 * tables.points, []
    if tables.hann is not None:
        weights = [
            c_array("Hann window, Q15.", "int16_t", "ww_mel_hann[WW_MEL_WEIGHTED_SAMPLES]", tables.hann.tolist())
        ]
    parts = [
        "/* The tables of the mel front end, as its settings make them. Generated by wwtool. */\n",
        '#include "ww_mel.h"\n' + ('#include "ww_mel_cepstrum.h"\n' if tables.cosines is not None else ""),
        *weights,
        c_array(f"sin(2 pi i / {size}), Q15.", "int16_t", "ww_mel_sine[WW_MEL_FFT_SIZE]", tables.sine.tolist()),
        *tables.bank.arrays(),
        c_array(
            "log2(1 + i / 64) - i / 64, Q16.",
            "uint16_t",
            "ww_mel_log[WW_MEL_LOG_SEGMENTS + 1]",
            tables.logarithm.tolist(),
        ),
        c_array(
            "The value of each channel that becomes 0.", "int32_t", "ww_mel_offsets[WW_FRONTEND_CHANNELS]", offsets
        ),
        c_array("Steps of int8 for a value of 1, Q16.", "uint16_t", "ww_mel_scales[WW_FRONTEND_CHANNELS]", scales),
    ]
    if tables.cosines is not None:
        parts.append(
            c_array(
                "The cosine transform, a row for each coefficient, Q12.",
                "int16_t",
                "ww_mel_cosines[WW_MEL_VALUES][WW_MEL_BANDS]",
                tables.cosines.tolist(),
            )
        )
    return "\n".join(parts)
