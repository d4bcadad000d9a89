"""Batches of feature windows from pools. A batch depends on nothing but the generator that draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from wwtool.config import TrainConfig
from wwtool.errors import InputError
from wwtool.features.pools import Pool, WeightedPool
from wwtool.models.quantized import INPUT_SCALE

_MINED_JITTER_FRAMES = 2  # a mined window is drawn from up to this far before and after


@dataclass(frozen=True)
class Mined:
    """Hard windows: for each, the number of its pool of negatives and the frame after its last."""

    pool: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Windows of ``frames`` frames, by pool and the frame after the last.

    ``labels``: 1 for the phrase, 0 for everything else, (size,). ``weights``: of the windows in the loss, (size,);
    None: all weigh the same.
    """

    places: list[tuple[Pool, int]]
    labels: npt.NDArray[np.float32]
    frames: int
    weights: npt.NDArray[np.float32] | None = None

    @property
    def windows(self) -> npt.NDArray[np.int8]:
        """int8 features (size, frames, channels)."""
        return np.stack([pool.features[stop - self.frames : stop] for pool, stop in self.places])

    @property
    def soft(self) -> npt.NDArray[np.float32] | None:
        """A teacher's logits of the windows, (size,), NaN where it says nothing; None if it says nothing at all."""
        if all(pool.soft is None for pool, _ in self.places):
            return None
        return np.array([np.nan if p.soft is None else p.soft[stop - 1] for p, stop in self.places], np.float32)

    @property
    def vectors(self) -> npt.NDArray[np.float32] | None:
        """An embedding's vectors at the ends of the windows, (size, width), NaN where there are none; None: none."""
        width = _vector_width(pool for pool, _ in self.places)
        if not width:
            return None
        rows = np.full((len(self.places), width), np.nan, np.float32)
        for row, (pool, stop) in zip(rows, self.places, strict=True):
            if pool.heard and (step := pool.heard.before(stop)) >= 0:
                row[:] = pool.heard.vectors[step]
        return rows


