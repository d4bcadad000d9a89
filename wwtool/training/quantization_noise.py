"""What 8 bits cost a network, layer by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from wwtool.training.qat import QatNet

_MOST_DB = 120.0  # where nothing is lost


@dataclass(frozen=True)
class LayerNoise:
    """The signal-to-noise ratio of a layer's output: with all layers before it quantized, too."""

    layer: str
    snr_db: float


def layer_noise(net: QatNet, features: Tensor) -> list[LayerNoise]:
    """Each layer of a network on real features (batch, frames, channels), quantized against not quantized."""
    with torch.no_grad():
        exact, rounded = (dict(net.outputs(features, quantizing)) for quantizing in (False, True))
    return [LayerNoise(name, round(_snr(exact[name], rounded[name]), 2)) for name in exact]


def _snr(signal: Tensor, noisy: Tensor) -> float:
    noise, power = float((signal - noisy).square().sum()), float(signal.square().sum())
    if noise == 0.0:
        return _MOST_DB
    return min(_MOST_DB, 10.0 * math.log10(power / noise)) if power > 0.0 else 0.0
