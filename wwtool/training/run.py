"""A training run: its model, its data, its folder and its listeners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.config import TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.errors import InputError
from wwtool.features.pools import WeightedPool
from wwtool.models import pretrained
from wwtool.models.architecture import Architecture
from wwtool.models.network import Network
from wwtool.training.qat import QatNet
from wwtool.training.selection import Judge
from wwtool.training.stages import Stage, stages_of

Listener = Network | QatNet


@dataclass(frozen=True)
class Run:
    """Everything that training needs to know.

    Attributes:
        folder: where the checkpoint is; a run goes on from the one that it finds, if that has the same fingerprint.
        architecture: the network.
        pools: features to train on, positives and negatives.
        config: how the network is trained.
        fingerprint: a hash of all that the trained weights depend on.
        spectrogram: how the windows of a batch are varied.
        model: the network's name, for events and the checkpoint.
        listener: told of a loss every ten steps.
        cancel: checked before every step.
        listeners: networks of a teacher, which hear the windows of every step; the student is told the mean of what
            they say.
        judge: says how good a network is, where ``train.selection`` asks; None: nobody does.
        base: the folder of a finished training whose model this one adapts; None: training begins with a new network.
    """

    folder: Path
    architecture: Architecture
    pools: Sequence[WeightedPool]
    config: TrainConfig
    fingerprint: str
    spectrogram: SpectrogramConfig = field(default_factory=SpectrogramConfig)
    model: str = ""
    listener: events.Listener = events.ignore
    cancel: Cancellation = field(default_factory=Cancellation)
    base: Path | None = None
    judge: Judge | None = None
    listeners: Sequence[Listener] = ()

    @property
    def knows_speech(self) -> bool:
        """Whether the weights do with which a new network begins."""
        return self.config.pretrained and pretrained.origin(self.architecture) is not None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in order. Networks whose first weights are drawn make no soup, nor do adapted ones."""
        soup = self.config.optimization.soup if self.knows_speech and self.base is None else 1
        return stages_of(self.config, self.base is not None, soup)

    @property
    def device(self) -> torch.device:
        """What computes; "auto" takes CUDA where there is one.

        Raises:
            InputError: the config asks for CUDA, and there is none.
        """
        name = self.config.device
        if name == "cuda" and not torch.cuda.is_available():
            raise InputError("train.device is cuda, but PyTorch sees no GPU; use auto or cpu, or mend its driver")
        if name == "auto":
            name = "cuda" if torch.cuda.is_available() else "cpu"
        return torch.device(name)
