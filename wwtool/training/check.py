"""Whether a config names parts of a training that there are."""

from __future__ import annotations

from wwtool.config import TrainConfig
from wwtool.training.averaging import AVERAGING
from wwtool.training.mining import MINING
from wwtool.training.objectives import OBJECTIVES
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.schedules import SCHEDULES


def check_parts(config: TrainConfig) -> None:
    """Does nothing, unless a part is not known.

    Raises:
        InputError: the message names the key and all members that may stand there.
    """
    OBJECTIVES.member(config.objective)
    OPTIMIZERS.member(config.optimizer)
    SCHEDULES.member(config.schedule)
    AVERAGING.member(config.averaging)
    MINING.member(config.mining)
