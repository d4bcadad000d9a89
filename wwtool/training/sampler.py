"""Batches of feature windows from pools. A batch depends on nothing but the generator that draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
class Places:
    """Windows: for each, the number of its pool among all pools of the sampler and the frame after its last."""

    pool: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]

    def __add__(self, more: Places) -> Places:
        return Places(np.concatenate([self.pool, more.pool]), np.concatenate([self.end, more.end]))


_NOWHERE = Places(np.zeros(0, np.int64), np.zeros(0, np.int64))


@dataclass(frozen=True)
class Batch:
    """Windows of ``frames`` frames of ``pools``.

    ``labels``: 1 for the phrase, 0 for everything else, (size,). ``weights``: of the windows in the loss, (size,);
    None: all weigh the same.
    """

    pools: Sequence[Pool]
    places: Places
    labels: npt.NDArray[np.float32]
    frames: int
    weights: npt.NDArray[np.float32] | None = None

    def part(self, number: int, count: int) -> Batch:
        """Every ``count``-th window, from that of ``number`` on: a part with the same mixture."""
        rows = slice(number, None, count)
        places = Places(self.places.pool[rows], self.places.end[rows])
        weights = None if self.weights is None else self.weights[rows]
        return Batch(self.pools, places, self.labels[rows], self.frames, weights)

    @property
    def windows(self) -> npt.NDArray[np.int8]:
        """int8 features (size, frames, channels). ``Tapes`` reads them faster, for a whole training."""
        places = zip(self.places.pool, self.places.end, strict=True)
        return np.stack([self.pools[number].features[end - self.frames : end] for number, end in places])


@dataclass(frozen=True)
class _Group:
    """Pools of one sort, by their numbers, and how often each is drawn from."""

    number: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]

    def draw(self, generator: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
        """Numbers of pools, (count,)."""
        if not count:
            return _NOWHERE.pool
        return self.number[generator.choice(len(self.number), size=count, p=self.weight / self.weight.sum())]

    def only(self, chosen: npt.NDArray[np.bool_]) -> _Group:
        return _Group(self.number[chosen], self.weight[chosen])


def _certain(
    pools: Sequence[Pool], first: int, frames: int, certainty: float
) -> tuple[Places, npt.NDArray[np.bool_]]:  # fmt: skip
    """Windows of which a teacher is sure, and its labels; the first of the pools has the number ``first``."""
    least, certain, labels = math.log(certainty / (1.0 - certainty)), _NOWHERE, [np.zeros(0, np.bool_)]
    for number, pool in enumerate(pools, first):
        if pool.soft is not None:
            ends = np.flatnonzero(np.abs(pool.soft[frames - 1 :]) >= least) + frames
            certain += Places(np.full(len(ends), number), ends)
            labels.append(pool.soft[ends - 1] > 0.0)
    return certain, np.concatenate(labels)


def to_real(features: npt.NDArray[np.int8] | torch.Tensor) -> torch.Tensor:
    """The real numbers that int8 features stand for at the model's input scale."""
    return (torch.as_tensor(features).float() - INPUT_SCALE.zero_point) * INPUT_SCALE.scale


