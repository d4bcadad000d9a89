"""One stage at work: the network, the average of its weights, the objective and the optimizer."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from wwtool.config import TrainConfig
from wwtool.models.network import Network
from wwtool.training.averaging import AVERAGING
from wwtool.training.checkpoint import optimizer_tensors, restore_optimizer, with_prefix
from wwtool.training.objectives import OBJECTIVES
from wwtool.training.objectives.objective import Predictions
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.qat import QatNet
from wwtool.training.schedules import SCHEDULES
from wwtool.training.stages import Stage


class Learner:
    """Takes a batch a step, and keeps what a checkpoint must hold."""

    def __init__(self, stage: Stage, model: Network | QatNet, config: TrainConfig, device: torch.device) -> None:
        self.stage, self.model, self.config = stage, model, config
        self.average = copy.deepcopy(model)
        self.objective = OBJECTIVES.member(stage.objective)(config).to(device)
        self._parameters = [p for p in [*model.parameters(), *self.objective.parameters()] if p.requires_grad]
        self._optimizer = OPTIMIZERS.member(stage.optimizer)(self._parameters, stage.learning_rate, config)
        self._rate, self._update_average = SCHEDULES.member(stage.schedule), AVERAGING.member(stage.averaging)

    def learn(self, step: int, features: Tensor, labels: Tensor) -> Tensor:
        """Takes one step on features (batch, frames, channels) and labels (batch,); returns the loss, a scalar."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate(step, self.stage)
        self.model.train()
        loss: Tensor = self.objective(Predictions(self.model(features)[:, -1], labels))
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, self.config.clip_norm)
        self._optimizer.step()
        self._update_average(self.average, self.model, step, self.config)
        return loss

    def average_tensors(self) -> dict[str, Tensor]:
        """The average, which is all that remains of a stage at its end."""
        return _prefixed("ema.", self.average.state_dict())

    def tensors(self) -> dict[str, Tensor]:
        """Everything that the next step depends on."""
        trained = _prefixed("model.", self.model.state_dict()) | _prefixed("objective.", self.objective.state_dict())
        return self.average_tensors() | trained | optimizer_tensors(self._optimizer)

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of ``tensors``.

        Raises:
            RuntimeError, ValueError, KeyError: the tensors are those of another network, objective or optimizer.
        """
        self.model.load_state_dict(with_prefix(tensors, "model."))
        self.average.load_state_dict(with_prefix(tensors, "ema."))
        self.objective.load_state_dict(with_prefix(tensors, "objective."))
        restore_optimizer(self._optimizer, tensors)


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}