def _certain(pools: list[Pool], frames: int, certainty: float) -> Mined:
    """Windows of which a teacher is sure, by the number of their pool."""
    least, numbers, ends = math.log(certainty / (1.0 - certainty)), [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for number, pool in enumerate(pools):
        if pool.soft is not None:
            ends.append(np.flatnonzero(np.abs(pool.soft[frames - 1 :]) >= least) + frames)
            numbers.append(np.full(len(ends[-1]), number))
    return Mined(np.concatenate(numbers), np.concatenate(ends))


def _label(pool: Pool, stop: int) -> float:
    """The label that a teacher gives to a window."""
    assert pool.soft is not None
    return float(pool.soft[stop - 1] > 0.0)


def _vector_width(pools: Iterable[Pool]) -> int:
    """Numbers in the vectors that lie with the pools; 0 if there are none."""
    return next((pool.heard.vectors.shape[1] for pool in pools if pool.heard), 0)


def to_real(features: npt.NDArray[np.int8]) -> torch.Tensor:
    """The real numbers that int8 features stand for at the model's input scale."""
    return (torch.from_numpy(features).float() - INPUT_SCALE.zero_point) * INPUT_SCALE.scale


class Sampler:
    """Draws windows of ``frames`` frames: positives end about when the phrase does, negatives come from anywhere."""

    def __init__(self, pools: Sequence[WeightedPool], frames: int, config: TrainConfig) -> None:
        self.frames, self.config = frames, config
        self.positives = [p for p in pools if p.pool.positive]
        self.negatives = [p for p in pools if not p.pool.positive and p.pool.labelled]
        hard = config.sampling.hard_pools
        self._hard = [p for p in self.negatives if p.pool.name in hard]
        self._ordinary = [p for p in self.negatives if p.pool.name not in hard] or self.negatives
        self._unlabelled = [p.pool for p in pools if not p.pool.labelled]
        self._certain = _certain(self._unlabelled, frames, config.teacher.certainty)
        if not self.positives or not self.negatives:
            raise InputError(
                "training needs at least one pool of positives and one of negatives; check the data and pools.weights"
            )
        self.vector_width = _vector_width(weighted.pool for weighted in pools)
        for weighted in pools:
            length = len(weighted.pool.features)
            if length < frames:
                raise InputError(
                    f"the pool '{weighted.pool.name}' has {length} frames, a window needs {frames}; give more audio"
                )

    def batch(
        self, generator: np.random.Generator, size: int, mined: Mined | None
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """Returns int8 windows (size, frames, channels) and labels (size,): 1 for the phrase, 0 for everything else."""
        drawn = self.draw(generator, size, mined)
        return drawn.windows, drawn.labels

    def draw(
        self, generator: np.random.Generator, size: int, mined: Mined | None, difficulty: float = 1.0
    ) -> Batch:  # fmt: skip
        """A batch: first the positives, then mined negatives, other negatives, and windows that a teacher labels.

        ``difficulty``: the share of their usual number that hard and mined windows have.
        """
        positives, mined_count, hard = self._counts(size, mined is not None and len(mined.end) > 0, difficulty)
        places = self._draw_positives(generator, positives)
        if mined_count and mined is not None:
            places += self._draw_mined(generator, mined_count, mined)
        certain = round(size * self.config.teacher.unlabelled) if len(self._certain.end) else 0
        certain = min(certain, size - len(places))
        left = max(0, size - len(places) - certain)
        if hard is None:
            places += self._draw_negatives(generator, left, self._eased(difficulty))
        else:
            places += self._draw_anywhere(generator, min(hard, left), self._hard)
            places += self._draw_negatives(generator, left - min(hard, left), self._ordinary)
        labels = np.zeros(size, np.float32)
        labels[:positives] = 1.0
        if certain:
            places += self._draw_certain(generator, certain)
            labels[-certain:] = [_label(pool, stop) for pool, stop in places[-certain:]]
        return Batch(places, labels, self.frames, self._weights(places, labels, positives, mined_count))

    def _counts(self, size: int, mined: bool, difficulty: float) -> tuple[int, int, int | None]:
        """How many windows of a batch are positive, mined, and of hard pools; None: as the pools' weights have it."""
        ratio = self.config.sampling.ratio
        if ratio is None:
            positives = round(size * self.config.positive_fraction)
            share = self.config.mined_fraction * difficulty if mined else 0.0
            return positives, round((size - positives) * share), None
        positive, _, hard, from_mining = (round(size * part / sum(ratio)) for part in ratio)
        hard = round(hard * difficulty) if self._hard else 0
        return positive, round(from_mining * difficulty) if mined else 0, hard

    def _eased(self, difficulty: float) -> list[WeightedPool]:
        """The negatives, with the hard ones drawn less often."""
        if difficulty >= 1.0:
            return self.negatives
        return self._ordinary + [replace(p, weight=p.weight * max(difficulty, 1e-9)) for p in self._hard]

    def _weights(
        self, places: list[tuple[Pool, int]], labels: npt.NDArray[np.float32], positives: int, mined: int
    ) -> npt.NDArray[np.float32] | None:  # fmt: skip
        """The weights of a batch's windows in the loss, (size,); None: all are 1."""
        loss = self.config.loss
        if (loss.positive_weight, loss.hard_weight, loss.mined_weight) == (1.0, 1.0, 1.0):
            return None
        hard = [pool.name in self.config.sampling.hard_pools for pool, _ in places]
        weights = np.where(hard, loss.hard_weight, 1.0)
        weights[positives : positives + mined] = loss.mined_weight
        return np.where(labels > 0, loss.positive_weight, weights).astype(np.float32)

    def _draw_positives(self, generator: np.random.Generator, count: int) -> list[tuple[Pool, int]]:
        low, high = self.config.window_end_frames
        places = []
        for pool in self._choose(generator, self.positives, count):
            i = int(generator.integers(len(pool.ends)))
            places.append(self._place(pool, int(pool.ends[i]) + int(generator.integers(low, high + 1))))
        return places

    def _draw_negatives(
        self, generator: np.random.Generator, count: int, pools: list[WeightedPool]
    ) -> list[tuple[Pool, int]]:  # fmt: skip
        partial = int(generator.binomial(count, self.config.partial_words))
        places = []
        for pool in self._choose(generator, self.positives, partial):
            i = int(generator.integers(len(pool.ends)))
            longest = self.config.partial_word_end
            length = int(pool.ends[i] - pool.starts[i])
            places.append(self._place(pool, int(pool.starts[i]) + int(length * generator.uniform(0.0, longest))))
        return places + self._draw_anywhere(generator, count - partial, pools)

    def _draw_anywhere(
        self, generator: np.random.Generator, count: int, pools: list[WeightedPool]
    ) -> list[tuple[Pool, int]]:  # fmt: skip
        return [
            self._place(pool, int(generator.integers(self.frames, len(pool.features) + 1)))
            for pool in self._choose(generator, pools, count)
        ]

    def _draw_mined(self, generator: np.random.Generator, count: int, mined: Mined) -> list[tuple[Pool, int]]:
        places = []
        for i in generator.integers(len(mined.end), size=count):
            end = int(mined.end[i]) + int(generator.integers(-_MINED_JITTER_FRAMES, _MINED_JITTER_FRAMES + 1))
            places.append(self._place(self.negatives[int(mined.pool[i])].pool, end))
        return places

    def _draw_certain(self, generator: np.random.Generator, count: int) -> list[tuple[Pool, int]]:
        chosen = generator.integers(len(self._certain.end), size=count)
        return [(self._unlabelled[int(self._certain.pool[i])], int(self._certain.end[i])) for i in chosen]

    @staticmethod
    def _choose(generator: np.random.Generator, pools: list[WeightedPool], count: int) -> list[Pool]:
        if not count and not pools:
            return []
        weights = np.array([p.weight for p in pools])
        return [pools[int(i)].pool for i in generator.choice(len(pools), size=count, p=weights / weights.sum())]

    def _place(self, pool: Pool, end: int) -> tuple[Pool, int]:
        return pool, min(max(end, self.frames), len(pool.features))
