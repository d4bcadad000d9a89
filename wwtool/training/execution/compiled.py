"""Compiled by PyTorch: fewer and larger operators, after a minute or so in which a C++ compiler or Triton works."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from wwtool.training.execution.forward import Forward


def compiled(forward: Forward) -> Callable[..., tuple[Tensor, Tensor]]:
    """Windows of every shape are compiled for themselves."""
    made: Callable[..., tuple[Tensor, Tensor]] = torch.compile(forward, dynamic=False)
    return made
