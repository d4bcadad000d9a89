"""White noise at a random level: no recording chain is silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio


def add_noise_floor(scene: Scene, studio: Studio) -> Scene:
    """Adds the noise of a microphone and its amplifier."""
    level = np.float32(studio.gain(*studio.config.noise_floor_db))
    floor = studio.random.standard_normal(len(scene.samples), np.float32) * level
    return replace(scene, samples=scene.samples + floor)
