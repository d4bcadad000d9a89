"""The lessons of a training: windows drawn, read and varied on the device that trains."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from wwtool.config import TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.features.pools import WeightedPool
from wwtool.features.spectrogram import eased, vary
from wwtool.features.spectrogram.drawn import moved
from wwtool.training.lesson import Lesson
from wwtool.training.placement import placed
from wwtool.training.run import Listener
from wwtool.training.sampler import Mined, Sampler, to_real
from wwtool.training.stages import Stage
from wwtool.training.tapes import Tapes
from wwtool.training.team.team import ALONE, Team


class Lessons:
    """Makes the lesson of any step for a student that hears ``frames`` frames.

    Numbers are drawn on the CPU: the same windows, whatever computes. ``listeners`` tell the student what they make of
    each window; they may hear more of what comes before it than the student does.
    """

    def __init__(
        self, pools: Sequence[WeightedPool], frames: int, config: TrainConfig, spectrogram: SpectrogramConfig,
        device: torch.device, listeners: Sequence[Listener] = (), team: Team = ALONE,
    ) -> None:  # fmt: skip
        self._config, self._spectrogram, self._frames, self._device = config, spectrogram, frames, device
        self._team = team
        self._listeners = [placed(copy.deepcopy(network), device).eval() for network in listeners]
        longest = max([frames, *(network.architecture.receptive_frames for network in listeners)])
        self.sampler = Sampler(pools, longest, config)
        self._tapes = Tapes(self.sampler.pools, device)

    def draw(self, stage: Stage, step: int, generator: np.random.Generator, mined: Mined | None) -> Lesson:
        """The windows of a step of a stage, or this process's part of them. ``mined``: hard windows to draw from; None:
        there are none.
        """
        sampling, size = self._config.sampling, self._config.batch * self._config.optimization.accumulate
        grown = min(1.0, (step + 1) / (sampling.curriculum * stage.steps)) if sampling.curriculum else 1.0
        batch = self.sampler.draw(generator, size * self._team.size, mined, grown)
        batch, generator = batch.part(self._team.rank, self._team.size), self._team.portion(generator)
        places = batch.places
        windows = self._tapes.windows(places, batch.frames)
        features = vary(to_real(windows), generator, eased(self._spectrogram, grown))
        weights = None if batch.weights is None else moved(batch.weights, self._device)
        taught = self._tapes.soft(places), self._tapes.vectors(places)
        lesson = Lesson(features, moved(batch.labels, self._device), *taught, weights)
        return self._heard(lesson.mixed(generator, sampling.mixup) if sampling.mixup else lesson)

    def _heard(self, lesson: Lesson) -> Lesson:
        """The lesson for the student, with the mean of what the listeners say."""
        if not self._listeners:
            return lesson
        with torch.no_grad():
            said = [network(_last(lesson, network.architecture.receptive_frames))[:, -1] for network in self._listeners]
        return replace(lesson, features=_last(lesson, self._frames), soft=torch.stack(said).mean(0))


def _last(lesson: Lesson, frames: int) -> Tensor:
    return lesson.features[:, -frames:]
