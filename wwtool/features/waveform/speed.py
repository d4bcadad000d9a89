"""Faster and slower speech, by resampling: the pitch moves with the speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.features.waveform.studio import Clip, Studio


def change_speed(clip: Clip, studio: Studio) -> Clip:
    """Speaks the clip at another speed."""
    if not studio.chance(studio.config.speed_chance):
        return clip
    x = clip.samples
    factor = studio.random.uniform(*studio.config.speed)
    samples = np.interp(np.arange(0, len(x) - 1, factor), np.arange(len(x)), x).astype(np.float32)
    return replace(clip, samples=samples, speed=clip.speed * float(factor))
