"""Somebody speaks right before and after the word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.data.utterance import FloatAudio, to_float
from wwtool.features.waveform.filters import apply_filters
from wwtool.features.waveform.studio import Clip, Scene, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_MOST_SAMPLES = 2 * SAMPLE_RATE_HZ
_PAUSE_BEFORE_S, _PAUSE_AFTER_S = (0.05, 0.6), (0.05, 0.25)


def add_other_speech(scene: Scene, studio: Studio) -> Scene:
    """Adds speech before the word and after it, each by chance."""
    if scene.word is None or not studio.sources.speech:
        return scene
    x, (start, end) = scene.samples.copy(), scene.word
    if studio.chance(studio.config.speech_before):
        stop = start - int(studio.random.uniform(*_PAUSE_BEFORE_S) * SAMPLE_RATE_HZ)
        other = _speech(studio)[-stop:]
        x[stop - len(other) : stop] += other
    if studio.chance(studio.config.speech_after):
        begin = end + int(studio.random.uniform(*_PAUSE_AFTER_S) * SAMPLE_RATE_HZ)
        other = _speech(studio)[: max(0, len(x) - begin)]
        x[begin : begin + len(other)] += other
    return replace(scene, samples=x)


def _speech(studio: Studio) -> FloatAudio:
    clips = studio.sources.speech
    clip = clips[int(studio.random.integers(len(clips)))][:_MOST_SAMPLES]
    coloured = apply_filters(Clip(to_float(clip)), studio).samples
    return coloured * np.float32(studio.gain(*studio.config.other_speech_db))
