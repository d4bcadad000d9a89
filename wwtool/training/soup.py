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
from wwtool.training.checkpoint import with_prefix

_PREFIX, _COUNT = "soup.", "soup_members"


class Soup:
    """The sum of the networks that were added."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._members = 0

    @property
    def is_empty(self) -> bool:
        return not self._members

    def add(self, network: Network) -> None:
        self._sums, self._members = self._with(network), self._members + 1

    def mixed(self, network: Network) -> Network:
        """The mean of a further network and all that were added. Its batch norms have yet to see windows."""
        mean, counters = copy.deepcopy(network), network.state_dict()
        mean.load_state_dict(counters | {name: x / (self._members + 1) for name, x in self._with(network).items()})
        return mean

    def tensors(self) -> dict[str, Tensor]:
        """All that a checkpoint must hold."""
        if not self._members:
            return {}
        return {_PREFIX + name: x for name, x in self._sums.items()} | {_COUNT: torch.tensor(self._members)}

    def restore(self, tensors: dict[str, Tensor], network: Network) -> None:
        """The inverse of ``tensors``; raises ValueError if the sums are not those of networks like ``network``."""
        if _COUNT not in tensors:
            return
        sums = with_prefix(tensors, _PREFIX)
        if tensors[_COUNT].numel() != 1 or not 0 < int(tensors[_COUNT]) < MOST_SOUP:
            raise ValueError("the number of networks is wrong")
        if {name: x.shape for name, x in sums.items()} != {name: x.shape for name, x in _numbers(network).items()}:
            raise ValueError("the sums are of other networks")
        self._sums, self._members = sums, int(tensors[_COUNT])

    def _with(self, network: Network) -> dict[str, Tensor]:
        own = _numbers(network)
        return {name: x + self._sums[name] if self._sums else x.clone() for name, x in own.items()}


def _numbers(network: Network) -> dict[str, Tensor]:
    """Weights and statistics, on the CPU, without the counters of batch norms."""
    return {name: x.detach().cpu() for name, x in network.state_dict().items() if x.dtype.is_floating_point}


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
