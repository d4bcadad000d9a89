"""Hum of the mains in a recording chain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_MAINS_HZ = (50.0, 60.0)
_MOST_HARMONICS = 8


def add_mains_hum(scene: Scene, studio: Studio) -> Scene:
    """Adds a hum of 50 or 60 Hz and some harmonics, by chance."""
    if not studio.chance(studio.config.hum_chance):
        return scene
    random, count = studio.random, len(scene.samples)
    turns = np.arange(count) * (random.choice(_MAINS_HZ) / SAMPLE_RATE_HZ) + random.random()
    harmonics = 1 + np.arange(random.integers(1, _MOST_HARMONICS + 1))
    levels = random.uniform(0.0, 1.0, len(harmonics)) / harmonics
    hum = sum((a * np.sin(2 * np.pi * n * turns) for a, n in zip(levels, harmonics, strict=True)), np.zeros(count))
    factor = studio.gain(*studio.config.hum_db) / (np.sqrt(np.mean(np.square(hum))) + 1e-9)
    return replace(scene, samples=scene.samples + (hum * factor).astype(np.float32))
