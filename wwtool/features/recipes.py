"""What pools of features are made of: one recipe for each kind of pool.

A recipe draws clips, sends them through the transforms that a config names, and lays them on the tape one after the
other. The constants here are lengths and levels of the pieces; what makes training harder or easier is in the config.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wwtool.base.registry import Registry
from wwtool.data.audio import Audio
from wwtool.data.store import ClipStore
from wwtool.data.utterance import FloatAudio, excerpt, rms, to_float, utterance_bounds
from wwtool.features.ready_made import open_features
from wwtool.features.tape import Tape
from wwtool.features.waveform import apply_voice, mix
from wwtool.features.waveform.background import background
from wwtool.features.waveform.filters import apply_filters, to_peak
from wwtool.features.waveform.studio import Clip, Scene, Studio
from wwtool.frontend.front_end import Features
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_TAIL_SAMPLES = int(0.45 * SAMPLE_RATE_HZ)  # after a word: windows end up to 160 ms after it
_GAP_S, _NATIVE_GAP_S = (0.7, 1.9), (0.1, 1.3)  # before a word
_WORD_S = (0.2, 2.5)  # what a recording of one may last
_STRETCH_SAMPLES, _LONGEST_CLIP_SAMPLES = 12 * SAMPLE_RATE_HZ, 15 * SAMPLE_RATE_HZ
_EXCERPT_S = (0.3, 1.1)
_SPEECH_DB, _PAUSE_S = (-8.0, 0.0), (0.02, 0.9)  # of the clips of a stretch
_NOISE_SAMPLES = 6 * SAMPLE_RATE_HZ
_SECOND_NOISE, _SECOND_NOISE_DB, _NOISE_DB = 0.4, (-20.0, 3.0), (-45.0, 0.0)
_FILTERED_SOUNDS = 0.5
_QUIETEST = 1e-6  # a recording of noise may have stretches of digital silence


@dataclass(frozen=True)
class Recipe:
    """``record`` lays ``amount`` of clips on a tape; the amount counts ``unit``.

    ``labelled``: whether somebody knows where the phrase is in them. ``open`` reads where the clips are.
    """

    record: Callable[[Sequence[Any], float, Studio, Tape], None]
    unit: Literal["clips", "hours"]
    labelled: bool = True
    open: Callable[[Path], Sequence[Any]] = ClipStore


def _cut_words(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
    """Words cut out of their recordings, laid on new backgrounds, sometimes between other speech."""
    for i in range(int(amount)):
        word = apply_filters(apply_voice(Clip(to_float(clips[i % len(clips)])), studio), studio)
        length = word.speech_samples
        gap = int(studio.random.uniform(*_GAP_S) * SAMPLE_RATE_HZ)
        x = np.zeros(gap + len(word.samples) + _TAIL_SAMPLES, np.float32)
        x[gap : gap + len(word.samples)] = word.samples
        x = x[: gap + length + _TAIL_SAMPLES]
        config, place = studio.config, (gap, gap + length)
        level = rms(word.samples[:length])
        scene = Scene(x, level, place, config.snr_db, config.level_db, config.clean_share, word.from_noise)
        tape.add(mix(scene, studio), place)


def _recordings(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
    """Whole recordings with their own background; many get nothing but a level and a noise floor."""
    bounds = [utterance_bounds(clip) for clip in clips]
    shortest, longest = _WORD_S
    usable = [i for i, (s, e) in enumerate(bounds) if shortest < (e - s) / SAMPLE_RATE_HZ < longest]
    usable = usable or list(range(len(clips)))
    config = studio.config
    for n in range(int(amount)):
        index = usable[n % len(usable)]
        clip = apply_voice(Clip(to_float(clips[index])), studio)
        start, end = (int(sample / clip.speed) for sample in bounds[index])
        y = apply_filters(clip, studio).samples if studio.chance(config.native_filtered) else to_peak(clip.samples)
        y = y[: end + _TAIL_SAMPLES]
        gap = int(studio.random.uniform(*_NATIVE_GAP_S) * SAMPLE_RATE_HZ)
        y = np.pad(y, (gap, max(0, end + _TAIL_SAMPLES - len(y))))
        place = gap + start, gap + end
        if studio.chance(config.native_undisturbed):
            scene = Scene(y, level_db=config.native_level_db)
        else:
            scene = Scene(y, rms(y[slice(*place)]), snr_db=config.native_snr_db, level_db=config.level_db)
        tape.add(mix(scene, studio), place)


def _speech(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
    """Stretches of speech with pauses."""
    _stretches(clips, amount, studio, tape, studio.config.snr_db)


def _clean_speech(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
    """Stretches of speech with hardly any background."""
    _stretches(clips, amount, studio, tape, studio.config.clean_snr_db)


def _stretches(clips: Sequence[Audio], hours: float, studio: Studio, tape: Tape, snr_db: tuple[float, float]) -> None:
    order, next_clip = studio.random.permutation(len(clips)), 0
    while not tape.lasts(hours):
        parts: list[FloatAudio] = []
        levels: list[float] = []
        while sum(map(len, parts)) < _STRETCH_SAMPLES:
            clip, pause_s = clips[int(order[next_clip % len(order)])][:_LONGEST_CLIP_SAMPLES], _PAUSE_S
            next_clip += 1
            if studio.chance(studio.config.excerpts):
                clip, pause_s = _piece(clip, studio), _GAP_S
            spoken = apply_filters(apply_voice(Clip(to_float(clip)), studio), studio)
            y = spoken.samples * np.float32(studio.gain(*_SPEECH_DB))
            levels.append(rms(y))
            parts += [y, np.zeros(int(studio.random.uniform(*pause_s) * SAMPLE_RATE_HZ), np.float32)]
        x, level, level_db = np.concatenate(parts), float(np.mean(levels)), studio.config.level_db
        scene = Scene(x, level, None, snr_db, level_db, studio.config.clean_share, spoken.from_noise)
        tape.add(mix(scene, studio))


def _piece(clip: Audio, studio: Studio) -> Audio:
    """As much of a clip as a word is."""
    length = int(studio.random.uniform(*_EXCERPT_S) * SAMPLE_RATE_HZ)
    return excerpt(clip, int(studio.random.integers(max(1, len(clip) - length))), length)


def _noise(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
    """Backgrounds alone, from faint to full scale; the clips are not used."""
    while not tape.lasts(amount):
        x = background(_NOISE_SAMPLES, studio)
        if studio.chance(_SECOND_NOISE):
            x = x + background(_NOISE_SAMPLES, studio) * np.float32(studio.gain(*_SECOND_NOISE_DB))
        x = x * np.float32(studio.gain(*_NOISE_DB) / np.abs(x).max(initial=_QUIETEST))
        tape.add(mix(Scene(x), studio))


def _sounds(clips: Sequence[Audio], amount: float, studio: Studio, tape: Tape) -> None:
    """Sounds that are no speech: half of them as they are, half through filters and at any level."""
    while not tape.lasts(amount):
        x = to_float(clips[int(studio.random.integers(len(clips)))])
        if studio.chance(_FILTERED_SOUNDS):
            x = apply_filters(Clip(x), studio).samples * np.float32(studio.gain(*_NOISE_DB))
        tape.add(mix(Scene(x), studio))


def _ready_made(clips: Sequence[Features], amount: float, studio: Studio, tape: Tape) -> None:
    """Features that were made elsewhere, as they are; every clip at most once."""
    for index in studio.random.permutation(len(clips)):
        if tape.lasts(amount):
            return
        tape.add_features(clips[int(index)])


RECIPES: Registry[Recipe] = Registry(
    "the kind of a pool",
    {
        "positive": Recipe(_cut_words, "clips"),
        "native": Recipe(_recordings, "clips"),
        "negative": Recipe(_speech, "hours"),
        "clean": Recipe(_clean_speech, "hours"),
        "noise": Recipe(_noise, "hours"),
        "unlabelled": Recipe(_clean_speech, "hours", labelled=False),
        "sounds": Recipe(_sounds, "hours"),
        "ready_made": Recipe(_ready_made, "hours", open=open_features),
    },
)
