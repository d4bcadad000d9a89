"""Parts of computed sounds. Times are in seconds, frequencies in Hz, sounds are float32 at 16 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.data.utterance import FloatAudio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

NYQUIST_HZ = SAMPLE_RATE_HZ / 2
Curve = npt.NDArray[np.float32]
"""A value for every sample."""


def samples(seconds: float) -> int:
    return max(1, round(seconds * SAMPLE_RATE_HZ))


def log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def shaped(x: FloatAudio, gain: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]) -> FloatAudio:
    """The sound through a filter; ``gain`` maps frequencies in Hz to factors."""
    size = next_fast_len(len(x), True)
    spectrum = rfft(x, size)
    hz = np.linspace(0.0, NYQUIST_HZ, len(spectrum), dtype=np.float32)
    return np.asarray(irfft(spectrum * gain(hz), size)[: len(x)], np.float32)


def noise(
    count: int, random: np.random.Generator, slope_db: float = 0.0, band: tuple[float, float] | None = None
) -> FloatAudio:
    """Noise at an RMS of 1. ``slope_db`` an octave: -3 is pink; ``band`` in Hz, with soft edges."""

    def gain(hz: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        factor = (np.maximum(hz, 20.0) / 1000.0) ** np.float32(slope_db / 6.02)
        if band is not None:
            factor = factor / np.sqrt(1.0 + (band[0] / np.maximum(hz, 1.0)) ** 6) / np.sqrt(1.0 + (hz / band[1]) ** 6)
        return np.asarray(factor, np.float32)

    return unit(shaped(random.standard_normal(count, np.float32), gain))


def unit(x: FloatAudio) -> FloatAudio:
    """At an RMS of 1."""
    return np.asarray(x / (np.sqrt(np.mean(np.square(x))) + np.float32(1e-9)), np.float32)


def peak(x: FloatAudio, level: float = 1.0) -> FloatAudio:
    """At a peak of ``level``."""
    return np.asarray(x * np.float32(level / (np.abs(x).max() + 1e-9)), np.float32)


def wander(count: int, random: np.random.Generator, rate_hz: float, spread: float) -> Curve:
    """A slow random curve around 0; it changes about ``rate_hz`` times a second by ``spread`` (standard deviation)."""
    points = max(2, int(count * rate_hz / SAMPLE_RATE_HZ) + 2)
    at = np.linspace(0.0, points - 1.0, count)
    return np.asarray(np.interp(at, np.arange(points), random.normal(0.0, spread, points)), np.float32)


def phase(hz: npt.ArrayLike, count: int) -> Curve:
    """The phase in turns of an oscillator whose frequency is a curve or a number."""
    step = np.asarray(hz, np.float64) / SAMPLE_RATE_HZ
    turns = np.cumsum(step) if step.ndim else np.arange(1, count + 1) * step
    return np.asarray(turns - np.floor(turns), np.float32)


def sine(hz: npt.ArrayLike, count: int) -> FloatAudio:
    return np.asarray(np.sin(np.float32(2 * np.pi) * phase(hz, count)), np.float32)


def decay(count: int, seconds: float) -> Curve:
    """An envelope that falls by 60 dB in ``seconds``."""
    return np.asarray(np.exp(np.arange(count, dtype=np.float32) * np.float32(-6.9 / samples(seconds))), np.float32)


def fade(count: int, rise: float, fall: float) -> Curve:
    """An envelope that rises at the beginning and falls at the end, in that many seconds each."""
    x, up, down = np.ones(count, np.float32), min(samples(rise), count), min(samples(fall), count)
    x[:up] *= np.linspace(0.0, 1.0, up, dtype=np.float32)
    x[count - down :] *= np.linspace(1.0, 0.0, down, dtype=np.float32)
    return x


def add_at(x: FloatAudio, start: int, sound: FloatAudio) -> None:
    """Adds a sound to ``x`` in place, from a sample on; what lies beyond the end is cut."""
    piece = sound[: max(0, len(x) - start)]
    x[start : start + len(piece)] += piece
