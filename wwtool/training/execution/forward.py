"""A network's way from windows to logits as one function of tensors, which can be compiled or recorded."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from wwtool.models.network import Network
from wwtool.training.qat import QatNet


class Forward(nn.Module):
    """What objectives look at, in float32, from a network that computes with numbers of type ``numbers``."""

    def __init__(self, network: Network | QatNet, numbers: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.network, self.numbers = network, numbers

    def forward(self, features: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Real features (batch, frames, channels) to what the head reads, (batch, numbers), and logits, (batch,).

        ``kept``: a factor of every channel that the head reads, (batch, channels, 1, 1); None: dropout is off.
        """
        network, mixed = self.network, self.numbers is not torch.float32
        with torch.autocast(features.device.type, self.numbers, enabled=mixed, cache_enabled=False):
            hidden = network.hidden(features)
            if kept is not None:
                hidden = hidden * kept
            logits = network.logits(hidden)[:, -1]
        return hidden.flatten(1).float(), logits.float()

    def mode(self) -> tuple[object, ...]:
        """What changes the computation beside the input: which parts of the network train."""
        trains = tuple(module.training for module in self.network.modules())
        return trains, tuple(parameter.requires_grad for parameter in self.network.parameters())
