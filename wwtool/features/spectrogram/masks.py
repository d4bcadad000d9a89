"""Masks over channels and frames (SpecAugment, Park et al. 2019)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from wwtool.config.augment import SpectrogramConfig


def channel_mask(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """Silences some neighbouring channels of some windows; features are (batch, frames, channels)."""
    batch, _, channels = features.shape
    return features.masked_fill(_mask(batch, channels, config.mask_channels, random, config)[:, None, :], 0.0)


def frame_mask(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """Silences some neighbouring frames of some windows; features are (batch, frames, channels)."""
    batch, frames, _ = features.shape
    return features.masked_fill(_mask(batch, frames, config.mask_frames, random, config)[:, :, None], 0.0)


def _mask(batch: int, size: int, widest: int, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """(batch, size): True where a window is silenced."""
    width = random.integers(0, widest + 1, size=batch)
    start = random.integers(0, size, size=batch)
    applied = random.random(batch) < config.mask_chance
    at = np.arange(size)
    return torch.from_numpy((at >= start[:, None]) & (at < (start + width)[:, None]) & applied[:, None])
