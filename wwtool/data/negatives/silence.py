"""A quiet room at night: very low noise, at times a faint hum or tick."""

from __future__ import annotations

import numpy as np

from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, decay, noise, samples, sine
from wwtool.data.utterance import FloatAudio

_SECONDS = 20.0
_FLOOR_DB, _HUM_DB = (-90.0, -55.0), (-85.0, -60.0)


def _silence(random: np.random.Generator) -> FloatAudio:
    count = samples(_SECONDS)
    x = noise(count, random, random.uniform(-6.0, 0.0)) * np.float32(10 ** (random.uniform(*_FLOOR_DB) / 20))
    if random.random() < 0.4:
        mains = random.choice([50.0, 60.0]) * random.integers(1, 4)
        x += sine(float(mains), count) * np.float32(10 ** (random.uniform(*_HUM_DB) / 20))
    if random.random() < 0.3:
        tick = noise(samples(0.02), random, band=(1000.0, 6000.0)) * decay(samples(0.02), 0.02)
        for start in np.arange(random.uniform(0.0, 1.0), _SECONDS, random.uniform(0.5, 2.0)):
            add_at(x, samples(start), tick * np.float32(10 ** (-55 / 20)))
    return x


SILENCE = Sounds("silence", sound=_silence)
