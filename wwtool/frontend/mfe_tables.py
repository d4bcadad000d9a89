"""The constant tables of the front end MFE, from the formulas of Edge Impulse's processing block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wwtool.config.frontend import MfeConfig
from wwtool.errors import InputError
from wwtool.frontend.c_arrays import c_array
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.frontend.mel_tables import WEIGHT_ONE, MelTables, log_table, mel_of, sine_table

_LAST_EDGE_HZ = 0.001  # by how much the block lowers the last edge, against rounding


@dataclass(frozen=True)
class Filters:
    """Triangles between whole bins. Band b begins at bin ``firsts[b]``; its weights, of 255, end at ``ends[b]``."""

    firsts: tuple[int, ...]
    ends: tuple[int, ...]
    weights: tuple[int, ...]

    @property
    def bands(self) -> int:
        return len(self.ends)

    @property
    def first_bin(self) -> int:
        return min(self.firsts)

    @property
    def end_bin(self) -> int:
        return max(first + len(weights) for first, weights in self._filters())

    def matrix(self) -> NDArray[np.float64]:
        """The weights of bins ``first_bin`` to ``end_bin`` in every band, (bins, bands)."""
        matrix = np.zeros((self.end_bin - self.first_bin, self.bands))
        for band, (first, weights) in enumerate(self._filters()):
            matrix[first - self.first_bin : first - self.first_bin + len(weights), band] = weights
        return matrix

    def sizes(self) -> dict[str, int]:
        """The sizes of its arrays in C, by name."""
        return {"WW_MEL_WEIGHTS": len(self.weights), "WW_MEL_ENDS": self.bands}

    def arrays(self) -> list[str]:
        """Its arrays in C."""
        return [
            c_array("First bin of each band.", "uint16_t", "ww_mel_firsts[WW_MEL_BANDS]", self.firsts),
            c_array("First weight after each band.", "uint16_t", "ww_mel_ends[WW_MEL_ENDS]", self.ends),
            c_array("Weights of the bins, of 255.", "uint8_t", "ww_mel_weights[WW_MEL_WEIGHTS]", self.weights),
        ]

    def _filters(self) -> list[tuple[int, tuple[int, ...]]]:
        starts = (0, *self.ends)
        pieces = [self.weights[start:end] for start, end in zip(starts, self.ends, strict=False)]
        return list(zip(self.firsts, pieces, strict=True))


@lru_cache(maxsize=16)
def mfe_tables(config: MfeConfig) -> MelTables:
    """The tables for some settings. A frame that is longer than the transform is cut, as by the block.

    Raises:
        InputError: a band would hold no bin of the spectrum.
    """
    samples = min(config.frame_ms * SAMPLE_RATE_HZ // 1000, config.fft_length)
    # The first sample is there for the pre-emphasis of the second.
    window = max(samples + 1, config.step_ms * SAMPLE_RATE_HZ // 1000)
    points = config.fft_length // 2
    return MelTables(points, window, samples, None, sine_table(2 * points), _filters(config), log_table(), None)


def _filters(config: MfeConfig) -> Filters:
    """Filters whose edges are rounded down to bins. Where edges fall together, several bands hold the same bin."""
    low, high = mel_of(config.lowest_hz), mel_of(config.highest_hz)
    mels = low + (high - low) * np.arange(config.bands + 2) / (config.bands + 1)
    hertz = 700.0 * np.expm1(mels / 1127.0)
    hertz[-1] -= _LAST_EDGE_HZ
    size = config.fft_length if config.version == 4 else config.fft_length // 2 + 1
    edges = [math.floor(edge) for edge in (size + 1) * hertz / SAMPLE_RATE_HZ]
    firsts, ends, weights = list[int](), list[int](), list[int]()
    for band, (left, middle, right) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        if left == right:
            raise InputError(
                f"frontend.bands: band {band + 1} of {config.bands} lies between two bins of the spectrum; choose "
                "fewer bands, a longer frontend.fft_length or a higher frontend.lowest_hz"
            )
        rising = [(x - left) / (middle - left) for x in range(left + 1, middle + 1)]
        falling = [(right - x) / (right - middle) for x in range(middle if left == middle else middle + 1, right)]
        firsts.append(middle if left == middle else left + 1)
        weights += [math.floor(WEIGHT_ONE * weight + 0.5) for weight in rising + falling]
        ends.append(len(weights))
    return Filters(tuple(firsts), tuple(ends), tuple(weights))
