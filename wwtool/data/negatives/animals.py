"""Animals in and around a house. Kept for evaluation: what a family of noises does that was never trained on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, decay, fade, log_uniform, noise, peak, samples, sine, wander
from wwtool.data.negatives.vowels import VOWELS, voiced
from wwtool.data.utterance import FloatAudio

_SECONDS = 8.0
_LEVEL = (0.03, 0.9)
_FLOOR = 2e-3


def _bark(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.08, 0.25))
    hz = random.uniform(250, 900) * np.linspace(1.0, random.uniform(0.5, 0.9), count)
    tone = voiced(hz, count, VOWELS[0], random.uniform(0.8, 1.5))
    return (tone + noise(count, random, -3.0, (300.0, 4000.0)) * np.float32(0.5)) * fade(count, 0.01, 0.08)


def _meow(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.4, 1.2))
    hz = random.uniform(400, 800) * (1.0 + 0.4 * np.sin(np.pi * np.linspace(0.0, 1.0, count) ** 0.7))
    opening = voiced(hz, count, VOWELS[1], 1.4) * np.linspace(1.0, 0.0, count, dtype=np.float32)
    closing = voiced(hz, count, VOWELS[4], 1.4) * np.linspace(0.0, 1.0, count, dtype=np.float32)
    return (opening + closing) * fade(count, 0.08, 0.25)


def _bird(random: np.random.Generator) -> FloatAudio:
    """A phrase of chirps that sweep."""
    x, at = np.zeros(samples(1.2), np.float32), 0.0
    low, high = random.uniform(1800, 3500), random.uniform(3600, 7000)
    length, gap = random.uniform(0.03, 0.15), random.uniform(0.01, 0.12)
    while at < 1.1:
        count = samples(length * random.uniform(0.7, 1.3))
        sweep = np.linspace(random.uniform(low, high), random.uniform(low, high), count)
        add_at(x, samples(at), sine(sweep, count) * fade(count, 0.005, 0.02))
        at += count / samples(1.0) + gap
    return x


def _cricket(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.3, 0.8))
    pulses = np.maximum(sine(random.uniform(18, 35), count), 0.0)
    return sine(random.uniform(3500, 5500) * (1.0 + wander(count, random, 5.0, 0.003)), count) * pulses


def _crow(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.2, 0.5))
    hz = random.uniform(300, 600) * (1.0 + wander(count, random, 60.0, 0.1))
    return voiced(hz, count, VOWELS[5], 1.3) * fade(count, 0.02, 0.1)


def _rooster(random: np.random.Generator) -> FloatAudio:
    lengths, heights = (0.15, 0.12, 0.2, 0.8), (1.0, 1.2, 1.4, 1.3)
    pitch = random.uniform(450, 750)
    notes = []
    for count, height in zip(map(samples, lengths), heights, strict=True):
        hz = pitch * height * np.linspace(1.0, 0.9, count)
        notes.append(voiced(hz, count, VOWELS[4], 1.2) * fade(count, 0.02, 0.05))
    return np.concatenate(notes)


def _growl(random: np.random.Generator) -> FloatAudio:
    """Growling and purring."""
    count = samples(random.uniform(0.6, 2.0))
    rumble = noise(count, random, -4.0, (60.0, 1500.0)) * (0.6 + 0.4 * sine(random.uniform(20, 40), count))
    return np.asarray(rumble * fade(count, 0.1, 0.3) * (0.7 + 0.3 * decay(count, 3.0)), np.float32)


_MAKERS: tuple[Callable[[np.random.Generator], FloatAudio], ...] = (
    _bark, _meow, _bird, _cricket, _crow, _rooster, _growl,
)  # fmt: skip


def _animals(random: np.random.Generator) -> FloatAudio:
    make = _MAKERS[int(random.integers(len(_MAKERS)))]
    x, at = noise(samples(_SECONDS), random, -3.0) * np.float32(_FLOOR), random.uniform(0.0, 0.5)
    while at < _SECONDS:
        sound = peak(make(random), random.uniform(0.3, 1.0))
        add_at(x, samples(at), sound)
        at += len(sound) / samples(1.0) + random.uniform(0.05, 1.2)
    return peak(x, log_uniform(random, *_LEVEL))


ANIMALS = Sounds("animals, never trained on", sound=_animals, trained=False)
