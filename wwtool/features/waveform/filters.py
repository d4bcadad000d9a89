"""The filters that a config names, applied together: one transform to frequencies and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from wwtool.base.registry import Registry
from wwtool.data.utterance import FloatAudio
from wwtool.features.waveform.band_limit import band_limit
from wwtool.features.waveform.equaliser import equaliser
from wwtool.features.waveform.high_pass import high_pass
from wwtool.features.waveform.microphone import microphone
from wwtool.features.waveform.room import room
from wwtool.features.waveform.studio import Clip, Filter, Studio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

MakeFilter = Callable[[Studio], Filter | None]
"""Draws a filter; None leaves the clip as it is."""

FILTERS: Registry[MakeFilter] = Registry(
    "augment.filters",
    {
        "room": room,
        "equaliser": equaliser,
        "microphone": microphone,
        "high_pass": high_pass,
        "band_limit": band_limit,
    },
)
_GRID_HZ = np.linspace(0.0, SAMPLE_RATE_HZ / 2, 513)


def apply_filters(clip: Clip, studio: Studio) -> Clip:
    """The clip through all filters, at a peak of 1. It grows by the reverberation of the rooms."""
    drawn = [FILTERS.member(name)(studio) for name in studio.config.filters]
    filters = [one for one in drawn if one is not None]
    impulses = [one.impulse for one in filters if one.impulse is not None]
    tail = sum(map(len, impulses))
    size = next_fast_len(len(clip.samples) + tail, True)
    spectrum = rfft(clip.samples, size)
    for impulse in impulses:
        spectrum = spectrum * rfft(impulse, size)
    y = irfft(spectrum * _gain(filters, len(spectrum)), size)[: len(clip.samples) + tail]
    from_noise = next((one.from_noise for one in filters if one.from_noise is not None), clip.from_noise)
    return replace(clip, samples=to_peak(y), tail_samples=clip.tail_samples + tail, from_noise=from_noise)


def _gain(filters: list[Filter], bins: int) -> FloatAudio:
    """The product of the shapes. They are smooth, so a coarse grid of frequencies is enough."""
    gain = np.ones(len(_GRID_HZ))
    for one in filters:
        gain = gain if one.shape is None else one.shape(gain, _GRID_HZ)
    at = np.linspace(0.0, SAMPLE_RATE_HZ / 2, bins)
    return np.interp(at, _GRID_HZ, gain).astype(np.float32)


def to_peak(x: FloatAudio) -> FloatAudio:
    """The same at a peak of 1."""
    return np.asarray(x / (np.abs(x).max() + np.float32(1e-6)), np.float32)
