"""Too loud for the converter: hard clipping, or an amplifier that saturates softly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio

_SOFT = 0.5


def clip(scene: Scene, studio: Studio) -> Scene:
    """Cuts the peaks off by chance; the scene keeps its peak."""
    if not studio.chance(studio.config.clipping_chance):
        return scene
    peak = np.float32(np.abs(scene.samples).max() + 1e-6)
    x = scene.samples * np.float32(studio.gain(*studio.config.clipping_db)) / peak
    x = np.tanh(x) if studio.chance(_SOFT) else np.clip(x, -1.0, 1.0)
    return replace(scene, samples=np.asarray(x * (peak / (np.abs(x).max() + 1e-6)), np.float32))
