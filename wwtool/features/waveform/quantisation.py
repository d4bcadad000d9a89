"""Few bits a sample: 8-bit converters and the mu-law of telephones (ITU-T G.711)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.data.utterance import FloatAudio
from wwtool.features.waveform.studio import Scene, Studio

_MU = np.float32(255.0)
_STEPS = np.float32(127.0)
_MU_LAW = 0.6


def quantise(scene: Scene, studio: Studio) -> Scene:
    """Rounds the samples to 8 bits by chance, evenly or by mu-law."""
    if not studio.chance(studio.config.quantisation_chance):
        return scene
    return replace(scene, samples=(mu_law if studio.chance(_MU_LAW) else eight_bits)(scene.samples))


def eight_bits(x: FloatAudio) -> FloatAudio:
    return np.asarray(np.rint(np.clip(x, -1.0, 1.0) * _STEPS) / _STEPS, np.float32)


def mu_law(x: FloatAudio) -> FloatAudio:
    """Compressed by mu-law, rounded to 8 bits, expanded."""
    small = np.log1p(_MU * np.minimum(np.abs(x), 1.0)) / np.log1p(_MU)
    return np.asarray(np.sign(x) * np.expm1(eight_bits(small) * np.log1p(_MU)) / _MU, np.float32)
