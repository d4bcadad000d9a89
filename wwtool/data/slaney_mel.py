"""Slaney's mel filters (Auditory Toolbox, 1998), which networks trained elsewhere hear through."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from wwtool.frontend.geometry import SAMPLE_RATE_HZ


@cache
def mel_filters(window: int, channels: int) -> npt.NDArray[np.float32]:
    """Triangles of equal area from 0 to 8 kHz for windows of so many samples, (window // 2 + 1, channels)."""
    top = 15.0 + 27.0 * np.log(SAMPLE_RATE_HZ / 2000.0) / np.log(6.4)
    edges = _hz(np.linspace(0.0, top, channels + 2))
    hz = np.fft.rfftfreq(window, 1 / SAMPLE_RATE_HZ)[:, None]
    rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    triangles = np.clip(np.minimum(rising, falling), 0.0, None)
    return np.asarray(triangles * 2.0 / (edges[2:] - edges[:-2]), np.float32)


def _hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear below 15 mel (1000 Hz), logarithmic above."""
    return np.where(mel >= 15.0, 1000.0 * np.exp((mel - 15.0) * np.log(6.4) / 27.0), mel * 200.0 / 3.0)
