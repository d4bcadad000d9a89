"""Which learning rate to train with: steps at rates that rise until the loss does (Smith 2017, arXiv:1506.01186)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 120
_MEMORY = 0.9  # of the mean over steps
_ASTRAY = 4.0  # times the best loss: what follows tells nothing
_FEWEST = 5


@dataclass(frozen=True)
class RangeTest:
    """The mean losses at rising rates, and the rate at which the loss falls fastest."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float


def rates(count: int = STEPS) -> list[float]:
    """Rates from 1e-6 to 1, each the same factor above the one before."""
    return [LOWEST * (HIGHEST / LOWEST) ** (number / (count - 1)) for number in range(count)]


def is_astray(losses: Sequence[float]) -> bool:
    """Whether the last loss is not a number, or so high that training no longer works."""
    return not math.isfinite(losses[-1]) or losses[-1] > _ASTRAY * min(losses)


def evaluated(tried: Sequence[float], losses: Sequence[float]) -> RangeTest:
    """The suggestion of a test that went as far as there are losses.

    It is the rate of the steepest fall of the mean loss over the logarithm of the rate, before the lowest mean.
    """
    means, mean = [], 0.0
    for number, loss in enumerate(loss for loss in losses if math.isfinite(loss)):
        mean = _MEMORY * mean + (1.0 - _MEMORY) * loss
        means.append(mean / (1.0 - _MEMORY ** (number + 1)))
    used = tuple(tried[: len(means)])
    lowest = max(_FEWEST, means.index(min(means)))
    falls = [means[i - 1] - means[i + 1] for i in range(1, min(lowest, len(means) - 1))]
    steepest = max(range(len(falls)), key=lambda i: falls[i]) + 1 if falls else 0
    return RangeTest(used, tuple(means), used[steepest] if used else LOWEST)
