"""Batches of feature windows from pools. A batch depends on nothing but the seed, the stage and the step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from wwtool.config import TrainConfig
from wwtool.errors import InputError
from wwtool.models.quantized import INPUT_SCALE
from wwtool.training.pools import Pool

# Share of negatives that are windows ending within the word's first 60 %.
_PARTIAL_WEIGHT = 0.06
_RHYTHM_POINTS = 14
_AS_SPOKEN = 0.3  # share of windows whose rhythm is left alone


@dataclass(frozen=True)
class WeightedPool:
    pool: Pool
    weight: float


@dataclass(frozen=True)
class Mined:
    """Windows of negatives that the model took for the word: pool number and end frame of each."""

    pool: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]


def to_real(features: npt.NDArray[np.int8]) -> torch.Tensor:
    """int8 features to the real numbers that the model's input scale gives them."""
    return (torch.from_numpy(features).float() - INPUT_SCALE.zero_point) * INPUT_SCALE.scale


class Sampler:
    """Draws windows of ``frames`` frames: positives that end about when the word does, negatives from anywhere."""

    def __init__(self, pools: list[WeightedPool], frames: int, config: TrainConfig) -> None:
        self.frames, self.config = frames, config
        self.positives = [p for p in pools if p.pool.positive]
        self.negatives = [p for p in pools if not p.pool.positive]
        if not self.positives or not self.negatives:
            raise InputError("training needs at least one pool of positives and one of negatives")
        for weighted in pools:
            length = len(weighted.pool.features)
            if length < frames:
                raise InputError(f"the pool '{weighted.pool.name}' has {length} frames, a window takes {frames}")

    def batch(
        self, generator: np.random.Generator, size: int, mined: Mined | None
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
        """Returns windows (size, frames, 40) int8 and labels (size,)."""
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
        partial = int(generator.binomial(count, _PARTIAL_WEIGHT))
        windows = []
        for pool in self._choose(generator, self.positives, partial):
            i = int(generator.integers(len(pool.ends)))
            length = int(pool.ends[i] - pool.starts[i])
            windows.append(self._window(pool, int(pool.starts[i]) + int(length * generator.uniform(0.0, 0.6))))
        for pool in self._choose(generator, self.negatives, count - partial):
            windows.append(self._window(pool, int(generator.integers(self.frames, len(pool.features) + 1))))
        return windows

    def _draw_mined(self, generator: np.random.Generator, count: int, mined: Mined) -> list[npt.NDArray[np.int8]]:
        windows = []
        for i in generator.integers(len(mined.end), size=count):
            end = int(mined.end[i]) + int(generator.integers(-2, 3))
            windows.append(self._window(self.negatives[int(mined.pool[i])].pool, end))
        return windows

    @staticmethod
    def _choose(generator: np.random.Generator, pools: list[WeightedPool], count: int) -> list[Pool]:
        weights = np.array([p.weight for p in pools])
        return [pools[int(i)].pool for i in generator.choice(len(pools), size=count, p=weights / weights.sum())]

    def _window(self, pool: Pool, end: int) -> npt.NDArray[np.int8]:
        stop = min(max(end, self.frames), len(pool.features))
        return pool.features[stop - self.frames : stop]


def warp(features: torch.Tensor, generator: np.random.Generator, time: float, channels: float) -> torch.Tensor:
    """Says the same with another rhythm and another vocal tract, on (batch, frames, 40); synthetic voices have few.

    ``time`` is the spread of the local logarithmic speed, drawn at 14 points of the window, which keeps its end;
    ``channels`` the largest shift of the mel channels, with a tilt. 0 and 0 leave the features as they are.
    """
    if time == 0.0 and channels == 0.0:
        return features
    batch, frames, count = features.shape
    local = torch.from_numpy(generator.standard_normal((batch, 1, _RHYTHM_POINTS), np.float32))
    whole = torch.from_numpy(generator.uniform(-0.7, 0.7, (batch, 1)).astype(np.float32))
    speed = (F.interpolate(local, size=frames, mode="linear")[:, 0] + whole) * time
    steps = torch.exp(speed.clamp(-0.7, 0.5))
    as_spoken = torch.from_numpy(generator.random((batch, 1)) < _AS_SPOKEN)
    steps = torch.where(as_spoken, torch.ones_like(steps), steps)
    # Walk back from the last frame: the window's end, where the word ends, stays where it is.
    back = torch.flip(torch.cumsum(torch.flip(steps, [1]), 1), [1]) - steps
    at_frame = (frames - 1 - back).clamp(0.0, frames - 1.0)
    at_channel = torch.arange(count, dtype=torch.float32)[None].repeat(batch, 1)
    shift, tilt = (torch.from_numpy(generator.uniform(-1.0, 1.0, (batch, 1)).astype(np.float32)) for _ in range(2))
    at_channel = at_channel + channels * (shift + 0.6 * tilt * (at_channel / (count - 1) - 0.3))
    x = (at_channel.clamp(0.0, count - 1.0) / (count - 1) * 2 - 1)[:, None, :].expand(batch, frames, count)
    y = (at_frame / (frames - 1) * 2 - 1)[:, :, None].expand(batch, frames, count)
    sampled = F.grid_sample(features[:, None], torch.stack([x, y], -1), align_corners=True)
    return sampled[:, 0]


def distort(features: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """Slow gain drift over the channels, and masks over channels and frames (SpecAugment), on (batch, frames, 40)."""
    batch, frames, channels = features.shape
    drift = torch.from_numpy(generator.standard_normal((batch, 1, 9), np.float32))
    drift = F.interpolate(drift, size=channels, mode="linear")
    x = torch.where(features > 0, (features + drift).clamp(0.0, 26.0), features)
    for _ in range(2):
        for axis, size, widest in ((2, channels, 6), (1, frames, 12)):
            width = generator.integers(0, widest + 1, size=batch)
            start = generator.integers(0, size, size=batch)
            used = generator.random(batch) < 0.5
            at = np.arange(size)
            mask = (at >= start[:, None]) & (at < (start + width)[:, None]) & used[:, None]
            shaped = mask[:, None, :] if axis == 2 else mask[:, :, None]
            x = x.masked_fill(torch.from_numpy(shaped), 0.0)
    return x
