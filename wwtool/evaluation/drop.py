"""How much recall one network loses against another at a budget of false alarms, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.evaluation.budgeted import Heard, Scores
from wwtool.evaluation.paired import numbered

_DRAWS, _SEED = 2000, 17
_BLOCKS_PER_HOUR = 60  # neighbouring negatives are alike, so whole minutes are drawn


@dataclass(frozen=True)
class Drop:
    """What the second of two networks detects less than the first.

    Attributes:
        first, second: the recall of each at its own threshold, the mean over conditions.
        middle: the median drop of draws from clips and negatives. It hangs less on the loudest negative.
        at_least: the drop that is exceeded with the chance ``confidence``; negative: it may be a gain.
        confidence: as a share.
    """

    first: float
    second: float
    middle: float
    at_least: float
    confidence: float

    @property
    def value(self) -> float:
        return self.first - self.second

    def beyond(self, limit: float) -> bool:
        """Whether more than ``limit`` is lost, and chance is ruled out: there is a drop with that confidence."""
        return min(self.value, self.middle) > limit and self.at_least > 0.0


def recall_drop(
    first: Heard, second: Heard, per_hour: float, confidence: float, groups: Sequence[Hashable] | None = None
) -> Drop:  # fmt: skip
    """The drop from the first to the second, by a paired bootstrap (Efron and Tibshirani 1993).

    Both have heard the same material. Clips of the phrase and minutes of negatives are drawn with replacement, the same
    for both, and each network gets the threshold that keeps the budget on what was drawn. So neither clips nor a single
    loud negative that chance has brought decide. With ``groups``, one of each clip, whole groups are drawn.
    """
    clips = len(next(iter(first.positives.values())))
    members = numbered(range(clips) if groups is None else groups)
    random = np.random.default_rng(_SEED)
    pairs = _Drawn(first, members), _Drawn(second, members)
    blocks, allowed = pairs[0].blocks, int(per_hour * first.hours)
    drops = []
    for _ in range(_DRAWS):
        weights = _times(random, int(members.max()) + 1)[members]
        minutes = _times(random, blocks)
        once, then = (drawn.recall(weights, minutes, allowed) for drawn in pairs)
        drops.append(once - then)
    at_least, middle = (float(x) for x in np.quantile(drops, [1.0 - confidence, 0.5]))
    return Drop(first.recall(per_hour), second.recall(per_hour), middle, at_least, confidence)


def _times(random: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
    """How often each of ``count`` things is drawn in as many draws with replacement, (count,)."""
    return np.bincount(random.integers(count, size=count), minlength=count)


class _Drawn:
    """A network's scores, ready for many draws."""

    def __init__(self, heard: Heard, members: npt.NDArray[np.int64]) -> None:
        self._positives: Mapping[str, Scores] = heard.positives
        size = max(1, round(len(heard.negative) / max(heard.hours, 1e-9) / _BLOCKS_PER_HOUR))
        order = np.argsort(-heard.negative, kind="stable")
        self._peaks, self._owners = heard.negative[order], order // size
        self.blocks = max(1, -(-len(heard.negative) // size))

    def recall(self, weights: npt.NDArray[np.int64], minutes: npt.NDArray[np.int64], allowed: int) -> float:
        """The recall on clips and minutes that count so many times each."""
        counted = np.cumsum(minutes[self._owners])
        place = int(np.searchsorted(counted, allowed, side="right"))
        threshold = float(self._peaks[place]) if place < len(self._peaks) else 0.0
        shares = [float(weights @ (peaks > threshold)) / float(weights.sum()) for peaks in self._positives.values()]
        return float(np.mean(shares))
