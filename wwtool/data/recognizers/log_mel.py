"""The spectrogram that Whisper hears: 80 mel channels of 30 seconds (Radford et al. 2022, section 2.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wwtool.data.audio import Audio
from wwtool.data.slaney_mel import mel_filters
from wwtool.data.utterance import to_float
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_WINDOW, _HOP, _CHANNELS, _FRAMES = 400, SAMPLE_RATE_HZ // 100, 80, 3000


def log_mel(clip: Audio) -> npt.NDArray[np.float32]:
    """Log-mel energies, (80, 3000), of the first 30 seconds; shorter clips are followed by silence."""
    samples = np.zeros(_FRAMES * _HOP, np.float32)
    beginning = to_float(clip[: len(samples)])
    samples[: len(beginning)] = beginning
    padded = np.pad(samples, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:_FRAMES]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW + 1)[:-1], axis=1)))
    decades = np.log10(np.maximum(power @ mel_filters(_WINDOW, _CHANNELS), 1e-10)).T
    return np.ascontiguousarray((np.maximum(decades, decades.max() - 8.0) + 4.0) / 4.0, np.float32)
