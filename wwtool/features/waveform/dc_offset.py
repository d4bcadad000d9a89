"""A constant added to all samples, as by cheap analogue-to-digital converters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Scene, Studio


def add_dc_offset(scene: Scene, studio: Studio) -> Scene:
    """Shifts the scene up or down by chance."""
    if not studio.chance(studio.config.offset_chance):
        return scene
    offset = studio.gain(*studio.config.offset_db) * (1.0 if studio.chance(0.5) else -1.0)
    return replace(scene, samples=scene.samples + np.float32(offset))
