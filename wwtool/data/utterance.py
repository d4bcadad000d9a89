"""Where in a recording the utterance is, and how loud it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.data.audio import Audio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_ENERGY_SAMPLES = SAMPLE_RATE_HZ // 100
_CUT_FRAMES = 8  # how far a cut may move
_PAUSE_FRAMES, _LOUD_FRAMES = 50, 25  # of 10 ms

FloatAudio = npt.NDArray[np.float32]
"""Samples at 16 kHz, full scale at 1."""


def to_float(x: npt.NDArray[np.int16]) -> FloatAudio:
    """int16 samples as numbers from -1 to 1."""
    return np.asarray(x, np.float32) / np.float32(32768.0)


def rms(x: npt.NDArray[Any]) -> float:
    """Root mean square, never zero."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) + 1e-6 if x.size else 1e-6


def utterances(clip: Audio) -> int:
    """How many utterances a recording has: loud for a quarter of a second, with half a second of quiet between them.

    Only what comes within 10 dB of the loudest counts.
    """
    count = len(clip) // _ENERGY_SAMPLES
    if count < 3:
        return 0
    x = np.asarray(clip[: count * _ENERGY_SAMPLES], np.float32)
    level = 10.0 * np.log10(_energies(x - x.mean()) + 1.0)
    level = np.convolve(level, np.ones(5) / 5.0, "same")
    loud = np.flatnonzero(level > max(level.max() - 10.0, np.percentile(level, 15) + 7.0))
    groups = np.split(loud, np.flatnonzero(np.diff(loud) >= _PAUSE_FRAMES) + 1)
    return sum(len(group) >= _LOUD_FRAMES for group in groups)


def utterance_bounds(clip: Audio) -> tuple[int, int]:
    """Start and end, in samples, of the loudest utterance of a recording.

    Energies of 10 ms, smoothed, against a threshold 7 dB above the floor (but within 30 dB of the peak and 8 dB under
    it); gaps of less than 180 ms belong to the utterance.
    """
    if not len(clip):
        return 0, 0
    x = np.asarray(clip, np.float32) / 32768.0
    x = x - np.convolve(x, np.ones(80, np.float32) / 80.0, "same")
    count = len(x) // _ENERGY_SAMPLES
    if count < 3:
        return 0, len(clip)
    level = 10.0 * np.log10(_energies(x) + 1e-9)
    level = np.convolve(level, np.ones(3) / 3.0, "same")
    peak = int(level.argmax())
    threshold = min(max(np.percentile(level, 15) + 7.0, level[peak] - 30.0), level[peak] - 8.0)
    active = np.flatnonzero(level > threshold)
    before, after = active[active <= peak][::-1], active[active >= peak]
    start = before[_run_length(before)] if before.size else peak
    end = after[_run_length(after)] if after.size else peak
    return max(0, int(start) - 3) * _ENERGY_SAMPLES, min(count, int(end) + 3) * _ENERGY_SAMPLES


def excerpt(clip: Audio, start: int, length: int) -> Audio:
    """A piece of speech: some ``length`` samples from ``start`` on, cut where it is quietest within 80 ms.

    The piece fades in and out within 10 ms. A recording that is no longer than it is kept whole.
    """
    if len(clip) <= max(length, _ENERGY_SAMPLES):
        return clip
    x = np.asarray(clip, np.float32)
    energy = _energies(x)
    first, last = sorted(_quietest(energy, sample // _ENERGY_SAMPLES) for sample in (start, start + length))
    piece = x[first * _ENERGY_SAMPLES : (last + 1) * _ENERGY_SAMPLES]
    fade = np.linspace(0.0, 1.0, _ENERGY_SAMPLES, dtype=np.float32)
    piece[:_ENERGY_SAMPLES] *= fade
    piece[-_ENERGY_SAMPLES:] *= fade[::-1]
    return piece.astype(np.int16)


def _energies(x: FloatAudio) -> FloatAudio:
    """Mean squares of every 10 ms, (frames,)."""
    count = len(x) // _ENERGY_SAMPLES
    return np.asarray(np.square(x[: count * _ENERGY_SAMPLES].reshape(count, _ENERGY_SAMPLES)).mean(axis=1))


def _quietest(energy: npt.NDArray[np.float32], near: int) -> int:
    low = max(0, near - _CUT_FRAMES)
    return low + int(energy[low : near + _CUT_FRAMES + 1].argmin())


def _run_length(frames: npt.NDArray[np.int64]) -> int:
    """Index of the last entry reached without a gap of 18 frames or more."""
    gaps = np.flatnonzero(np.abs(np.diff(frames)) >= 18)
    return int(gaps[0]) if gaps.size else len(frames) - 1
