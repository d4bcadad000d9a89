"""Masks over channels and frames (SpecAugment, Park et al. 2019)."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from wwtool.config.augment import SpectrogramConfig
from wwtool.features.spectrogram.drawn import beside


def channel_mask(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """Silences some neighbouring channels of some windows; features are (batch, frames, channels)."""
    return features.masked_fill(_mask(features, 2, config.mask_channels, random, config)[:, None, :], 0.0)


def frame_mask(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """Silences some neighbouring frames of some windows; features are (batch, frames, channels)."""
    return features.masked_fill(_mask(features, 1, config.mask_frames, random, config)[:, :, None], 0.0)


def _mask(
    features: Tensor, dimension: int, widest: int, random: np.random.Generator, config: SpectrogramConfig
) -> Tensor:  # fmt: skip
    """(batch, size of the dimension): True where a window is silenced."""
    batch, size = features.shape[0], features.shape[dimension]
    width = random.integers(0, widest + 1, size=batch)
    start = random.integers(0, size, size=batch)
    applied = random.random(batch) < config.mask_chance
    at = np.arange(size)
    return beside(features, (at >= start[:, None]) & (at < (start + width)[:, None]) & applied[:, None])
