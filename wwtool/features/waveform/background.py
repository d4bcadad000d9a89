"""Backgrounds: recorded noise, people talking, and noise of a random colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.data.utterance import FloatAudio, rms
from wwtool.features.waveform.studio import Scene, Studio

_MOST_VOICES = 4  # of babble
_STEEPEST = 0.9  # exponent of the frequency by which shaped noise falls; 0 is white, 0.5 pink


def background(count: int, studio: Studio) -> FloatAudio:
    """``count`` samples of noise with an RMS of 1."""
    config, random, noise, babble = studio.config, studio.random, studio.sources.noise, studio.sources.babble
    pick = random.random()
    if noise and pick < config.recorded_noise:
        clip = noise[int(random.integers(len(noise)))].astype(np.float32)
        clip = np.roll(clip, int(random.integers(len(clip))))
        z = np.tile(clip, count // len(clip) + 1)[:count]
    elif len(babble) > count and pick < config.recorded_noise + config.babble:
        z = np.zeros(count, np.float32)
        for _ in range(int(random.integers(1, _MOST_VOICES + 1))):
            start = int(random.integers(len(babble) - count))
            z += babble[start : start + count]
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
    return replace(scene, samples=scene.samples + background(len(scene.samples), studio) * level)


def _shaped_noise(count: int, random: np.random.Generator) -> FloatAudio:
    size = next_fast_len(count, True)
    spectrum = rfft(random.standard_normal(count, np.float32), size)
    spectrum /= (np.arange(len(spectrum)) + 20.0) ** random.uniform(0.0, _STEEPEST)
    return np.asarray(irfft(spectrum, size)[:count], np.float32)
