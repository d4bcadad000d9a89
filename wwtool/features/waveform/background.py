"""Backgrounds: recorded noise, people talking, computed sounds, and noise of a random colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.data.audio import Audio
from wwtool.data.utterance import FloatAudio, rms
from wwtool.features.waveform.studio import Scene, Studio

_MOST_VOICES = 4  # of babble
_STEEPEST = 0.9  # exponent of the frequency by which shaped noise falls; 0 is white, 0.5 pink


def background(count: int, studio: Studio) -> FloatAudio:
    """``count`` samples of noise with an RMS of 1."""
    config, random, noise, babble = studio.config, studio.random, studio.sources.noise, studio.sources.babble
    sounds, pick = studio.sources.sounds, random.random()
    if noise and pick < config.recorded_noise:
        z = _piece(noise, count, random)
    elif len(babble) > count and pick < config.recorded_noise + config.babble:
        z = np.zeros(count, np.float32)
        for _ in range(int(random.integers(1, _MOST_VOICES + 1))):
            start = int(random.integers(len(babble) - count))
            z += babble[start : start + count]
    elif sounds and studio.chance(config.computed_sounds):
        z = _piece(sounds[int(random.integers(len(sounds)))], count, random)
    else:
        z = _shaped_noise(count, random)
    return np.asarray(z / (rms(z) + 1e-3), np.float32)


def add_background(scene: Scene, studio: Studio) -> Scene:
    """Adds a background at a random signal-to-noise ratio."""
    if scene.snr_db is None:
        return scene
    # A model trained on noisy words alone misses the clean ones.
    clean = scene.clean_share > 0.0 and studio.chance(scene.clean_share)
    snr_db = studio.random.uniform(*(studio.config.clean_snr_db if clean else scene.snr_db))
    level = np.float32(scene.speech_rms * 10.0 ** (-snr_db / 20.0))
    noise = background(len(scene.samples), studio)
    if scene.from_noise is not None:
        noise = _through(noise, scene.from_noise)
    return replace(scene, samples=scene.samples + noise * level)


def _through(noise: FloatAudio, response: FloatAudio) -> FloatAudio:
    """The noise at the other end of a room, at an RMS of 1."""
    size = next_fast_len(len(noise) + len(response), True)
    z = irfft(rfft(noise, size) * rfft(response, size), size)[: len(noise)]
    return np.asarray(z / rms(z), np.float32)


def _piece(clips: Sequence[Audio], count: int, random: np.random.Generator) -> FloatAudio:
    """A clip from a random place on, around its end if it is short."""
    clip = clips[int(random.integers(len(clips)))]
    at = (int(random.integers(len(clip))) + np.arange(count)) % len(clip)
    return clip[at].astype(np.float32)


def _shaped_noise(count: int, random: np.random.Generator) -> FloatAudio:
    size = next_fast_len(count, True)
    spectrum = rfft(random.standard_normal(count, np.float32), size)
    spectrum /= (np.arange(len(spectrum)) + 20.0) ** random.uniform(0.0, _STEEPEST)
    return np.asarray(irfft(spectrum, size)[:count], np.float32)
