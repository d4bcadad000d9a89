"""Measures the levels of a recording that arrives in blocks."""

from __future__ import annotations

import numpy as np

from wwtool.data.audio import Audio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

SILENT_DBFS = -60.0
_LOWEST_DBFS = -120.0
_FULL_SCALE = 32768
_DITHER_STEPS = 3  # between the lowest and the highest sample of dither alone


class Meter:
    """Collects figures from blocks; give it at least one block before you read a figure."""

    def __init__(self) -> None:
        self.samples = 0
        self._low, self._high = _FULL_SCALE, -_FULL_SCALE
        self._sum = self._squares = self._clipped = 0
        self._zeros, self._longest_zeros = 0, 0  # at the end of the last block; in the whole recording

    def add(self, block: Audio) -> None:
        if not block.size:
            return
        wide = block.astype(np.int64)
        self.samples += block.size
        self._low, self._high = min(self._low, int(wide.min())), max(self._high, int(wide.max()))
        self._sum += int(wide.sum())
        self._squares += int(np.square(wide).sum())
        self._clipped += int(np.count_nonzero((block == _FULL_SCALE - 1) | (block == -_FULL_SCALE)))
        sounds = np.flatnonzero(block)
        if sounds.size:
            inner = int(np.diff(sounds).max(initial=1)) - 1
            self._longest_zeros = max(self._longest_zeros, self._zeros + int(sounds[0]), inner)
            self._zeros = block.size - 1 - int(sounds[-1])
        else:
            self._zeros += block.size
        self._longest_zeros = max(self._longest_zeros, self._zeros)

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE_HZ

    @property
    def peak_dbfs(self) -> float:
        return _decibels(max(abs(self._low), abs(self._high)) / _FULL_SCALE)

    @property
    def rms_dbfs(self) -> float:
        return _decibels((self._squares / self.samples) ** 0.5 / _FULL_SCALE)

    @property
    def sound_dbfs(self) -> float:
        """The RMS without a constant offset, which nobody can hear."""
        variance = self._squares / self.samples - (self._sum / self.samples) ** 2
        return _decibels(max(variance, 0.0) ** 0.5 / _FULL_SCALE)

    @property
    def clipped_fraction(self) -> float:
        """The share of samples at full scale."""
        return self._clipped / self.samples

    @property
    def zero_run_ms(self) -> float:
        """The length of the longest run of exact zeros."""
        return 1000.0 * self._longest_zeros / SAMPLE_RATE_HZ

    @property
    def silent(self) -> bool:
        """Whether it is too soft for a word to be heard."""
        return self.sound_dbfs < SILENT_DBFS

    @property
    def digitally_silent(self) -> bool:
        """Whether no two samples differ by more than dither."""
        return self._high - self._low <= _DITHER_STEPS


def _decibels(amplitude: float) -> float:
    return max(20.0 * float(np.log10(amplitude)), _LOWEST_DBFS) if amplitude > 0 else _LOWEST_DBFS
