"""Augmentation of speech: speed, equalisation, rooms, band limits, backgrounds, level, noise floor.

All randomness comes from the generator given, so a pool of features is a function of its seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.config import AugmentConfig
from wwtool.data.audio import Audio, to_int16
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_ENERGY_SAMPLES = SAMPLE_RATE_HZ // 100

FloatAudio = npt.NDArray[np.float32]


def to_float(x: npt.NDArray[np.int16]) -> FloatAudio:
    return np.asarray(x, np.float32) / np.float32(32768.0)


def rms(x: npt.NDArray[Any]) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) + 1e-6 if x.size else 1e-6


class Augmenter:
    """Makes clips as another room, microphone and moment would have recorded them."""

    def __init__(
        self,
        config: AugmentConfig,
        generator: np.random.Generator,
        noise: Sequence[Audio] = (),
        babble: npt.NDArray[np.int16] | None = None,
        rooms: Sequence[Audio] = (),
    ) -> None:
        self.config, self.random = config, generator
        self._noise, self._babble, self._rooms = noise, babble, rooms

    def chance(self, probability: float) -> bool:
        return bool(self.random.random() < probability)

    def gain(self, low_db: float, high_db: float) -> float:
        """A random factor between two levels in dB."""
        return float(10.0 ** (self.random.uniform(low_db, high_db) / 20.0))

    def change_speed(self, x: FloatAudio) -> tuple[FloatAudio, float]:
        """Resamples by a random factor; returns the clip and the factor (above 1 is faster)."""
        if not self.chance(self.config.speed_chance):
            return x, 1.0
        factor = self.random.uniform(*self.config.speed)
        return np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x).astype(np.float32), float(factor)

    def colour(self, x: FloatAudio) -> FloatAudio:
        """Room and frequency response; peak 1. The result may be longer than x by the room's tail."""
        impulse = self._room() if self.chance(self.config.room_chance) else None
        tail = 0 if impulse is None else len(impulse)
        size = next_fast_len(len(x) + tail, True)
        spectrum = rfft(x, size)
        if impulse is not None:
            spectrum = spectrum * rfft(impulse, size)
        spectrum = spectrum * self._response(len(spectrum))
        y = irfft(spectrum, size)[: len(x) + tail]
        return np.asarray(y / (np.abs(y).max() + 1e-6), np.float32)

    def background(self, count: int) -> FloatAudio:
        """Noise of RMS 1: a recording, babble, or shaped noise."""
        pick = self.random.random()
        if self._noise and pick < self.config.recorded_noise:
            clip = self._noise[int(self.random.integers(len(self._noise)))].astype(np.float32)
            clip = np.roll(clip, int(self.random.integers(len(clip))))
            z = np.tile(clip, count // len(clip) + 1)[:count]
        elif (
            self._babble is not None
            and len(self._babble) > count
            and pick < self.config.recorded_noise + self.config.babble
        ):
            z = np.zeros(count, np.float32)
            for _ in range(int(self.random.integers(1, 5))):
                start = int(self.random.integers(len(self._babble) - count))
                z += self._babble[start : start + count]
        else:
            z = self._shaped_noise(count)
        return np.asarray(z / (rms(z) + 1e-3), np.float32)

    def mix(self, x: FloatAudio, reference_rms: float, snr_db: tuple[float, float] | None = None) -> Audio:
        """Adds a background at a random SNR to ``reference_rms``, sets a random level, adds a noise floor."""
        snr = self.random.uniform(*(snr_db or self.config.snr_db))
        y = x + self.background(len(x)) * np.float32(reference_rms * 10.0 ** (-snr / 20.0))
        y = y * (self.gain(*self.config.level_db) / (np.abs(y).max() + 1e-6))
        return to_int16(y + self.noise_floor(len(y)))

    def noise_floor(self, count: int) -> FloatAudio:
        """White noise at a random floor: no recording chain is silent."""
        level = self.gain(*self.config.noise_floor_db)
        return np.asarray(self.random.standard_normal(count, np.float32) * np.float32(level), np.float32)

    def _room(self) -> FloatAudio:
        if self._rooms and self.chance(0.5):
            measured = to_float(self._rooms[int(self.random.integers(len(self._rooms)))])
            measured = measured[int(np.abs(measured).argmax()) :][:SAMPLE_RATE_HZ]
            return np.asarray(measured / (np.abs(measured).max() + 1e-6), np.float32)
        length = int(self.random.uniform(0.08, 0.45) * SAMPLE_RATE_HZ)
        # Exponentially decaying noise: 60 dB (6.9 nepers) over its length, behind the direct sound.
        decay = np.exp(-np.arange(length) * (6.9 / length))
        impulse = (self.random.standard_normal(length) * decay).astype(np.float32)
        impulse[: int(self.random.uniform(0.001, 0.02) * SAMPLE_RATE_HZ)] = 0.0
        impulse *= self.random.uniform(0.1, 1.2) / np.sqrt(np.square(impulse).sum() + 1e-9)
        impulse[0] = 1.0
        return np.asarray(impulse, np.float32)

    def _response(self, bins: int) -> FloatAudio:
        """A random frequency response: nine points, a tilt, sometimes a high-pass or a band limit."""
        r, hz = self.random, np.linspace(0.0, SAMPLE_RATE_HZ / 2, bins)
        points = r.uniform(-9.0, 7.0, 9) + np.linspace(0.0, r.uniform(-8.0, 6.0), 9)
        at = np.linspace(0.0, SAMPLE_RATE_HZ / 2, 9) ** 1.4 / (SAMPLE_RATE_HZ / 2) ** 0.4
        gain = 10.0 ** (np.interp(hz, at, points) / 20.0)
        if self.chance(0.4):
            gain = gain / np.sqrt(1.0 + (r.uniform(80.0, 350.0) / (hz + 1.0)) ** 4)
        if self.chance(self.config.band_limit_chance):
            gain = gain / np.sqrt(1.0 + (hz / r.uniform(3200.0, 5500.0)) ** 16)
        return np.asarray(gain, np.float32)

    def _shaped_noise(self, count: int) -> FloatAudio:
        size = next_fast_len(count, True)
        spectrum = rfft(self.random.standard_normal(count, np.float32), size)
        spectrum /= (np.arange(len(spectrum)) + 20.0) ** self.random.uniform(0.0, 0.9)
        return np.asarray(irfft(spectrum, size)[:count], np.float32)


def utterance_bounds(clip: Audio) -> tuple[int, int]:
    """Start and end, in samples, of the loudest utterance of a recording.

    Energies of 10 ms, smoothed, against a threshold 7 dB above the floor (but within 30 dB of the peak and 8 dB under
    it); gaps of less than 180 ms belong to the utterance.
    """
    x = np.asarray(clip, np.float32) / 32768.0
    x = x - np.convolve(x, np.ones(80, np.float32) / 80.0, "same")
    count = len(x) // _ENERGY_SAMPLES
    if count < 3:
        return 0, len(clip)
    level = 10.0 * np.log10(np.square(x[: count * _ENERGY_SAMPLES].reshape(count, _ENERGY_SAMPLES)).mean(axis=1) + 1e-9)
    level = np.convolve(level, np.ones(3) / 3.0, "same")
    peak = int(level.argmax())
    threshold = min(max(np.percentile(level, 15) + 7.0, level[peak] - 30.0), level[peak] - 8.0)
    active = np.flatnonzero(level > threshold)
    before, after = active[active <= peak][::-1], active[active >= peak]
    start = before[_run_length(before)] if before.size else peak
    end = after[_run_length(after)] if after.size else peak
    return max(0, int(start) - 3) * _ENERGY_SAMPLES, min(count, int(end) + 3) * _ENERGY_SAMPLES


def _run_length(frames: npt.NDArray[np.int64]) -> int:
    """Index of the last entry reached without a gap of 18 frames or more."""
    gaps = np.flatnonzero(np.abs(np.diff(frames)) >= 18)
    return int(gaps[0]) if gaps.size else len(frames) - 1
