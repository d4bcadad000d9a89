"""``evaluation.json`` as it is read again: what a run's evaluation must say to be of use."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from wwtool.evaluation.detector import DetectorConfig

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class PointRecord(BaseModel):
    """A point of the curve; see ``metrics.Point``."""

    model_config = ConfigDict(frozen=True)

    threshold: int = Field(ge=0, le=256)
    recall: dict[str, Share]
    per_hour: float = Field(ge=0.0, allow_inf_nan=False)


class EvaluationRecord(BaseModel):
    """The parts of ``assess.Evaluation`` that later commands read."""

    model_config = ConfigDict(frozen=True)

    detector: DetectorConfig
    curve: list[PointRecord] = Field(min_length=1)
