"""Many people who talk at once, near and far: a party, a restaurant, a family at dinner."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wwtool.data.audio import Audio
from wwtool.data.negatives.kind import Mixes
from wwtool.data.negatives.signals import log_uniform, peak, samples, unit
from wwtool.data.utterance import FloatAudio, to_float

_SECONDS = 10.0
_VOICES = (2, 8)
_NEAR_DB = (-15.0, 0.0)
_LEVEL = (0.05, 0.9)


def talk(speech: Sequence[Audio], count: int, random: np.random.Generator, pause_s: float = 0.6) -> FloatAudio:
    """One clip after the other, with pauses; as many samples as asked for."""
    parts: list[FloatAudio] = []
    while sum(map(len, parts)) < count:
        clip = to_float(speech[int(random.integers(len(speech)))])
        parts += [clip, np.zeros(samples(random.exponential(pause_s)), np.float32)]
    return np.concatenate(parts)[:count]


def _babble(speech: Sequence[Audio], random: np.random.Generator) -> FloatAudio:
    count = samples(_SECONDS)
    x = np.zeros(count, np.float32)
    for _ in range(int(random.integers(_VOICES[0], _VOICES[1] + 1))):
        voice = unit(np.roll(talk(speech, count, random), int(random.integers(count))))
        x += voice * np.float32(10 ** (random.uniform(*_NEAR_DB) / 20))
    return peak(x, log_uniform(random, *_LEVEL))


BABBLE = Mixes("many voices at once", mix=_babble)
