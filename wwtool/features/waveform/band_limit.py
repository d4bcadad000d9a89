"""Telephones and codecs: without high frequencies."""

from __future__ import annotations

import numpy as np

from wwtool.features.waveform.studio import Filter, Studio


def band_limit(studio: Studio) -> Filter | None:
    """Removes what lies above a random frequency, by a slope of eighth order, or leaves the clip as it is."""
    if not studio.chance(studio.config.band_limit_chance):
        return None
    cut_off_hz = studio.random.uniform(*studio.config.band_limit_hz)
    return Filter(shape=lambda gain, hz: gain / np.sqrt(1.0 + (hz / cut_off_hz) ** 16))
