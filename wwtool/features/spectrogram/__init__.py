"""Transforms of windows of features, drawn anew for every batch: a registry, and the chain that a config makes of it.

Windows are real features (batch, frames, channels), from 0 to ``LARGEST_FEATURE``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from wwtool.base.registry import Registry
from wwtool.config.augment import SpectrogramConfig
from wwtool.features.spectrogram.gain_drift import gain_drift
from wwtool.features.spectrogram.masks import channel_mask, frame_mask
from wwtool.features.spectrogram.warp import warp

TRANSFORMS: Registry[Callable[[Tensor, np.random.Generator, SpectrogramConfig], Tensor]] = Registry(
    "augment.spectrogram.order",
    {"warp": warp, "gain_drift": gain_drift, "channel_mask": channel_mask, "frame_mask": frame_mask},
)


def vary(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """The windows through every transform that the config names, in its order."""
    for name in config.order:
        features = TRANSFORMS.member(name)(features, random, config)
    return features


def eased(config: SpectrogramConfig, strength: float) -> SpectrogramConfig:
    """The config with transforms that change only a share of what they usually do."""
    if strength >= 1.0:
        return config
    scaled = {
        key: getattr(config, key) * strength for key in ("time_warp", "channel_warp", "gain_drift", "mask_chance")
    }
    return config.model_copy(update=scaled)
