"""Judging the model while it trains: which of its states becomes the model, and when training stops."""

from __future__ import annotations

from pydantic import Field, model_validator

from wwtool.config.section import Section


class SelectionConfig(Section):
    """How the averaged model is judged on recordings that it does not train on. By default, it is not."""

    every: int = Field(
        0, ge=0, le=1_000_000,
        description="Steps from one judgement of the model to the next, by its recall at the budget of false alarms. "
        "With 0 there is none.",
    )  # fmt: skip
    best: bool = Field(
        True, description="Whether a stage ends with its best model instead of its last, where models are judged."
    )
    keep: int = Field(
        1, ge=1, le=100, description="Models of each stage that are kept in the folder `best`, those judged best."
    )
    patience: int = Field(
        0, ge=0, le=10_000,
        description="Judgements in a row without a better one before a stage stops early. With 0 it never does.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _judged(self) -> SelectionConfig:
        if self.patience and not self.every:
            raise ValueError("patience needs judgements; give every as well")
        return self
