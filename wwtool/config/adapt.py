"""Adapting a model that synthetic voices have trained to a few recordings of the people who will use it."""

from __future__ import annotations

from pydantic import Field

from wwtool.config.section import Fraction, Section


class AdaptConfig(Section):
    """The last stage of a training with few recordings. How many are few, `split.few` says."""

    steps: int = Field(
        800, ge=10, le=1_000_000,
        description="Steps of the stage. Too many forget the people whom synthetic voices stand for.",
    )  # fmt: skip
    learning_rate: float = Field(3e-4, gt=0.0, le=1.0, description="Highest learning rate of the stage.")
    share: Fraction = Field(
        0.6,
        description="Share of the windows of the phrase that recordings would have if there were very many. Ten "
        "recordings have half of it.",
    )
    copies: int = Field(
        90, ge=2, le=10_000, description="Clips that are made of each recording, in other rooms and with other noise."
    )
    folds: int = Field(
        3, ge=0, le=20,
        description="Most models that are adapted without some of the people, to judge how others are heard. With 0, "
        "nothing is judged.",
    )  # fmt: skip
