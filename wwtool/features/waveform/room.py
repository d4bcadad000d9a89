"""Rooms: a recorded impulse response, a simulated one, or one of decaying noise."""

from __future__ import annotations

import numpy as np

from wwtool.data.utterance import FloatAudio, to_float
from wwtool.features.waveform.studio import Filter, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_NEPERS = 6.9  # 60 dB
_FIRST_REFLECTION_S = (0.001, 0.02)
_REVERBERANT_TO_DIRECT = (0.1, 1.2)  # ratio of amplitudes


def room(studio: Studio) -> Filter | None:
    """Puts a clip into a room, or leaves it as it is."""
    if not studio.chance(studio.config.room_chance):
        return None
    recorded, simulated, random = studio.sources.rooms, studio.sources.simulated_rooms, studio.random
    if recorded and studio.chance(studio.config.measured_rooms):
        return Filter(_from_its_peak(to_float(recorded[int(random.integers(len(recorded)))])))
    if simulated and studio.chance(studio.config.simulated_rooms):
        number = 2 * int(random.integers(len(simulated) // 2))
        return Filter(to_float(simulated[number]), from_noise=to_float(simulated[number + 1]))
    return Filter(_decaying_noise(studio))


def _from_its_peak(response: FloatAudio) -> FloatAudio:
    response = response[int(np.abs(response).argmax()) :][:SAMPLE_RATE_HZ]
    return np.asarray(response / (np.abs(response).max() + 1e-6), np.float32)


def _decaying_noise(studio: Studio) -> FloatAudio:
    random = studio.random
    length = int(random.uniform(*studio.config.room_seconds) * SAMPLE_RATE_HZ)
    decay = np.exp(-np.arange(length) * (_NEPERS / length))
    impulse = (random.standard_normal(length) * decay).astype(np.float32)
    impulse[: int(random.uniform(*_FIRST_REFLECTION_S) * SAMPLE_RATE_HZ)] = 0.0
    impulse *= random.uniform(*_REVERBERANT_TO_DIRECT) / np.sqrt(np.square(impulse).sum() + 1e-9)
    impulse[0] = 1.0  # the direct sound
    return np.asarray(impulse, np.float32)
