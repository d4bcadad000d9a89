"""Faster and slower speech, by resampling: the pitch moves with the speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr

from wwtool.features.waveform.studio import Clip, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ


def change_speed(clip: Clip, studio: Studio) -> Clip:
    """Speaks the clip at another speed. What would lie above half the sample rate is filtered out."""
    if not studio.chance(studio.config.speed_chance):
        return clip
    factor = float(studio.random.uniform(*studio.config.speed))
    samples = np.asarray(soxr.resample(clip.samples, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ, "MQ"), np.float32)
    return replace(clip, samples=samples, speed=clip.speed * factor)
