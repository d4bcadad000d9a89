"""Another rhythm and another vocal tract: synthetic voices have too few of both."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wwtool.config.augment import SpectrogramConfig
from wwtool.features.spectrogram.drawn import beside

_RHYTHM_POINTS = 14
_WHOLE_WINDOW = 0.7  # largest logarithmic speed of a window as a whole, before it is scaled by time_warp
_SLOWEST, _FASTEST = -0.7, 0.5  # logarithms of the local speed
_TILT, _TILT_CENTRE = 0.6, 0.3  # how much more one end of the channels moves, and the part of them that does not


def warp(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """Speaks the windows with another rhythm, and moves their channels; features are (batch, frames, channels).

    ``time_warp`` is the spread of the local logarithmic speed, drawn at 14 points of the window, whose end stays in
    place. ``channel_warp`` is the largest shift of the channels. If both are 0, nothing is drawn.
    """
    time, shift = config.time_warp, config.channel_warp
    if time == 0.0 and shift == 0.0:
        return features
    batch, frames, channels = features.shape
    at_frame = _frames(features, random, time, config.unwarped)
    at_channel = _channels(features, random, shift)
    x = (at_channel.clamp(0.0, channels - 1.0) / (channels - 1) * 2 - 1)[:, None, :].expand(batch, frames, channels)
    y = (at_frame / (frames - 1) * 2 - 1)[:, :, None].expand(batch, frames, channels)
    return F.grid_sample(features[:, None], torch.stack([x, y], -1), align_corners=True)[:, 0]


def _frames(features: Tensor, random: np.random.Generator, time: float, unwarped: float) -> Tensor:
    """(batch, frames): the frame of the original at which each new frame is read."""
    batch, frames, _ = features.shape
    local = beside(features, random.standard_normal((batch, 1, _RHYTHM_POINTS), np.float32))
    whole = beside(features, random.uniform(-_WHOLE_WINDOW, _WHOLE_WINDOW, (batch, 1)).astype(np.float32))
    speed = (F.interpolate(local, size=frames, mode="linear")[:, 0] + whole) * time
    steps = torch.exp(speed.clamp(_SLOWEST, _FASTEST))
    as_spoken = beside(features, random.random((batch, 1)) < unwarped)
    steps = torch.where(as_spoken, torch.ones_like(steps), steps)
    # Walk back from the last frame: the window's end, where the word ends, stays where it is.
    back = torch.flip(torch.cumsum(torch.flip(steps, [1]), 1), [1]) - steps
    return (frames - 1 - back).clamp(0.0, frames - 1.0)


def _channels(features: Tensor, random: np.random.Generator, largest: float) -> Tensor:
    """(batch, channels): the channel of the original at which each new channel is read."""
    batch, _, channels = features.shape
    at = torch.arange(channels, dtype=torch.float32, device=features.device)[None].repeat(batch, 1)
    shift, tilt = (beside(features, random.uniform(-1.0, 1.0, (batch, 1)).astype(np.float32)) for _ in range(2))
    return at + largest * (shift + _TILT * tilt * (at / (channels - 1) - _TILT_CENTRE))
