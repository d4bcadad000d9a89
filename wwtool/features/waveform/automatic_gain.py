"""Automatic gain, as phones, laptops and conference programs have it: quiet speech and the noise between are raised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.data.utterance import FloatAudio
from wwtool.features.waveform.studio import Scene, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_BLOCK = SAMPLE_RATE_HZ // 100
_ATTACK_S = (0.005, 0.05)
_RATIO = (2.0, 10.0)  # dB in for a dB out
_QUIETEST = 1e-5


def automatic_gain(scene: Scene, studio: Studio) -> Scene:
    """Compresses the scene by chance. The loudest place keeps its level."""
    if not studio.chance(studio.config.gain_control_chance):
        return scene
    config, random = studio.config, studio.random
    attack, release = (float(_keep(random.uniform(*s))) for s in (_ATTACK_S, config.gain_control_release_s))
    power, most = 1.0 - 1.0 / random.uniform(*_RATIO), studio.gain(*config.gain_control_db)
    levels = _levels(scene.samples)
    followed, level = np.empty(len(levels)), float(levels[0])
    for i, now in enumerate(levels.tolist()):
        keep = attack if now > level else release
        level = keep * level + (1.0 - keep) * now
        followed[i] = level
    gain = np.minimum((followed.max() / followed) ** power, most)
    at = (np.arange(len(levels)) + 0.5) * _BLOCK
    curve = np.interp(np.arange(len(scene.samples)), at, gain).astype(np.float32)
    return replace(scene, samples=scene.samples * curve)


def _levels(x: FloatAudio) -> FloatAudio:
    """RMS of each 10 ms; the last block may be shorter."""
    padded = np.pad(x, (0, -len(x) % _BLOCK)).reshape(-1, _BLOCK)
    return np.asarray(np.sqrt(np.square(padded).mean(axis=1)) + _QUIETEST, np.float32)


def _keep(seconds: float) -> float:
    """The share of an average that a block of 10 ms keeps."""
    return float(np.exp(-_BLOCK / SAMPLE_RATE_HZ / seconds))
