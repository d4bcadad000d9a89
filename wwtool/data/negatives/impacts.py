"""Short noises: doors, steps, dishes, keyboards, clicks, claps, paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, decay, fade, log_uniform, noise, peak, samples, sine, wander
from wwtool.data.utterance import FloatAudio

_SECONDS = 10.0
_LEVEL = (0.03, 1.0)
_FLOOR = 1e-3
Sound = Callable[[np.random.Generator], FloatAudio]


def _modes(random: np.random.Generator, low_hz: float, high_hz: float, count: int, ring: float) -> FloatAudio:
    """A body that is struck: ``count`` modes, the higher the shorter, after a click."""
    length = samples(ring)
    x = np.zeros(length, np.float32)
    for _ in range(count):
        hz = log_uniform(random, low_hz, high_hz)
        x += (
            sine(hz, length)
            * decay(length, ring * random.uniform(0.2, 1.0) * (low_hz / hz) ** 0.3)
            * np.float32(random.uniform(0.2, 1.0))
        )
    click = noise(samples(0.008), random, 0.0, (low_hz, 7500.0)) * decay(samples(0.008), 0.008)
    add_at(x, 0, click * np.float32(random.uniform(0.1, 1.0)))
    return x


def _door(random: np.random.Generator) -> FloatAudio:
    thump = _modes(random, 50.0, 400.0, 8, random.uniform(0.15, 0.6))
    return peak(thump + noise(len(thump), random, -6.0, (60.0, 2500.0)) * decay(len(thump), 0.2))


def _dish(random: np.random.Generator) -> FloatAudio:
    return peak(_modes(random, 900.0, 7000.0, 9, random.uniform(0.1, 1.2)))


def _wood(random: np.random.Generator) -> FloatAudio:
    return peak(_modes(random, 150.0, 2500.0, 6, random.uniform(0.03, 0.2)))


def _key(random: np.random.Generator) -> FloatAudio:
    count = samples(random.uniform(0.015, 0.06))
    x = noise(count, random, random.uniform(-4.0, 2.0), (400.0, 7000.0)) * decay(count, random.uniform(0.01, 0.05))
    return peak(x, random.uniform(0.4, 1.0))


def _clap(random: np.random.Generator) -> FloatAudio:
    count = samples(0.12)
    return peak(noise(count, random, -2.0, (600.0, 4000.0)) * decay(count, random.uniform(0.04, 0.12)))


def _rustle(random: np.random.Generator) -> FloatAudio:
    """Paper, bags, clothes."""
    count = samples(random.uniform(0.2, 1.5))
    crackle = np.maximum(wander(count, random, random.uniform(20.0, 150.0), 1.0), 0.0) ** 2
    return peak(noise(count, random, random.uniform(0.0, 3.0), (800.0, 7800.0)) * crackle * fade(count, 0.02, 0.1), 0.5)


def _scrape(random: np.random.Generator) -> FloatAudio:
    """A chair, a drawer, a zip: noise whose band moves."""
    count = samples(random.uniform(0.2, 1.0))
    grain = 0.5 + 0.5 * sine(random.uniform(15.0, 120.0) * np.exp(wander(count, random, 3.0, 0.3)), count)
    band = log_uniform(random, 200, 1500)
    return peak(noise(count, random, -2.0, (band, band * 4)) * grain * fade(count, 0.03, 0.05), 0.6)


# What follows itself at which pace: the sound, seconds between two, and whether all sounds of a clip are alike.
_SERIES: tuple[tuple[Sound, float, float, bool], ...] = (
    (_door, 0.8, 5.0, False),
    (_dish, 0.1, 1.5, False),
    (_wood, 0.15, 1.2, True),
    (_key, 0.06, 0.35, False),
    (_clap, 0.2, 0.6, True),
    (_rustle, 0.3, 2.0, False),
    (_scrape, 0.5, 3.0, False),
    (_wood, 0.4, 0.7, True),
)


def _impacts(random: np.random.Generator) -> FloatAudio:
    make, shortest, longest, alike = _SERIES[int(random.integers(len(_SERIES)))]
    x = noise(samples(_SECONDS), random, -3.0) * np.float32(_FLOOR)
    pace, at, sound = random.uniform(shortest, longest), random.uniform(0.0, 1.0), make(random)
    while at < _SECONDS:
        add_at(x, samples(at), sound * np.float32(random.uniform(0.3, 1.0)))
        at += pace * random.uniform(0.7, 1.5)
        sound = sound if alike else make(random)
    return peak(x, log_uniform(random, *_LEVEL))


IMPACTS = Sounds("impacts, clicks, dishes, keyboards", sound=_impacts)
