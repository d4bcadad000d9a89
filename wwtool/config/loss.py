"""What the objectives of a training measure, beside what they share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wwtool.config.section import Fraction, Section

Weight = Annotated[float, Field(ge=0.0, le=1000.0)]


class LossConfig(Section):
    """Settings of the objectives. An objective takes no notice of those of the others."""

    parts: dict[str, Weight] = Field(
        {"distillation": 1.0, "ranking": 0.3}, min_length=1, max_length=16,
        description="Objectives whose sum `combined` is, and the weight of each.",
    )  # fmt: skip
    label_smoothing: Fraction = Field(
        0.0,
        description="Share of a label that `cross_entropy`, `distillation` and `margin` give to the other answer, in "
        "halves. A larger share makes the model less sure, and trusts labels less.",
    )
    positive_weight: float = Field(
        1.0, gt=0.0, le=1000.0,
        description="Weight of a window of the phrase in the loss; other windows have 1. A larger one detects more and "
        "errs more.",
    )  # fmt: skip
    hard_weight: float = Field(
        1.0, gt=0.0, le=1000.0, description="Weight in the loss of a window of words that sound like the phrase."
    )
    mined_weight: float = Field(1.0, gt=0.0, le=1000.0, description="Weight of a mined window in the loss.")
    focal_power: float = Field(
        2.0, ge=0.0, le=10.0,
        description="How far `focal` turns away from windows that the model is sure of. With 0 it is `cross_entropy`.",
    )  # fmt: skip
    triplet_margin: float = Field(
        0.2, gt=0.0, le=2.0,
        description="How much closer `triplet` wants two windows of the phrase than one of them and another window, as "
        "a squared distance of vectors of length 1.",
    )  # fmt: skip
    margin: float = Field(
        1.0, ge=0.0, le=16.0, description="Logits by which `margin` wants every window on the right side."
    )
    arc_margin: float = Field(
        0.3, ge=0.0, le=1.5, description="Angle in radians by which `arc_margin` wants classes apart."
    )
    arc_scale: float = Field(
        16.0, gt=0.0, le=256.0, description="Factor on the cosines of `arc_margin`. A larger one trusts them more."
    )
    ranking_share: float = Field(
        0.1, gt=0.0, le=1.0,
        description="Share of a batch's other windows, those with the highest scores, that `ranking` compares with the "
        "windows of the phrase. A smaller share looks at fewer false alarms.",
    )  # fmt: skip
    ranking_margin: float = Field(
        2.0, ge=0.0, le=32.0, description="Logits by which `ranking` wants the phrase above those windows."
    )
