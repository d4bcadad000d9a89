"""Whether one detector is better than another on the same clips, or chance could have made the difference."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

_DRAWS = 10_000


@dataclass(frozen=True)
class Difference:
    """The second minus the first: its value, its 95 % interval, and the chance of one as large where there is none."""

    value: float
    interval: tuple[float, float]
    p: float


def recall_difference(
    first: Sequence[bool], second: Sequence[bool], groups: Sequence[Hashable] | None = None, seed: int = 0
) -> Difference:  # fmt: skip
    """The difference of two recalls on the same clips, by paired bootstrap.

    Clips are drawn with replacement, each with what both detectors make of it (Efron and Tibshirani 1993). With
    ``groups``, one of each clip, whole groups are drawn: clips of one speaker are alike.
    """
    if not first or len(first) != len(second):
        raise ValueError("a pair of recalls needs the same clips, at least one")
    apart = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    members = np.unique(np.arange(len(apart)) if groups is None else numbered(groups), return_inverse=True)[1]
    sums = np.bincount(members, apart)
    sizes = np.bincount(members).astype(np.float64)
    chosen = np.random.default_rng(seed).integers(len(sums), size=(_DRAWS, len(sums)))
    means = sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1)
    value = float(apart.mean())
    low, high = (float(x) for x in np.quantile(means, [0.025, 0.975]))
    beyond = min(float((means <= 0.0).mean()), float((means >= 0.0).mean()))
    return Difference(value, (low, high), min(1.0, 2.0 * max(beyond, 1.0 / _DRAWS)) if value else 1.0)


def rate_difference(first: int, first_hours: float, second: int, second_hours: float) -> Difference | None:
    """The difference of two rates of false alarms an hour, by the exact conditional test; None without hours.

    Given their sum, the second count is binomial where both rates are the same (Przyborowski and Wilenski 1940).
    """
    if first_hours <= 0.0 or second_hours <= 0.0:
        return None
    value = second / second_hours - first / first_hours
    spread = 1.96 * float(np.sqrt(first / first_hours**2 + second / second_hours**2))
    share = second_hours / (first_hours + second_hours)
    p = float(binomtest(second, first + second, share).pvalue) if first + second else 1.0
    return Difference(value, (value - spread, value + spread), p)


def numbered(groups: Iterable[Hashable]) -> npt.NDArray[np.int64]:
    """A number for each of some names, the same for the same name, from 0 in the order in which they come."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(group, len(known)) for group in groups])
