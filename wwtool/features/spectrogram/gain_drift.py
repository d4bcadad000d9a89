"""Another microphone: a gain that changes slowly over the channels."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wwtool.config.augment import SpectrogramConfig
from wwtool.features.spectrogram.drawn import beside
from wwtool.models.quantized import INPUT_SCALE

_POINTS = 9
LARGEST_FEATURE = round(255 * INPUT_SCALE.scale, 3)  # what int8 can hold


def gain_drift(features: Tensor, random: np.random.Generator, config: SpectrogramConfig) -> Tensor:
    """Adds a random gain to each channel of features (batch, frames, channels); silence stays silent."""
    batch, _, channels = features.shape
    drift = beside(features, random.standard_normal((batch, 1, _POINTS), np.float32)) * config.gain_drift
    drift = F.interpolate(drift, size=channels, mode="linear")
    return torch.where(features > 0, (features + drift).clamp(0.0, LARGEST_FEATURE), features)
