"""The accuracy of each model of the zoo, measured by bench/zoo_accuracy.py. It shows which model is worth its cost."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

PATH = Path(__file__).with_name("accuracy.yaml")


class Measured(BaseModel):
    """The accuracy of one model.

    ``score``: mean recall over words, noise levels and false-alarm budgets, 0 to 1. ``recall``: over all words by noise
    level, at the false-alarm budget of the detector, with its 95 % interval. ``per_hour``: its false alarms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: float
    by_word: dict[str, float]
    recall: dict[str, tuple[float, float, float]] = {}
    per_hour: float = 0.0


class AccuracyTable(BaseModel):
    """The accuracy of all models.

    ``standard_error``: of the difference of two scores. ``steps``: of float training and of fine-tuning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measured: str
    command: str
    steps: tuple[int, int]
    clips: int
    hours: float
    standard_error: float
    models: dict[str, Measured]


@cache
def accuracy_table() -> AccuracyTable:
    """The table that ships with wwtool."""
    return AccuracyTable.model_validate(yaml.safe_load(PATH.read_text(encoding="utf-8")))
