"""Television and radio: speech over music and effects, levels that change, through a small loudspeaker in a room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.data.audio import Audio
from wwtool.data.negatives.babble import talk
from wwtool.data.negatives.impacts import IMPACTS
from wwtool.data.negatives.kind import Mixes
from wwtool.data.negatives.music import music
from wwtool.data.negatives.signals import decay, log_uniform, noise, peak, samples, shaped, unit, wander
from wwtool.data.negatives.steady_noise import STEADY_NOISE
from wwtool.data.negatives.tones import TONES
from wwtool.data.utterance import FloatAudio

_SECONDS = 12.0
_SPEECH_OVER_REST_DB = (-3.0, 18.0)
_LEVEL = (0.03, 0.9)
_EFFECTS = (IMPACTS, STEADY_NOISE, TONES)


def _television(speech: Sequence[Audio], random: np.random.Generator) -> FloatAudio:
    count = samples(_SECONDS)
    voice = unit(talk(speech, count, random, pause_s=0.3)) * np.exp(wander(count, random, 0.5, 0.3))
    rest = np.resize(unit(_rest(random)), count) * np.exp(wander(count, random, 0.3, 0.5))
    x = voice + rest * np.float32(10 ** (-random.uniform(*_SPEECH_OVER_REST_DB) / 20))
    return peak(_in_a_room(_loudspeaker(x, random), random), log_uniform(random, *_LEVEL))


def _rest(random: np.random.Generator) -> FloatAudio:
    if random.random() < 0.6:
        return music(random)
    return _EFFECTS[int(random.integers(len(_EFFECTS)))].sound(random)


def _loudspeaker(x: FloatAudio, random: np.random.Generator) -> FloatAudio:
    low, high = random.uniform(80.0, 300.0), random.uniform(5000.0, 8000.0)

    def gain(hz: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(1.0 / np.sqrt((1.0 + (low / (hz + 1.0)) ** 4) * (1.0 + (hz / high) ** 8)), np.float32)

    return shaped(x, gain)


def _in_a_room(x: FloatAudio, random: np.random.Generator) -> FloatAudio:
    """The direct sound and decaying noise, as far as the loudspeaker is away."""
    count = samples(random.uniform(0.15, 0.6))
    response = noise(count, random, -3.0) * decay(count, count / samples(1.0))
    response *= np.float32(random.uniform(0.2, 1.5)) / np.sqrt(np.square(response).sum())
    response[0] = 1.0
    size = next_fast_len(len(x) + count, True)
    return np.asarray(irfft(rfft(x, size) * rfft(response, size), size)[: len(x)], np.float32)


TELEVISION = Mixes("television: speech over music and effects", mix=_television)