class Sampler:
    """Draws windows of ``frames`` frames: positives end about when the phrase does, negatives come from anywhere.

    ``pools`` are numbered: first the positives, then the negatives, then those without labels.
    """

    def __init__(self, pools: Sequence[WeightedPool], frames: int, config: TrainConfig) -> None:
        self.frames, self.config = frames, config
        self.positives = [p for p in pools if p.pool.positive]
        self.negatives = [p for p in pools if not p.pool.positive and p.pool.labelled]
        if not self.positives or not self.negatives:
            raise InputError(
                "training needs at least one pool of positives and one of negatives; check the data and pools.weights"
            )
        for weighted in pools:
            length = len(weighted.pool.features)
            if length < frames:
                raise InputError(
                    f"the pool '{weighted.pool.name}' has {length} frames, a window needs {frames}; give more audio"
                )
        unlabelled = [p.pool for p in pools if not p.pool.labelled]
        labelled = [*self.positives, *self.negatives]
        self.pools = [*(p.pool for p in labelled), *unlabelled]
        self._lengths = np.array([len(pool.features) for pool in self.pools])
        group = _Group(np.arange(len(labelled)), np.array([p.weight for p in labelled]))
        positive = group.number < len(self.positives)
        self._positive, self._negative = group.only(positive), group.only(~positive)
        self._is_hard = np.array([pool.name in config.sampling.hard_pools for pool in self.pools])
        hard = self._is_hard[self._negative.number]
        self._hard, self._ordinary = self._negative.only(hard), self._negative.only(~hard | hard.all())
        self._word_count = np.array([len(pool.ends) for pool in self.pools])
        self._first_word = np.cumsum(self._word_count) - self._word_count
        self._starts = np.concatenate([pool.starts for pool in self.pools])
        self._ends = np.concatenate([pool.ends for pool in self.pools])
        self._certain, self._certain_labels = _certain(unlabelled, len(labelled), frames, config.teacher.certainty)
        self.vector_width = next((pool.heard.vectors.shape[1] for pool in self.pools if pool.heard), 0)

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
        certain = min(certain, size - len(places.end))
        left = max(0, size - len(places.end) - certain)
        if hard is None:
            places += self._draw_negatives(generator, left, self._eased(difficulty))
        else:
            places += self._draw_anywhere(generator, min(hard, left), self._hard)
            places += self._draw_negatives(generator, left - min(hard, left), self._ordinary)
        labels = np.zeros(size, np.float32)
        labels[:positives] = 1.0
        if certain:
            drawn, said = self._draw_certain(generator, certain)
            places, labels[-certain:] = places + drawn, said
        return Batch(self.pools, places, labels, self.frames, self._weights(places, labels, positives, mined_count))

    def _counts(self, size: int, mined: bool, difficulty: float) -> tuple[int, int, int | None]:
        """How many windows of a batch are positive, mined, and of hard pools; None: as the pools' weights have it."""
        ratio = self.config.sampling.ratio
        if ratio is None:
            positives = round(size * self.config.positive_fraction)
            share = self.config.mined_fraction * difficulty if mined else 0.0
            return positives, round((size - positives) * share), None
        positive, _, hard, from_mining = (round(size * part / sum(ratio)) for part in ratio)
        hard = round(hard * difficulty) if len(self._hard.number) else 0
        return positive, round(from_mining * difficulty) if mined else 0, hard

    def _eased(self, difficulty: float) -> _Group:
        """The negatives, with the hard ones drawn less often."""
        if difficulty >= 1.0:
            return self._negative
        hard = self._is_hard[self._negative.number]
        eased = np.where(hard, max(difficulty, 1e-9), 1.0)
        return _Group(self._negative.number, self._negative.weight * eased)

    def _weights(
        self, places: Places, labels: npt.NDArray[np.float32], positives: int, mined: int
    ) -> npt.NDArray[np.float32] | None:  # fmt: skip
        """The weights of a batch's windows in the loss, (size,); None: all are 1."""
        loss = self.config.loss
        if (loss.positive_weight, loss.hard_weight, loss.mined_weight) == (1.0, 1.0, 1.0):
            return None
        weights = np.where(self._is_hard[places.pool], loss.hard_weight, 1.0)
        weights[positives : positives + mined] = loss.mined_weight
        return np.where(labels > 0, loss.positive_weight, weights).astype(np.float32)

    def _draw_positives(self, generator: np.random.Generator, count: int) -> Places:
        pool, word = self._draw_words(generator, count)
        low, high = self.config.window_end_frames
        return self._place(pool, self._ends[word] + generator.integers(low, high + 1, size=count))

    def _draw_negatives(self, generator: np.random.Generator, count: int, group: _Group) -> Places:
        partial = int(generator.binomial(count, self.config.partial_words))
        pool, word = self._draw_words(generator, partial)
        start, heard = self._starts[word], generator.uniform(0.0, self.config.partial_word_end, size=partial)
        places = self._place(pool, start + ((self._ends[word] - start) * heard).astype(np.int64))
        return places + self._draw_anywhere(generator, count - partial, group)

    def _draw_words(
        self, generator: np.random.Generator, count: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:  # fmt: skip
        """Words of pools of positives: the numbers of the pools, and of the words among all words."""
        pool = self._positive.draw(generator, count)
        return pool, self._first_word[pool] + generator.integers(self._word_count[pool])

    def _draw_anywhere(self, generator: np.random.Generator, count: int, group: _Group) -> Places:
        pool = group.draw(generator, count)
        return Places(pool, generator.integers(self.frames, self._lengths[pool] + 1))

    def _draw_mined(self, generator: np.random.Generator, count: int, mined: Mined) -> Places:
        chosen = generator.integers(len(mined.end), size=count)
        moved = generator.integers(-_MINED_JITTER_FRAMES, _MINED_JITTER_FRAMES + 1, size=count)
        return self._place(len(self.positives) + mined.pool[chosen], mined.end[chosen] + moved)

    def _draw_certain(
        self, generator: np.random.Generator, count: int
    ) -> tuple[Places, npt.NDArray[np.bool_]]:  # fmt: skip
        """Windows that a teacher labels, and the labels."""
        chosen = generator.integers(len(self._certain.end), size=count)
        return Places(self._certain.pool[chosen], self._certain.end[chosen]), self._certain_labels[chosen]

    def _place(self, pool: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Places:
        return Places(pool, np.clip(end, self.frames, self._lengths[pool]))
