"""How loud the recording is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio


def set_level(scene: Scene, studio: Studio) -> Scene:
    """Gives the scene a random peak."""
    if scene.level_db is None:
        return scene
    factor = studio.gain(*scene.level_db) / (np.abs(scene.samples).max() + 1e-6)
    return replace(scene, samples=scene.samples * factor)
