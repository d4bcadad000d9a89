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
from wwtool.training.objectives.objective import Objective, Predictions, Widths
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.qat import QatNet
from wwtool.training.schedules import SCHEDULES
from wwtool.training.stages import Stage


class Learner:
    """Takes a batch a step, and keeps what a checkpoint must hold."""

    def __init__(
        self, stage: Stage, model: Network | QatNet, config: TrainConfig, device: torch.device, vectors: int = 0
    ) -> None:
        self.stage, self.model, self.config = stage, model, config
        self.average = copy.deepcopy(model)
        self.objective = OBJECTIVES.member(stage.objective)(config)
        head = model.architecture.head
        self.objective.fit(Widths(head.kernel * head.inputs, vectors))
        self.objective.to(device)
        self._parameters = [p for p in [*model.parameters(), *self.objective.parameters()] if p.requires_grad]
        self._optimizer = OPTIMIZERS.member(stage.optimizer)(self._parameters, stage.learning_rate, config)
        self._rate, self._update_average = SCHEDULES.member(stage.schedule), AVERAGING.member(stage.averaging)

    def take_over(self, objective: Objective) -> None:
        """Goes on with the parameters that the stage before has trained for an objective of the same kind."""
        if type(objective) is type(self.objective):
            self.objective.load_state_dict(objective.state_dict())

    def learn(
        self, step: int, features: Tensor, labels: Tensor, soft: Tensor | None = None, vectors: Tensor | None = None
    ) -> Tensor:
        """Takes one step on features (batch, frames, channels); returns the loss, a scalar.

        The others are as in ``Predictions``.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate(step, self.stage)
        self.model.train()
        hidden = self.model.hidden(features)
        predictions = Predictions(self.model.logits(hidden)[:, -1], labels, hidden.flatten(1), soft, vectors)
        loss: Tensor = self.objective(predictions)
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
