"""One stage at work: the network, the average of its weights, the objective and the optimizer."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from wwtool.config import TrainConfig
from wwtool.features.spectrogram.drawn import moved
from wwtool.models.network import Network
from wwtool.training.averaging import AVERAGING
from wwtool.training.checkpoint import optimizer_tensors, restore_optimizer, with_prefix
from wwtool.training.clipping import CLIPPING
from wwtool.training.course import Course
from wwtool.training.execution import EXECUTION
from wwtool.training.execution.forward import Forward
from wwtool.training.freezing import freeze
from wwtool.training.lesson import Lesson
from wwtool.training.objectives import OBJECTIVES
from wwtool.training.objectives.objective import Objective, Predictions, Widths
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.precision import numbers_of, scaler_of
from wwtool.training.pruning import keep_pruned, prune, pruned
from wwtool.training.qat import QatNet
from wwtool.training.schedules import SCHEDULES
from wwtool.training.stages import Stage
from wwtool.training.team.team import ALONE, Team


class Learner:
    """Takes a batch a step, and keeps what a checkpoint must hold.

    ``rate`` takes the place of the stage's schedule. ``parts``: into how many pieces a batch is divided to fit into
    memory; their gradients are added up.
    """

    def __init__(
        self, stage: Stage, model: Network | QatNet, config: TrainConfig, device: torch.device, vectors: int = 0,
        rate: Callable[[Course], float] | None = None, team: Team = ALONE,
    ) -> None:  # fmt: skip
        self.stage, self.model, self.config, self.parts, self._team = stage, model, config, 1, team
        self.rate = stage.learning_rate  # of the last step
        self.average = copy.deepcopy(model)
        self.course = Course(stage, config)
        self.objective = OBJECTIVES.member(stage.objective)(config)
        head = model.architecture.head
        self.objective.fit(Widths(head.kernel * head.inputs, vectors))
        self.objective.to(device)
        self._parameters = [p for p in [*model.parameters(), *self.objective.parameters()] if p.requires_grad]
        self._optimizer = OPTIMIZERS.member(stage.optimizer)(self._parameters, stage.learning_rate, config)
        self._rate, self._update_average = rate or SCHEDULES.member(stage.schedule), AVERAGING.member(stage.averaging)
        self._clip = CLIPPING.member(config.optimization.clipping)
        numbers = numbers_of(stage, config.precision)
        self._forward = EXECUTION.member(config.execution)(Forward(model, numbers))
        self._scaler = scaler_of(numbers, device)

    def take_over(self, objective: Objective) -> None:
        """Goes on with the parameters that the stage before has trained for an objective of the same kind."""
        if type(objective) is type(self.objective):
            self.objective.load_state_dict(objective.state_dict())

    def learn(self, step: int, lesson: Lesson, random: np.random.Generator) -> Tensor:
        """Takes one step; returns the loss, a scalar. ``random`` draws what dropout hides.

        Raises:
            torch.OutOfMemoryError, RuntimeError: the lesson does not fit into memory; nothing has been learnt.
        """
        self.course.step = step
        self.set_rate(self._rate(self.course))
        freeze(self.model.train(), self.course)
        prune(self.model, self.course)
        self._optimizer.zero_grad()
        total = torch.zeros((), device=lesson.labels.device)
        pieces = list(lesson.parts(self.parts * self.config.optimization.accumulate))
        for piece in pieces:
            loss = self._loss(piece, random) * (len(piece.labels) / len(lesson.labels))
            self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            total = total + loss.detach()
            if len(pieces) > 1 and piece is pieces[0]:
                self._keep_gradients()
        self._agree(total)
        self._scaler.unscale_(self._optimizer)
        norm = self._clip(self._parameters, self.course)
        gone = pruned(self.model) if self.config.optimization.prune else []
        self._scaler.step(self._optimizer)
        if self._scaler.is_enabled():
            self._scaler.update()
            norm = norm.nan_to_num(0.0, 0.0)  # the scaler leaves out steps whose gradients are too large for float16
        if gone:
            keep_pruned(self.model, gone)
        self._update_average(self.average, self.model, self.course)
        if gone:
            keep_pruned(self.average, gone)
        self.course.took_step(total, norm)
        return total

    def _agree(self, loss: Tensor) -> None:
        """Makes gradients, loss and the statistics of batch norms the means of what the processes of a team have."""
        if self._team.size == 1:
            return
        for parameter in self._parameters:
            if parameter.grad is None and parameter.requires_grad:
                parameter.grad = torch.zeros_like(parameter)  # another process may have one
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        statistics = [buffer for buffer in self.model.buffers() if buffer.is_floating_point()]
        self._team.mean([*gradients, loss, *statistics])

    def _keep_gradients(self) -> None:
        """Copies the gradients: those of a recorded network lie where the next piece writes its own."""
        for parameter in self._parameters:
            if parameter.grad is not None:
                parameter.grad = parameter.grad.clone()

    def set_rate(self, rate: float) -> None:
        """Makes ``rate`` the learning rate of the next step."""
        self.rate = rate
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def _loss(self, lesson: Lesson, random: np.random.Generator) -> Tensor:
        hidden, logits = self._forward(lesson.features, *self._kept(lesson, random))
        loss: Tensor = self.objective(
            Predictions(logits, lesson.labels, hidden, lesson.soft, lesson.vectors, lesson.weights)
        )
        return loss

    def _kept(self, lesson: Lesson, random: np.random.Generator) -> list[Tensor]:
        """Factors of the channels that the head reads, (batch, width, 1, 1): without some, the others are louder."""
        dropout = self.config.optimization.dropout
        if not dropout:
            return []
        kept = (
            self._team.portion(random).random((len(lesson.labels), self.model.architecture.head.inputs, 1, 1))
            >= dropout
        )
        return [moved(kept.astype(np.float32) / np.float32(1.0 - dropout), lesson.labels.device)]

    def average_tensors(self) -> dict[str, Tensor]:
        """The average, which is all that remains of a stage at its end."""
        return _prefixed("ema.", self.average.state_dict())

    def tensors(self) -> dict[str, Tensor]:
        """Everything that the next step depends on."""
        trained = _prefixed("model.", self.model.state_dict()) | _prefixed("objective.", self.objective.state_dict())
        course = _prefixed("course.", self.course.tensors()) | {"course.parts": torch.tensor(self.parts)}
        scaler = {f"scaler.{name}": torch.tensor(value) for name, value in self._scaler.state_dict().items()}
        return self.average_tensors() | trained | optimizer_tensors(self._optimizer) | course | scaler

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of ``tensors``.

        Raises:
            RuntimeError, ValueError, KeyError: the tensors are those of another network, objective or optimizer.
        """
        self.model.load_state_dict(with_prefix(tensors, "model."))
        self.average.load_state_dict(with_prefix(tensors, "ema."))
        self.objective.load_state_dict(with_prefix(tensors, "objective."))
        if with_prefix(tensors, "opt.") or not self._scaler.is_enabled():  # the scaler may have left out every step
            restore_optimizer(self._optimizer, tensors)
        if self._scaler.is_enabled():
            self._scaler.load_state_dict({k: v.item() for k, v in with_prefix(tensors, "scaler.").items()})
        course = with_prefix(tensors, "course.")
        self.parts = int(course["parts"])
        self.course.restore(course)


def _prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in tensors.items()}
