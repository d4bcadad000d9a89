"""Several objectives at once."""

from __future__ import annotations

from torch import Tensor, nn

from wwtool.config import TrainConfig
from wwtool.errors import InputError
from wwtool.training.objectives.objective import Objective, Predictions, Widths
from wwtool.training.objectives.parts import PARTS


class Combined(Objective):
    """The sum of the objectives in ``train.loss.parts``, each times its weight.

    Raises:
        InputError: no part is known, or none of them trains the network's last layer.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(config)
        self._weights = {name: weight for name, weight in config.loss.parts.items() if weight > 0.0}
        members = {name: PARTS.member(name) for name in self._weights}
        if not any(member.trains_head for member in members.values()):
            usable = ", ".join(name for name, member in PARTS.items() if member.trains_head)
            raise InputError(f"{PARTS.key}: nothing trains the model's last layer; give one of {usable} a weight")
        self.parts = nn.ModuleDict({name: member(config) for name, member in members.items()})

    def fit(self, widths: Widths) -> None:
        for part in self.parts.values():
            assert isinstance(part, Objective)
            part.fit(widths)

    def forward(self, predictions: Predictions) -> Tensor:
        losses = [weight * self.parts[name](predictions) for name, weight in self._weights.items()]
        total: Tensor = sum(losses[1:], losses[0])
        return total
