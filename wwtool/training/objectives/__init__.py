"""What training makes small: one objective a file, all of them in the registries here and in ``parts``."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.config import TrainConfig
from wwtool.training.objectives.combined import Combined
from wwtool.training.objectives.objective import Objective
from wwtool.training.objectives.parts import PARTS

OBJECTIVES: Registry[type[Objective]] = Registry(
    "train.objective",
    {name: member for name, member in PARTS.items() if member.trains_head} | {"combined": Combined},
)


def check_objective(config: TrainConfig) -> None:
    """Does nothing, unless the config's objective is not known or its parts teach the model nothing.

    Raises:
        InputError: that is so; the message names the key and what it may be.
    """
    PARTS.check(list(config.loss.parts))
    OBJECTIVES.member(config.objective)(config)
