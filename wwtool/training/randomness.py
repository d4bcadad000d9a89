"""The random generators of a training. What they draw depends on nothing but the seed and what the draw is for."""

from __future__ import annotations

import numpy as np

_CALIBRATION = 99  # no stage has a name of that length


def step_generator(seed: int, stage: str, step: int) -> np.random.Generator:
    """For the batch of a step: a training that is resumed draws what one that was not interrupted does."""
    return np.random.default_rng([seed, len(stage), step])


def calibration_generator(seed: int) -> np.random.Generator:
    """For the windows from which the quantized network takes its first ranges."""
    return np.random.default_rng([seed, _CALIBRATION])
