"""Which negatives are hard: one method a file, all of them in the registry here.

A member is given the scores (logits) of a pool's windows and returns the positions of those to keep, rising.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from wwtool.base.registry import Registry
from wwtool.config import TrainConfig
from wwtool.training.mining.highest_scores import highest_scores

MINING: Registry[Callable[[npt.NDArray[np.float32], TrainConfig], npt.NDArray[np.int64]]] = Registry(
    "train.mining", {"highest_scores": highest_scores}
)
