"""The stages of a training, as data. A further stage is one more entry of ``STAGES``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from wwtool.config import TrainConfig
from wwtool.config.optimization import MOST_SOUP


@dataclass(frozen=True)
class Stage:
    """A part of a training: what trains, for how long, and by which members of the registries.

    Attributes:
        name: what events and checkpoints call the stage; "done" is not a stage.
        network: "float", or "int8" for the network with every tensor quantized as the device has it. A stage begins
            with the averaged weights of the stage before it. A stage of int8 is never followed by one of float.
        steps: number of batches.
        learning_rate: the schedule's highest rate.
        warmup: share of the steps in which the rate rises.
        mine_at: steps before which hard negatives are mined anew.
        objective, optimizer, schedule, averaging, mining: names in the registries.
        anew: it begins with the weights of the first stage instead, and the next stage with the mean of all of these.
    """

    name: str
    network: Literal["float", "int8"]
    steps: int
    learning_rate: float
    warmup: float
    mine_at: tuple[int, ...]
    objective: str
    optimizer: str
    schedule: str
    averaging: str
    mining: str
    anew: bool = False


def _float(config: TrainConfig) -> Stage:
    """The network as PyTorch has it, with hard negatives mined on the way."""
    mine_at = tuple(round(part * config.steps) for part in config.mine_at)
    return Stage(
        "float", "float", config.steps, config.learning_rate, config.warmup, mine_at,
        config.objective, config.optimizer, config.schedule, config.averaging, config.mining,
    )  # fmt: skip


def _qat(config: TrainConfig) -> Stage:
    """Fine-tuning of the quantized network."""
    return Stage(
        "qat", "int8", config.qat_steps, config.qat_learning_rate, config.qat_warmup, (),
        config.objective, config.optimizer, config.schedule, config.averaging, config.mining,
    )  # fmt: skip


def _adapt(config: TrainConfig) -> Stage:
    """Fine-tuning of a finished network with few recordings among what it was trained on."""
    adapt = config.adapt
    return Stage(
        "adapt", "int8", adapt.steps, adapt.learning_rate, config.qat_warmup, (0,),
        config.objective, config.optimizer, config.schedule, config.averaging, config.mining,
    )  # fmt: skip


STAGES: tuple[Callable[[TrainConfig], Stage], ...] = (_float, _qat)
"""The stages of every training, in order. The last one is of int8: that is the network which is exported."""


ADAPTATION: tuple[Callable[[TrainConfig], Stage], ...] = (_adapt,)
"""The stages of a training that begins with a finished model, in order."""


def stages_of(config: TrainConfig, adapts: bool = False, soup: int = 1) -> tuple[Stage, ...]:
    """The stages that a config describes, in order; with ``adapts``, those that follow a finished model.

    The first one is there ``soup`` times.
    """
    first, *others = (make(config) for make in (ADAPTATION if adapts else STAGES))
    again = [replace(first, name=f"{first.name}-{number}", anew=True) for number in range(2, soup + 1)]
    return first, *again, *others


def stage_names() -> set[str]:
    """Every name that a stage can have."""
    return {stage.name for adapts in (False, True) for stage in stages_of(TrainConfig(), adapts, MOST_SOUP)}
