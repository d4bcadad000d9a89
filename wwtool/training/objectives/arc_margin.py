"""An angular margin between the phrase and everything else (ArcFace, Deng et al. 2019, arXiv:1801.07698)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.config import TrainConfig
from wwtool.training.objectives.objective import Objective, Predictions, Widths

_LARGEST_COSINE = 1.0 - 1e-6  # the slope of the arc cosine is infinite at 1


class ArcMargin(Objective):
    """Cross-entropy of the scaled cosines between the hidden layer and two centres, one of each class.

    The angle to the window's own centre counts ``train.loss.arc_margin`` more than it is. The centres are trained with
    the network and then thrown away.
    """

    trains_head = False

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(config)
        self.centres: nn.Parameter | None = None

    def fit(self, widths: Widths) -> None:
        generator = torch.Generator().manual_seed(self.config.seed)  # the same centres whatever was drawn before
        self.centres = nn.Parameter(torch.randn(2, widths.hidden, generator=generator))

    def forward(self, predictions: Predictions) -> Tensor:
        assert predictions.hidden is not None
        assert self.centres is not None
        settings, own = self.config.loss, predictions.positive.long()
        cosines = F.normalize(predictions.hidden) @ F.normalize(self.centres).T
        angles = torch.acos(cosines.clamp(-_LARGEST_COSINE, _LARGEST_COSINE))
        harder = torch.cos(angles + settings.arc_margin * F.one_hot(own, 2))
        return predictions.mean(F.cross_entropy(settings.arc_scale * harder, own, reduction="none"))
