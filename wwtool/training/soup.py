"""A soup of models (Wortsman et al. 2022): the mean of networks that were trained from the same weights on.

Each of them saw other windows. What they learnt of the phrase is common to all; what each learnt of its windows alone
is not, and the mean has less of it. Networks that begin with drawn weights have no such mean: what a channel is for
differs from one to the other.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from wwtool.config.optimization import MOST_SOUP
from wwtool.models.network import Network
from wwtool.training.averaging.blend import blend
from wwtool.training.checkpoint import with_prefix

_PREFIX, _COUNT = "soup.", "soup_members"


class Soup:
    """The mean of the networks that were added.

    Attributes:
        mean: its batch norms have yet to see windows; None: nothing was added.
        members: how many were.
    """

    def __init__(self) -> None:
        self.mean: Network | None = None
        self.members = 0

    def add(self, network: Network) -> None:
        self.members += 1
        if self.mean is None:
            self.mean = copy.deepcopy(network)
        else:
            blend(self.mean, network, 1.0 / self.members)

    def tensors(self) -> dict[str, Tensor]:
        """All that a checkpoint must hold."""
        if self.mean is None:
            return {}
        mean = {_PREFIX + name: x for name, x in self.mean.state_dict().items()}
        return mean | {_COUNT: torch.tensor(self.members)}

    def restore(self, tensors: dict[str, Tensor], network: Network) -> None:
        """The inverse of ``tensors``; ``network`` becomes the mean.

        Raises:
            RuntimeError, ValueError: the tensors are those of another network.
        """
        if _COUNT not in tensors:
            return
        if tensors[_COUNT].numel() != 1 or not 0 < int(tensors[_COUNT]) < MOST_SOUP:
            raise ValueError("the number of networks is wrong")
        network.load_state_dict(with_prefix(tensors, _PREFIX))
        self.mean, self.members = network, int(tensors[_COUNT])


def renew_norms(network: Network, batches: Iterable[Tensor]) -> None:
    """Makes the statistics of all batch norms the mean over ``batches`` of features, (batch, frames, bands) each."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momentum = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean
    network.train()
    with torch.no_grad():
        for features in batches:
            network(features)
    for norm, before in zip(norms, momentum, strict=True):
        norm.momentum = before
    network.eval()
