"""White noise at a random level: no recording chain is silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio

_QUIETEST = 1e-6


def add_noise_floor(scene: Scene, studio: Studio) -> Scene:
    """Adds the noise of a microphone and its amplifier, which does not drown a quiet clip."""
    config = studio.config
    low, high = config.noise_floor_db
    peak_db = 20.0 * np.log10(np.abs(scene.samples).max(initial=_QUIETEST))
    loudest = float(np.clip(peak_db - config.noise_floor_distance_db, low, high))
    level = np.float32(studio.gain(low, loudest))
    floor = studio.random.standard_normal(len(scene.samples), np.float32) * level
    return replace(scene, samples=scene.samples + floor)
