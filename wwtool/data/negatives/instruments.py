"""Instruments of computed music: notes of a pitch and a length, and drums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wwtool.data.negatives.signals import NYQUIST_HZ, decay, fade, noise, peak, phase, samples, sine
from wwtool.data.negatives.vowels import VOWELS, voiced
from wwtool.data.utterance import FloatAudio

_TABLE = 1024  # samples of one turn


@dataclass(frozen=True)
class Instrument:
    """A timbre: ``harmonics`` whose levels fall by ``slope``, an exponent of their number.

    ``rise_s``: how long a note takes to rise; ``ring_s``: to fall by 60 dB, and 0 if it sounds as long as it is played;
    ``vibrato``: a share of the pitch; ``odd``: only odd harmonics, as of a clarinet; ``bell``: partials are no
    harmonics; ``sings``: a vowel takes the place of the harmonics.
    """

    harmonics: int = 8
    slope: float = 1.2
    rise_s: float = 0.01
    ring_s: float = 0.0
    vibrato: float = 0.0
    odd: bool = False
    bell: bool = False
    sings: bool = False

    def note(self, hz: float, seconds: float, random: np.random.Generator) -> FloatAudio:
        """A note at a peak of 1."""
        count = samples(max(seconds, min(self.ring_s, 2.0)))
        wave = 1.0 + self.vibrato * sine(random.uniform(4.5, 6.5), count)
        pitch = hz * wave
        envelope = fade(count, self.rise_s, 0.05 if self.ring_s else 0.08)
        if self.sings:
            x = voiced(pitch, count, VOWELS[int(random.integers(len(VOWELS)))], random.uniform(0.9, 1.25))
            return peak(x * envelope)
        at = (phase(pitch, count) * _TABLE).astype(np.int64) % _TABLE
        if self.bell:
            x = sine(hz, count) + sine(2.76 * hz, count) * decay(count, self.ring_s / 3)
        else:
            x = self._cycle(hz, self.slope)[at]
        if self.ring_s:  # high harmonics fall first
            dull = self._cycle(hz, 2.0 * self.slope + 1.0)[at]
            x = x * decay(count, self.ring_s / 3) + dull * decay(count, self.ring_s)
        return peak(x * envelope)

    def _cycle(self, hz: float, slope: float) -> FloatAudio:
        """One turn of the wave, without what lies above half the sample rate."""
        numbers = np.arange(1, self.harmonics + 1) * (2 if self.odd else 1) - (1 if self.odd else 0)
        numbers = numbers[numbers * hz < 0.9 * NYQUIST_HZ]
        turns = np.arange(_TABLE)[:, None] / _TABLE
        return np.asarray((np.sin(2 * np.pi * turns * numbers) * numbers**-slope).sum(axis=1), np.float32)


PIANO = Instrument(slope=1.4, ring_s=1.8, rise_s=0.003)
GUITAR = Instrument(harmonics=10, slope=1.0, ring_s=1.2, rise_s=0.002)
BASS = Instrument(harmonics=5, slope=1.5, ring_s=1.0, rise_s=0.005)
LEAD = Instrument(harmonics=14, slope=0.9, rise_s=0.01)
STRINGS = Instrument(harmonics=10, slope=1.1, rise_s=0.15, vibrato=0.006)
REED = Instrument(harmonics=7, slope=0.9, rise_s=0.03, odd=True, vibrato=0.004)
BELL = Instrument(harmonics=5, slope=0.7, ring_s=2.0, rise_s=0.002, bell=True)
SINGER = Instrument(rise_s=0.05, vibrato=0.012, sings=True)
ORGAN = Instrument(harmonics=6, slope=0.5, rise_s=0.04)


def kick(random: np.random.Generator) -> FloatAudio:
    count = samples(0.25)
    return peak(sine(np.geomspace(random.uniform(110, 180), 45.0, count), count) * decay(count, 0.3))


def snare(random: np.random.Generator) -> FloatAudio:
    count = samples(0.2)
    return peak((noise(count, random, 0.0, (500.0, 7000.0)) + sine(190.0, count)) * decay(count, 0.2))


def hat(random: np.random.Generator) -> FloatAudio:
    count = samples(0.08)
    return peak(noise(count, random, 3.0, (4000.0, 7900.0)) * decay(count, random.uniform(0.03, 0.1)))


def shaker(random: np.random.Generator) -> FloatAudio:
    count = samples(0.1)
    return peak(noise(count, random, 0.0, (2500.0, 7900.0)) * fade(count, 0.03, 0.06))


Drum = Callable[[np.random.Generator], FloatAudio]
