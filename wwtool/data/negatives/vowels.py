"""Vowels and breath: what voices are made of where no words are spoken."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wwtool.data.negatives.signals import NYQUIST_HZ, noise, phase, shaped, unit
from wwtool.data.utterance import FloatAudio

# Formants of men in Hz (Peterson and Barney 1952): hod, heed, who'd, head, hawed, had.
VOWELS = (
    (730.0, 1090.0, 2440.0),
    (270.0, 2290.0, 3010.0),
    (300.0, 870.0, 2240.0),
    (530.0, 1840.0, 2480.0),
    (570.0, 840.0, 2410.0),
    (660.0, 1720.0, 2410.0),
)
_BANDWIDTH = 0.12  # of a formant, as a share of its frequency
_LEVELS = (1.0, 0.5, 0.25)


def voiced(hz: npt.ArrayLike, count: int, formants: tuple[float, ...], tract: float = 1.0) -> FloatAudio:
    """A vowel at an RMS of 1. ``hz`` is its pitch, a number or a curve; ``tract``: 1.2 is a child's shorter one."""
    turn = phase(hz, count)
    pulses = np.exp(-8.0 * turn) - np.float32(0.125)
    return through_formants(np.asarray(pulses, np.float32), formants, tract)


def breath(count: int, random: np.random.Generator, formants: tuple[float, ...], tract: float = 1.0) -> FloatAudio:
    """A whispered vowel at an RMS of 1."""
    return through_formants(noise(count, random), formants, tract)


def through_formants(x: FloatAudio, formants: tuple[float, ...], tract: float) -> FloatAudio:
    def gain(hz: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        total = np.full(len(hz), 0.01, np.float32)
        for at, level in zip((tract * formant for formant in formants), _LEVELS, strict=True):
            total += np.float32(level) / (1.0 + np.square((hz - at) / (_BANDWIDTH * at + 30.0)))
        return np.asarray(total * (1.0 - hz / (1.2 * NYQUIST_HZ)), np.float32)

    return unit(shaped(x, gain))
