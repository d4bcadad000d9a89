"""The frequency response of a microphone and of a voice, coarsely: nine points and a tilt."""

from __future__ import annotations

import numpy as np

from wwtool.features.waveform.studio import Filter, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_POINTS = 9
_NYQUIST_HZ = SAMPLE_RATE_HZ / 2
_SPACING = 1.4  # more points at low frequencies, where more of speech is


def equaliser(studio: Studio) -> Filter:
    """A random gain at each point, and a random tilt."""
    random, config = studio.random, studio.config
    points = random.uniform(*config.equaliser_db, _POINTS) + np.linspace(0.0, random.uniform(*config.tilt_db), _POINTS)
    at_hz = np.linspace(0.0, _NYQUIST_HZ, _POINTS) ** _SPACING / _NYQUIST_HZ ** (_SPACING - 1.0)
    return Filter(shape=lambda gain, hz: gain * 10.0 ** (np.interp(hz, at_hz, points) / 20.0))
