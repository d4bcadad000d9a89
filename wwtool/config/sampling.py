"""What the windows of a training batch are, and in which order of difficulty they come."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from wwtool.config.section import Fraction, Section

Part = Annotated[float, Field(ge=0.0, le=1000.0)]


class SamplingConfig(Section):
    """How windows are drawn beyond the weights of the pools. By default, it changes nothing."""

    ratio: tuple[Part, Part, Part, Part] | None = Field(
        None,
        description="Windows of a batch as [phrase, ordinary negatives, hard negatives, mined windows]; only the "
        "ratios matter. It takes the place of `positive_fraction` and `mined_fraction`. What a build has none of goes "
        "to the ordinary negatives.",
    )
    hard_pools: tuple[str, ...] = Field(
        (
            "near",
            "near_natural",
            "words_natural",
            "rhymes",
            "rhymes_in_sentences",
            "phrase_parts",
            "wake_words",
            "words",
            "words_clean",
        ),
        max_length=64,
        description="Pools of hard negatives, for `ratio`, `curriculum` and `loss.hard_weight`.",
    )
    curriculum: Fraction = Field(
        0.0,
        description="Share of a stage over which hard and mined windows, and the variation of spectrograms, grow from "
        "none to all there is. With 0 all of it is there from the first step.",
    )
    mixup: float = Field(
        0.0, ge=0.0, le=8.0,
        description="How much of another window is mixed into each one, labels and all: both parameters of a beta "
        "distribution (Zhang et al. 2018). With 0 none is.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _some_of_both(self) -> SamplingConfig:
        if self.ratio is not None and not (self.ratio[0] > 0 and self.ratio[1] > 0):
            raise ValueError("ratio needs a share of the phrase and one of ordinary negatives, each above 0")
        return self
