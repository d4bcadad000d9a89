"""Noise that goes on: wind, water, fans, engines, vacuum cleaners, hum and static."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, decay, log_uniform, noise, peak, phase, samples, sine, unit, wander
from wwtool.data.utterance import FloatAudio

_SECONDS = 12.0
_LEVEL = (0.01, 0.9)


def _wind(random: np.random.Generator) -> FloatAudio:
    """Low noise in gusts, at times with a whistle."""
    count = samples(_SECONDS)
    gusts = np.exp(wander(count, random, random.uniform(0.3, 2.5), 0.8))
    x = noise(count, random, random.uniform(-9.0, -4.0), (30.0, random.uniform(200.0, 1200.0))) * gusts
    if random.random() < 0.4:
        hz = 600.0 * np.exp(wander(count, random, 0.8, 0.25))
        x += sine(hz, count) * gusts * noise(count, random, -12.0) * np.float32(0.1)
    return x


def _water(random: np.random.Generator) -> FloatAudio:
    """A tap, a shower, rain: bright noise and drops that bubble."""
    count = samples(_SECONDS)
    x = noise(count, random, random.uniform(-3.0, 2.0), (random.uniform(200.0, 1500.0), 7500.0))
    x *= np.exp(wander(count, random, 6.0, 0.15))
    for _ in range(int(random.integers(0, 120))):
        length = samples(random.uniform(0.01, 0.06))
        hz = np.linspace(1.0, random.uniform(1.1, 1.8), length, dtype=np.float32) * log_uniform(random, 400, 2500)
        drop = sine(hz, length) * decay(length, length / samples(1.0)) * np.float32(random.uniform(0.5, 4.0))
        add_at(x, int(random.integers(count)), drop)
    return x


def _fan(random: np.random.Generator) -> FloatAudio:
    """A fan, an air conditioner, a computer: pink noise and the tones of the blades."""
    count = samples(_SECONDS)
    x = noise(count, random, random.uniform(-6.0, -2.0), (40.0, random.uniform(1500.0, 7000.0)))
    blades = random.uniform(40.0, 400.0)
    for harmonic in range(1, int(random.integers(2, 7))):
        x += sine(blades * harmonic, count) * np.float32(random.uniform(0.0, 0.7) / harmonic)
    return x * (1.0 + np.float32(random.uniform(0.0, 0.3)) * sine(random.uniform(0.5, 12.0), count))


def _engine(random: np.random.Generator) -> FloatAudio:
    """Firing pulses whose speed wanders, through a body: cars, lorries, lawn mowers."""
    count = samples(_SECONDS)
    hz = log_uniform(random, 18, 140) * np.exp(np.cumsum(wander(count, random, 0.5, 1e-5)))
    turn = phase(hz.astype(np.float32), count)
    pulses = np.exp(-turn * random.uniform(4.0, 20.0)) * (1.0 + 0.3 * noise(count, random, -3.0))
    body = noise(count, random, -6.0, (30.0, 900.0)) * np.float32(random.uniform(0.1, 0.6))
    return unit(np.asarray(pulses - pulses.mean(), np.float32)) + body


def _vacuum(random: np.random.Generator) -> FloatAudio:
    """A motor of a few hundred turns a second and the rush of air, moving about."""
    count, motor = samples(_SECONDS), random.uniform(150.0, 700.0)
    hz = motor * (1.0 + wander(count, random, 1.0, 0.01))
    x = noise(count, random, random.uniform(-3.0, 1.0), (150.0, 7000.0))
    for harmonic in range(1, int(random.integers(3, 9))):
        x += sine(hz * harmonic, count) * np.float32(random.uniform(0.1, 0.9) / harmonic)
    return x * np.exp(wander(count, random, 0.7, 0.25))


def _hum(random: np.random.Generator) -> FloatAudio:
    """Mains, transformers, refrigerators."""
    count, mains = samples(_SECONDS), float(random.choice([50.0, 60.0])) * random.uniform(0.998, 1.002)
    x = noise(count, random, -6.0) * np.float32(random.uniform(0.02, 0.4))
    for harmonic in range(1, int(random.integers(3, 14))):
        x += sine(mains * harmonic, count) * np.float32(random.uniform(0.0, 1.0) / harmonic**0.5)
    return x


def _static(random: np.random.Generator) -> FloatAudio:
    """Noise of any colour, at times in bursts or switched on and off."""
    count = samples(_SECONDS)
    x = noise(count, random, random.uniform(-9.0, 3.0))
    if random.random() < 0.5:
        x *= np.where(wander(count, random, random.uniform(0.5, 15.0), 1.0) > 0, 1.0, random.uniform(0.0, 0.3))
    return x


_MAKERS: tuple[Callable[[np.random.Generator], FloatAudio], ...] = (
    _wind, _water, _fan, _engine, _vacuum, _hum, _static,
)  # fmt: skip


def _steady_noise(random: np.random.Generator) -> FloatAudio:
    make = _MAKERS[int(random.integers(len(_MAKERS)))]
    return peak(np.asarray(make(random), np.float32), log_uniform(random, *_LEVEL))


STEADY_NOISE = Sounds("wind, water, fans, engines, hum", sound=_steady_noise)
