"""What training makes small: one objective a file, all of them in the registry here."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.training.objectives.cross_entropy import CrossEntropy
from wwtool.training.objectives.distillation import Distillation
from wwtool.training.objectives.feature_matching import FeatureMatching
from wwtool.training.objectives.objective import Objective

OBJECTIVES: Registry[type[Objective]] = Registry(
    "train.objective",
    {"cross_entropy": CrossEntropy, "distillation": Distillation, "feature_matching": FeatureMatching},
)
