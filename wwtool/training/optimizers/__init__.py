"""How weights follow their gradients: one optimizer a file, all of them in the registry here.

A member is given the parameters, the first learning rate and the config. Whatever state it keeps as tensors of a
parameter's shape, or as scalars, is saved in checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from wwtool.base.registry import Registry
from wwtool.config import TrainConfig
from wwtool.training.optimizers.adamw import adamw
from wwtool.training.optimizers.lion import lion
from wwtool.training.optimizers.sgd import sgd

OPTIMIZERS: Registry[Callable[[list[nn.Parameter], float, TrainConfig], torch.optim.Optimizer]] = Registry(
    "train.optimizer", {"adamw": adamw, "sgd": sgd, "lion": lion}
)
