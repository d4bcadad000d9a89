"""The parts of ``evaluation.json`` that later commands read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import ExpectedRate

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class PointRecord(BaseModel):
    """A point of the curve; see ``metrics.Point``."""

    model_config = ConfigDict(frozen=True)

    threshold: int = Field(ge=0, le=256)
    recall: dict[str, Share]
    per_hour: float = Field(ge=0.0, allow_inf_nan=False)


class EvaluationRecord(BaseModel):
    """The detector and the curve of an ``assess.Evaluation``, and what it expects, if it says so."""

    model_config = ConfigDict(frozen=True)

    detector: DetectorConfig
    curve: list[PointRecord] = Field(min_length=1)
    expected: ExpectedRate | None = None
