"""Rooms: a recorded impulse response, or one of decaying noise."""

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
    return Filter(impulse=_impulse(studio)) if studio.chance(studio.config.room_chance) else None


def _impulse(studio: Studio) -> FloatAudio:
    rooms, random = studio.sources.rooms, studio.random
    if rooms and studio.chance(studio.config.measured_rooms):
        measured = to_float(rooms[int(random.integers(len(rooms)))])
        measured = measured[int(np.abs(measured).argmax()) :][:SAMPLE_RATE_HZ]
        return np.asarray(measured / (np.abs(measured).max() + 1e-6), np.float32)
    length = int(random.uniform(*studio.config.room_seconds) * SAMPLE_RATE_HZ)
    decay = np.exp(-np.arange(length) * (_NEPERS / length))
    impulse = (random.standard_normal(length) * decay).astype(np.float32)
    impulse[: int(random.uniform(*_FIRST_REFLECTION_S) * SAMPLE_RATE_HZ)] = 0.0
    impulse *= random.uniform(*_REVERBERANT_TO_DIRECT) / np.sqrt(np.square(impulse).sum() + 1e-9)
    impulse[0] = 1.0  # the direct sound
    return np.asarray(impulse, np.float32)
