"""The lessons of a training: windows drawn, read and varied on the device that trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wwtool.config.augment import SpectrogramConfig
from wwtool.features.spectrogram import eased, vary
from wwtool.training.lesson import Lesson
from wwtool.training.sampler import Mined, Sampler, to_real
from wwtool.training.stages import Stage
from wwtool.training.tapes import Tapes


class Lessons:
    """Makes the lesson of any step. Numbers are drawn on the CPU: the same windows, whatever computes."""

    def __init__(self, sampler: Sampler, spectrogram: SpectrogramConfig, device: torch.device) -> None:
        self._sampler, self._config, self._spectrogram = sampler, sampler.config, spectrogram
        self._tapes, self._device = Tapes(sampler.pools, device), device

    def draw(self, stage: Stage, step: int, generator: np.random.Generator, mined: Mined | None) -> Lesson:
        """The windows of a step of a stage. ``mined``: hard windows to draw from; None: there are none."""
        sampling, size = self._config.sampling, self._config.batch * self._config.optimization.accumulate
        grown = min(1.0, (step + 1) / (sampling.curriculum * stage.steps)) if sampling.curriculum else 1.0
        batch = self._sampler.draw(generator, size, mined, grown)
        places = batch.places
        windows = self._tapes.windows(places, batch.frames)
        features = vary(to_real(windows), generator, eased(self._spectrogram, grown))
        weights = None if batch.weights is None else self._there(batch.weights)
        taught = self._tapes.soft(places), self._tapes.vectors(places)
        lesson = Lesson(features, self._there(batch.labels), *taught, weights)
        return lesson.mixed(generator, sampling.mixup) if sampling.mixup else lesson

    def _there(self, values: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self._device, non_blocking=True)
