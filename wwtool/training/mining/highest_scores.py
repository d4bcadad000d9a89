"""Mines the windows that the network takes for the phrase most."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from wwtool.config import TrainConfig


def highest_scores(scores: npt.NDArray[np.float32], config: TrainConfig) -> npt.NDArray[np.int64]:
    """The ``mined_share`` of windows with the highest scores, those above ``mined_probability``, by rising position."""
    count = min(max(config.mined_least, int(len(scores) * config.mined_share)), len(scores))
    top = np.argpartition(-scores, count - 1)[:count]
    least = config.mined_probability
    return np.sort(top[scores[top] > math.log(least / (1.0 - least))])
