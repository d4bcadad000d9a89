"""Rooms, simulated by pyroomacoustics: how sound gets from a person, and from a source of noise, to a microphone.

Early reflections are those of the image-source method (Allen and Berkley 1979) in a room of six walls. What comes after
them is decaying noise of the room's reverberation time, as image sources of high order cost much and sound the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from wwtool.data.audio import Audio, to_int16
from wwtool.data.utterance import FloatAudio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

# From a bathroom to a living room with a kitchen: width, depth, height in metres.
_SMALLEST_M, _LARGEST_M = (1.6, 2.0, 2.2), (9.0, 6.5, 3.4)
_REVERBERATION_S = (0.12, 0.9)  # to -60 dB; homes have 0.2 to 0.8 s
_DISTANCE_M = (0.3, 6.0)  # from a mouth to the microphone
_MICROPHONE_HEIGHT_M, _MOUTH_HEIGHT_M = (0.4, 1.8), (0.9, 1.8)
_FROM_WALLS_M = 0.15
_ORDER = 8  # of the images
_MIXING_S, _FADE_S = 0.04, 0.01  # where noise takes over from image sources, and how long that takes
_LONGEST_S = 0.8
_NEPERS = 6.9  # 60 dB
_TRIES = 20


def can_simulate() -> bool:
    """Whether pyroomacoustics is installed."""
    return find_spec("pyroomacoustics") is not None


def simulated_rooms(count: int, seed: int) -> Iterator[Audio]:
    """Impulse responses of ``count`` rooms, two each: from a person to the microphone, from another place to it.

    The first begins with the direct sound. Each has a peak of 1.
    """
    for number in range(count):
        yield from map(to_int16, _room(np.random.default_rng([seed, number])))


def _room(random: np.random.Generator) -> list[FloatAudio]:
    import pyroomacoustics as acoustics

    size, seconds = random.uniform(_SMALLEST_M, _LARGEST_M), _log_uniform(random, *_REVERBERATION_S)
    microphone = _place(random, size, _MICROPHONE_HEIGHT_M)
    mouth, noise = _at_a_distance(random, size, microphone), random.uniform(_FROM_WALLS_M, size - _FROM_WALLS_M)
    absorption = _absorption(size, seconds)
    room = acoustics.ShoeBox(size, fs=SAMPLE_RATE_HZ, materials=acoustics.Material(absorption), max_order=_ORDER)
    room.add_source(mouth, directivity=_facing(acoustics, microphone - mouth, random))
    room.add_source(noise)
    room.add_microphone(microphone)
    room.compute_rir()
    return [_with_tail(np.asarray(response, np.float32), seconds, random) for response in room.rir[0]]


def _absorption(size: Any, seconds: float) -> float:
    """The share of energy that walls absorb, by Eyring's formula, for a reverberation time."""
    volume, surface = float(np.prod(size)), 2.0 * float(size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    return float(np.clip(1.0 - np.exp(-0.161 * volume / (surface * seconds)), 0.02, 0.95))


def _place(random: np.random.Generator, size: Any, height_m: tuple[float, float]) -> Any:
    place = random.uniform(_FROM_WALLS_M, size - _FROM_WALLS_M)
    place[2] = random.uniform(height_m[0], min(height_m[1], size[2] - _FROM_WALLS_M))
    return place


def _at_a_distance(random: np.random.Generator, size: Any, microphone: Any) -> Any:
    """A mouth at a random distance, near ones as likely as far ones; anywhere if the room is too small for it."""
    for _ in range(_TRIES):
        angle, distance = random.uniform(0.0, 2.0 * np.pi), _log_uniform(random, *_DISTANCE_M)
        height = random.uniform(*_MOUTH_HEIGHT_M)
        flat = np.sqrt(max(0.01, distance**2 - (height - microphone[2]) ** 2))
        mouth = np.array([microphone[0] + flat * np.cos(angle), microphone[1] + flat * np.sin(angle), height])
        if (mouth > _FROM_WALLS_M).all() and (mouth < size - _FROM_WALLS_M).all():
            return mouth
    return _place(random, size, _MOUTH_HEIGHT_M)


def _facing(acoustics: Any, towards: Any, random: np.random.Generator) -> Any:
    """A mouth, which speaks less to the back, turned away from the microphone by up to a right angle."""
    azimuth = np.degrees(np.arctan2(towards[1], towards[0])) + random.uniform(-90.0, 90.0)
    directivities = acoustics.directivities
    orientation = directivities.DirectionVector(azimuth=azimuth % 360.0, colatitude=90.0, degrees=True)
    return directivities.SubCardioid(orientation)


def _with_tail(response: FloatAudio, seconds: float, random: np.random.Generator) -> FloatAudio:
    """From the direct sound on, with noise in place of late reflections."""
    strong = np.flatnonzero(np.abs(response) > 0.1 * np.abs(response).max())
    response = response[max(0, int(strong[0]) - 8) :]
    mixing, fade = (int(s * SAMPLE_RATE_HZ) for s in (_MIXING_S, _FADE_S))
    count = int(min(seconds, _LONGEST_S) * SAMPLE_RATE_HZ) + mixing + fade
    early = np.pad(response[: mixing + fade], (0, max(0, count - min(len(response), mixing + fade))))
    early[mixing : mixing + fade] *= np.linspace(1.0, 0.0, fade)
    at = np.arange(count) / SAMPLE_RATE_HZ
    tail = random.standard_normal(count) * np.exp(-_NEPERS / seconds * (at - _MIXING_S))
    tail[: mixing + fade] *= np.clip((np.arange(mixing + fade) - mixing) / fade, 0.0, 1.0)
    level = np.sqrt(np.mean(np.square(response[mixing // 2 : mixing]))) * np.exp(-_NEPERS / seconds * _MIXING_S / 4)
    whole = early + tail * level
    return np.asarray(whole / np.abs(whole).max(), np.float32)


def _log_uniform(random: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))
