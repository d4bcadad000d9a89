"""Pruning of whole channels: those whose weights are least in sum become 0, and stay 0.

What a model computes beside them is all that the compiler keeps (``compiler/channels``). Which channels are pruned
stands in the weights themselves, so a resumed training goes on with the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from wwtool.models.network import FloatLayer
from wwtool.training.course import Course
from wwtool.training.qat_layers import QuantLayer


def prune(model: nn.Module, course: Course) -> None:
    """Sets a share of the channels of every convolution to 0, at the step of the float stage at which that is due."""
    settings = course.config.optimization
    if course.stage.network == "float" and course.step == round(settings.prune_at * course.stage.steps):
        prune_now(model, settings.prune)


def prune_now(model: nn.Module, share: float) -> None:
    """Sets a share of the channels of every convolution to 0: those whose weights are least in sum."""
    if not share:
        return
    for weight, _ in _channels(model):
        sums = weight.detach().abs().sum(dim=(1, 2, 3))
        with torch.no_grad():
            weight[torch.argsort(sums)[: int(share * len(sums))]] = 0
    keep_pruned(model, pruned(model))


def pruned(model: nn.Module) -> list[Tensor]:
    """For every convolution that can be pruned, whether each of its channels is, (channels,)."""
    return [(weight.detach() == 0).flatten(1).all(dim=1) for weight, _ in _channels(model)]


def is_pruned(model: nn.Module) -> bool:
    """Whether any channel is."""
    return any(gone.any() for gone in pruned(model))


def keep_pruned(model: nn.Module, channels: list[Tensor]) -> None:
    """Makes the output of channels 0 again that a step has changed."""
    with torch.no_grad():
        for (weight, offsets), gone in zip(_channels(model), channels, strict=True):
            for values in (weight, *offsets):
                values[gone] = 0


def _channels(model: nn.Module) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Of all convolutions over channels but the one to the output: the weights, (channels, ...), and what is added."""
    for module in model.modules():
        if isinstance(module, FloatLayer) and module.conv.groups == 1 and module.conv.out_channels > 1:
            norm, bias = module.norm, module.conv.bias
            added = [] if norm is None or norm.running_mean is None else [norm.bias, norm.running_mean]
            yield module.conv.weight, added if bias is None else [*added, bias]
        elif isinstance(module, QuantLayer) and module.groups == 1 and len(module.weight) > 1:
            yield module.weight, [module.bias]
