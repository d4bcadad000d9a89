"""The random generators of a training. What they draw depends on nothing but the seed and what the draw is for.

A generator is seeded with three numbers: the seed of the config, the first eight bytes of the SHA-256 of its purpose
(little-endian), and the step. The purpose of a batch is "stage " and the stage's whole name, so that no two stages draw
the same.
"""

from __future__ import annotations

import hashlib

import numpy as np


def step_generator(seed: int, stage: str, step: int) -> np.random.Generator:
    """For the batch of a step: a training that is resumed draws what one that was not interrupted does."""
    return _generator(seed, f"stage {stage}", step)


def calibration_generator(seed: int) -> np.random.Generator:
    """For the windows from which the quantized network takes its first ranges."""
    return _generator(seed, "calibration", 0)


def soup_generator(seed: int) -> np.random.Generator:
    """For the windows from which the batch norms of a soup take their statistics."""
    return _generator(seed, "soup", 0)


def _generator(seed: int, purpose: str, step: int) -> np.random.Generator:
    number = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little")
    return np.random.default_rng([seed, number, step])
