"""Sounds of people that are no words: laughter, coughs, sneezes, crying, humming, breath, whistling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, decay, fade, log_uniform, noise, peak, samples, sine, wander
from wwtool.data.negatives.vowels import VOWELS, breath, voiced
from wwtool.data.utterance import FloatAudio

_SECONDS = 8.0
_LEVEL = (0.05, 0.9)


def _vowel(random: np.random.Generator) -> tuple[float, ...]:
    return VOWELS[int(random.integers(len(VOWELS)))]


def _laugh(random: np.random.Generator) -> FloatAudio:
    """Ha-ha-ha: four or five syllables a second, falling."""
    syllables, pitch, tract = int(random.integers(2, 10)), log_uniform(random, 130, 450), random.uniform(0.9, 1.3)
    formants, pace = _vowel(random), random.uniform(0.16, 0.28)
    x = np.zeros(samples(pace * (syllables + 1)), np.float32)
    for i in range(syllables):
        count = samples(pace * random.uniform(0.4, 0.7))
        hz = np.linspace(1.0, 0.85, count) * pitch * 0.95**i * random.uniform(0.95, 1.05)
        syllable = voiced(hz, count, formants, tract) * fade(count, 0.02, 0.06)
        puff = breath(count, random, formants, tract) * decay(count, 0.12) * np.float32(0.4)
        add_at(x, samples(pace * i), (syllable + puff) * np.float32(0.92**i))
    return x


def _cough(random: np.random.Generator) -> FloatAudio:
    """One burst or several, with a voiced end."""
    x = np.zeros(samples(1.6), np.float32)
    formants, tract = _vowel(random), random.uniform(0.9, 1.3)
    for i in range(int(random.integers(1, 4))):
        count = samples(random.uniform(0.15, 0.4))
        burst = noise(count, random, -2.0, (400.0, 5000.0)) * decay(count, random.uniform(0.15, 0.4))
        tone = voiced(random.uniform(100, 300), count, formants, tract) * fade(count, 0.05, 0.15)
        add_at(x, samples(i * random.uniform(0.3, 0.45)), burst + tone * np.float32(random.uniform(0.0, 0.6)))
    return x


def _sneeze(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.3, 0.7))
    intake = breath(count, random, _vowel(random)) * np.linspace(0.0, 0.3, count, dtype=np.float32)
    burst = noise(count, random, 2.0, (1500.0, 7500.0)) * decay(count, 0.5)
    return np.concatenate([intake, burst]).astype(np.float32)


def _cry(random: np.random.Generator) -> FloatAudio:
    """A baby: long vowels of 400 to 600 Hz that rise and fall."""
    count = samples(random.uniform(0.6, 1.8))
    arch = 1.0 + 0.25 * np.sin(np.pi * np.arange(count) / count) + wander(count, random, 8.0, 0.02)
    x = voiced(random.uniform(350, 550) * arch, count, VOWELS[5], random.uniform(1.3, 1.6))
    return (x + breath(count, random, VOWELS[5], 1.4) * np.float32(0.1)) * fade(count, 0.08, 0.2)


def _hum(random: np.random.Generator) -> FloatAudio:
    """Mm-hm, and humming of a tune."""
    x, pitch = np.zeros(samples(2.5), np.float32), log_uniform(random, 90, 300)
    at = 0.0
    while at < 2.2:
        count = samples(random.uniform(0.15, 0.6))
        hz = pitch * 2.0 ** (random.integers(-4, 5) / 12) * (1.0 + wander(count, random, 5.0, 0.01))
        add_at(x, samples(at), voiced(hz, count, VOWELS[2], 0.9) * fade(count, 0.03, 0.06))
        at += count / samples(1.0) + random.uniform(0.0, 0.15)
    return x


def _breath(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.4, 1.5))
    return breath(count, random, _vowel(random), random.uniform(0.9, 1.3)) * fade(count, count / 2e5, count / 3e4)


def _whistle(random: np.random.Generator) -> FloatAudio:
    x, at = np.zeros(samples(2.0), np.float32), 0.0
    while at < 1.8:
        count = samples(random.uniform(0.1, 0.5))
        bend = np.linspace(1.0, random.uniform(0.8, 1.3), count)
        add_at(x, samples(at), sine(log_uniform(random, 700, 2600) * bend, count) * fade(count, 0.03, 0.05))
        at += count / samples(1.0) + random.uniform(0.0, 0.1)
    return x + noise(len(x), random) * np.float32(0.01)


_MAKERS: tuple[Callable[[np.random.Generator], FloatAudio], ...] = (
    _laugh, _laugh, _cough, _sneeze, _cry, _hum, _breath, _whistle,
)  # fmt: skip


def _vocalisations(random: np.random.Generator) -> FloatAudio:
    """Several of one sort, with pauses."""
    make = _MAKERS[int(random.integers(len(_MAKERS)))]
    x, at = np.zeros(samples(_SECONDS), np.float32), random.uniform(0.0, 0.5)
    while at < _SECONDS:
        sound = peak(make(random), random.uniform(0.4, 1.0))
        add_at(x, samples(at), sound)
        at += len(sound) / samples(1.0) + random.uniform(0.1, 1.5)
    return peak(x, log_uniform(random, *_LEVEL))


VOCALISATIONS = Sounds("laughter, coughs, crying, humming", sound=_vocalisations)
