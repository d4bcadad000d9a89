"""Batches of feature windows from pools. A batch depends on nothing but the generator that draws it."""

from __future__ import annotations

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


def to_real(features: npt.NDArray[np.int8]) -> torch.Tensor:
    """The real numbers that int8 features stand for at the model's input scale."""
    return (torch.from_numpy(features).float() - INPUT_SCALE.zero_point) * INPUT_SCALE.scale


class Sampler:
    """Draws windows of ``frames`` frames: positives end about when the phrase does, negatives come from anywhere."""

    def __init__(self, pools: Sequence[WeightedPool], frames: int, config: TrainConfig) -> None:
        self.frames, self.config = frames, config
        self.positives = [p for p in pools if p.pool.positive]
        self.negatives = [p for p in pools if not p.pool.positive]
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

    def batch(
        self, generator: np.random.Generator, size: int, mined: Mined | None
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """Returns int8 windows (size, frames, channels) and labels (size,): 1 for the phrase, 0 for everything else."""
        positives = round(size * self.config.positive_fraction)
        windows = self._draw_positives(generator, positives)
        hard = round((size - positives) * self.config.mined_fraction) if mined is not None and len(mined.end) else 0
        if hard and mined is not None:
            windows += self._draw_mined(generator, hard, mined)
        windows += self._draw_negatives(generator, size - positives - hard)
        labels = np.zeros(size, np.float32)
        labels[:positives] = 1.0
        return np.stack(windows), labels

    def _draw_positives(self, generator: np.random.Generator, count: int) -> list[npt.NDArray[np.int8]]:
        low, high = self.config.window_end_frames
        windows = []
        for pool in self._choose(generator, self.positives, count):
            i = int(generator.integers(len(pool.ends)))
            windows.append(self._window(pool, int(pool.ends[i]) + int(generator.integers(low, high + 1))))
        return windows

    def _draw_negatives(self, generator: np.random.Generator, count: int) -> list[npt.NDArray[np.int8]]:
        partial = int(generator.binomial(count, self.config.partial_words))
        windows = []
        for pool in self._choose(generator, self.positives, partial):
            i = int(generator.integers(len(pool.ends)))
            longest = self.config.partial_word_end
            length = int(pool.ends[i] - pool.starts[i])
            windows.append(self._window(pool, int(pool.starts[i]) + int(length * generator.uniform(0.0, longest))))
        for pool in self._choose(generator, self.negatives, count - partial):
            windows.append(self._window(pool, int(generator.integers(self.frames, len(pool.features) + 1))))
        return windows

    def _draw_mined(self, generator: np.random.Generator, count: int, mined: Mined) -> list[npt.NDArray[np.int8]]:
        windows = []
        for i in generator.integers(len(mined.end), size=count):
            end = int(mined.end[i]) + int(generator.integers(-_MINED_JITTER_FRAMES, _MINED_JITTER_FRAMES + 1))
            windows.append(self._window(self.negatives[int(mined.pool[i])].pool, end))
        return windows

    @staticmethod
    def _choose(generator: np.random.Generator, pools: list[WeightedPool], count: int) -> list[Pool]:
        weights = np.array([p.weight for p in pools])
        return [pools[int(i)].pool for i in generator.choice(len(pools), size=count, p=weights / weights.sum())]

    def _window(self, pool: Pool, end: int) -> npt.NDArray[np.int8]:
        stop = min(max(end, self.frames), len(pool.features))
        return pool.features[stop - self.frames : stop]
