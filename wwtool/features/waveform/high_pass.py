"""Small loudspeakers and microphones: without low frequencies."""

from __future__ import annotations

import numpy as np

from wwtool.features.waveform.studio import Filter, Studio


def high_pass(studio: Studio) -> Filter | None:
    """Removes what lies below a random frequency, by a slope of second order, or leaves the clip as it is."""
    if not studio.chance(studio.config.high_pass_chance):
        return None
    cut_off_hz = studio.random.uniform(*studio.config.high_pass_hz)
    return Filter(shape=lambda gain, hz: gain / np.sqrt(1.0 + (cut_off_hz / (hz + 1.0)) ** 4))
