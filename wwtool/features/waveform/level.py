"""How loud the recording is: more often loud than quiet, as people speak to a device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio


def set_level(scene: Scene, studio: Studio) -> Scene:
    """Gives the scene a random peak: the louder of two draws."""
    if scene.level_db is None:
        return scene
    factor = max(studio.gain(*scene.level_db), studio.gain(*scene.level_db)) / (np.abs(scene.samples).max() + 1e-6)
    return replace(scene, samples=scene.samples * factor)
