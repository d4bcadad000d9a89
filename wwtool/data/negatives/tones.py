"""Tones, beeps, rings and alarms of appliances, telephones and vehicles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, decay, fade, log_uniform, peak, phase, samples, sine
from wwtool.data.utterance import FloatAudio

_SECONDS = 10.0
_LEVEL = (0.02, 0.9)
# ITU-T Q.23: the rows and columns of a telephone's keypad, in Hz.
_KEYPAD_HZ = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)


def _wave(hz: npt.ArrayLike, count: int, random: np.random.Generator) -> FloatAudio:
    """A sine, or a buzzer with harmonics."""
    if random.random() < 0.5:
        return sine(hz, count)
    harmonics = np.tanh(random.uniform(1.0, 6.0) * np.sin(2 * np.pi * phase(hz, count)))
    return np.asarray(harmonics, np.float32)


def _beeps(random: np.random.Generator) -> FloatAudio:
    """Beeps in groups, as of an oven, a lorry or a smoke detector."""
    x = np.zeros(samples(_SECONDS), np.float32)
    hz, length, gap = log_uniform(random, 350, 4500), random.uniform(0.05, 0.6), random.uniform(0.05, 0.6)
    group, pause, at = int(random.integers(1, 6)), random.uniform(0.3, 2.0), random.uniform(0.0, 1.0)
    step = random.choice([1.0, 1.0, 1.25, 1.5])
    while at < _SECONDS:
        for i in range(group):
            count = samples(length)
            beep = _wave(float(hz * step ** (i % 2)), count, random) * fade(count, 0.004, 0.01)
            add_at(x, samples(at), beep)
            at += length + gap
        at += pause
    return x


def _chimes(random: np.random.Generator) -> FloatAudio:
    """Notes of a few partials that decay: doorbells, notifications, glass."""
    x, at = np.zeros(samples(_SECONDS), np.float32), random.uniform(0.0, 1.0)
    while at < _SECONDS:
        ring = random.uniform(0.3, 2.5)
        count, hz = samples(ring), log_uniform(random, 300, 2500)
        note = sine(hz, count)
        for number, ratio in enumerate(random.uniform(1.5, 5.5, int(random.integers(0, 4))), 1):
            note += sine(hz * float(ratio), count) * np.float32(0.5**number)
        add_at(x, samples(at), note * decay(count, ring))
        at += random.choice([0.12, 0.25, 0.5, 2.0]) * random.uniform(0.8, 1.2)
    return x


def _siren(random: np.random.Generator) -> FloatAudio:
    """A tone that sweeps or jumps between two heights: sirens, car alarms."""
    count, low = samples(_SECONDS), log_uniform(random, 400, 1200)
    high, rate = low * random.uniform(1.2, 2.5), random.uniform(0.3, 8.0)
    swing = np.sin(2 * np.pi * phase(rate, count))
    if random.random() < 0.5:
        swing = np.sign(swing)
    return _wave(np.asarray(low + (high - low) * (0.5 + 0.5 * swing), np.float32), count, random)


def _keypad(random: np.random.Generator) -> FloatAudio:
    """A number that is dialled, then a ringing tone."""
    x, at = np.zeros(samples(_SECONDS), np.float32), random.uniform(0.0, 1.0)
    for _ in range(int(random.integers(4, 12))):
        count, rows = samples(random.uniform(0.06, 0.25)), _KEYPAD_HZ
        tone = sum((sine(float(random.choice(row)), count) for row in rows), np.zeros(count, np.float32))
        add_at(x, samples(at), tone * fade(count, 0.003, 0.003))
        at += count / samples(1.0) + random.uniform(0.05, 0.4)
    count = samples(1.0)
    while at < _SECONDS:
        add_at(x, samples(at), (sine(425.0, count) + sine(450.0, count)) * fade(count, 0.01, 0.01))
        at += 4.0
    return x


def _steady(random: np.random.Generator) -> FloatAudio:
    """A tone that stays, or a slow sweep."""
    count = samples(_SECONDS)
    hz = np.geomspace(log_uniform(random, 80, 6000), log_uniform(random, 80, 6000), count).astype(np.float32)
    return _wave(hz if random.random() < 0.5 else float(hz[0]), count, random) * fade(count, 0.05, 0.05)


_MAKERS: tuple[Callable[[np.random.Generator], FloatAudio], ...] = (_beeps, _chimes, _siren, _keypad, _steady)


def _tones(random: np.random.Generator) -> FloatAudio:
    make = _MAKERS[int(random.integers(len(_MAKERS)))]
    return peak(make(random), log_uniform(random, *_LEVEL))


TONES = Sounds("tones, beeps and alarms", sound=_tones)
