"""The objectives that are one idea each, by name: any of them may be a part of a sum."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.training.objectives.arc_margin import ArcMargin
from wwtool.training.objectives.cross_entropy import CrossEntropy
from wwtool.training.objectives.distillation import Distillation
from wwtool.training.objectives.feature_matching import FeatureMatching
from wwtool.training.objectives.focal import Focal
from wwtool.training.objectives.margin import Margin
from wwtool.training.objectives.objective import Objective
from wwtool.training.objectives.ranking import Ranking
from wwtool.training.objectives.triplet import Triplet

PARTS: Registry[type[Objective]] = Registry(
    "train.loss.parts",
    {
        "cross_entropy": CrossEntropy,
        "distillation": Distillation,
        "feature_matching": FeatureMatching,
        "focal": Focal,
        "margin": Margin,
        "ranking": Ranking,
        "arc_margin": ArcMargin,
        "triplet": Triplet,
    },
)
