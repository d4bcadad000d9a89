"""Computed music: chords in a key, bass, a melody, drums, singing without words. One style is never trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wwtool.data.negatives.instruments import (
    BASS,
    BELL,
    GUITAR,
    LEAD,
    ORGAN,
    PIANO,
    REED,
    SINGER,
    STRINGS,
    Drum,
    Instrument,
    hat,
    kick,
    shaker,
    snare,
)  # fmt: skip
from wwtool.data.negatives.kind import Sounds
from wwtool.data.negatives.signals import add_at, log_uniform, peak, samples
from wwtool.data.utterance import FloatAudio

_SECONDS = 12.0
_LEVEL = (0.05, 0.95)
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (5, 3, 0, 4), (0, 3, 0, 4), (1, 4, 0, 0))
_CONCERT_A_HZ, _CONCERT_A = 440.0, 69  # as MIDI numbers it


@dataclass(frozen=True)
class Style:
    """What plays: instruments to choose from for each part, how fast, and the drums with their steps of eight a bar."""

    melody: tuple[Instrument, ...]
    chords: tuple[Instrument, ...]
    bass: tuple[Instrument, ...] = (BASS,)
    tempo: tuple[float, float] = (70.0, 140.0)  # beats a minute
    drums: tuple[tuple[Drum, tuple[int, ...]], ...] = ()
    broken: float = 0.5  # chance that chords are broken into single notes


_ROCK = ((kick, (0, 4)), (snare, (2, 6)), (hat, tuple(range(8))))
_DANCE = ((kick, (0, 2, 4, 6)), (hat, (1, 3, 5, 7)), (snare, (2, 6)))
_LIGHT = ((kick, (0, 5)), (shaker, tuple(range(8))))
_STYLES = (
    Style((SINGER, LEAD), (GUITAR, PIANO), drums=_ROCK),
    Style((SINGER, LEAD, BELL), (LEAD, STRINGS), tempo=(110.0, 150.0), drums=_DANCE),
    Style((SINGER, GUITAR, REED), (GUITAR,), tempo=(70.0, 120.0), drums=_LIGHT, broken=0.9),
    Style((SINGER, PIANO), (PIANO,), tempo=(55.0, 90.0)),
    Style((STRINGS, REED), (STRINGS,), bass=(STRINGS,), tempo=(50.0, 110.0), broken=0.2),
    Style((BELL, REED), (PIANO,), tempo=(80.0, 160.0), drums=_LIGHT),
)
_CHOIR = (Style((SINGER,), (SINGER, ORGAN), bass=(ORGAN,), tempo=(45.0, 80.0), broken=0.0),)


def _of(styles: tuple[Style, ...]) -> Callable[[np.random.Generator], FloatAudio]:
    return lambda random: _piece(styles[int(random.integers(len(styles)))], random)


def _piece(style: Style, random: np.random.Generator) -> FloatAudio:
    scale, key = (_MAJOR, _MINOR)[int(random.integers(2))], int(random.integers(48, 60))
    beat, bars = 60.0 / random.uniform(*style.tempo), _PROGRESSIONS[int(random.integers(len(_PROGRESSIONS)))]
    melody, chords, bass = (part[int(random.integers(len(part)))] for part in (style.melody, style.chords, style.bass))
    levels, broken = random.uniform(0.3, 1.0, 4), random.random() < style.broken
    x, notes = np.zeros(samples(_SECONDS), np.float32), _Notes(random)
    degree = int(random.integers(7, 14))
    for bar in range(int(_SECONDS / (4 * beat)) + 1):
        start, root = bar * 4 * beat, bars[bar % len(bars)]
        pitches = [_pitch(key, scale, root + step) for step in (0, 2, 4)]
        for number in range(8):
            at, half = samples(start + number * beat / 2), beat / 2
            if number == 0 and not broken:
                for pitch in pitches:
                    add_at(x, at, notes.of(chords, pitch, 4 * beat) * np.float32(0.5 * levels[0]))
            elif broken:
                add_at(x, at, notes.of(chords, pitches[number % 3], half) * np.float32(0.7 * levels[0]))
            if number % 4 == 0:
                add_at(x, at, notes.of(bass, pitches[0] - 12, 2 * beat) * np.float32(levels[1]))
            if random.random() < 0.55:
                degree = int(np.clip(degree + random.integers(-2, 3), 5, 16))
                held = half * random.choice([1.0, 1.0, 2.0, 3.0])
                add_at(x, at, notes.of(melody, _pitch(key, scale, degree), held) * np.float32(1.2 * levels[2]))
            for drum, steps in style.drums:
                if number in steps:
                    add_at(x, at, notes.of_drum(drum) * np.float32(levels[3]))
    return peak(x, log_uniform(random, *_LEVEL))


class _Notes:
    """Each note is computed once a piece."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._notes: dict[object, FloatAudio] = {}

    def of(self, instrument: Instrument, pitch: int, seconds: float) -> FloatAudio:
        key = instrument, pitch, round(seconds, 3)
        if key not in self._notes:
            hz = _CONCERT_A_HZ * 2.0 ** ((pitch - _CONCERT_A) / 12)
            self._notes[key] = instrument.note(hz, seconds, self._random)
        return self._notes[key]

    def of_drum(self, drum: Drum) -> FloatAudio:
        if drum not in self._notes:
            self._notes[drum] = drum(self._random)
        return self._notes[drum]


def _pitch(key: int, scale: tuple[int, ...], degree: int) -> int:
    return key + 12 * (degree // 7) + scale[degree % 7]


music = _of(_STYLES)
MUSIC = Sounds("music", sound=music)
UNSEEN_MUSIC = Sounds("choir and organ, never trained on", sound=_of(_CHOIR), trained=False)
