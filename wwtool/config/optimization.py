"""How a step changes the weights: the gradient's length, momentum, the learning rate's course, averages, dropout."""

from __future__ import annotations

from pydantic import Field, model_validator

from wwtool.config.section import Fraction, Section

MOST_SOUP = 32


class OptimizationConfig(Section):
    """Settings of clipping, optimizers, schedules and averages."""

    find_rate: bool = Field(
        False,
        description="Whether a range test finds the learning rate of the float stage, in the place of "
        "`train.learning_rate`. `wwtool train --find-lr` shows the test alone.",
    )
    clipping: str = Field(
        "norm", description="How gradients are shortened: `norm` at `train.clip_norm`, `median` at a multiple of what "
        "their lengths have been of late.",
    )  # fmt: skip
    clip_factor: float = Field(
        2.0, gt=0.0, le=1000.0, description="Multiple of the median length at which `median` shortens a gradient."
    )
    clip_window: int = Field(
        100,
        ge=3,
        le=10_000,
        description="Steps from whose gradients `median` takes the median. Until then, it is `norm`.",
    )
    accumulate: int = Field(
        1, ge=1, le=4096,
        description="Batches whose gradients make one step. More make a step steadier without more memory.",
    )  # fmt: skip
    soup: int = Field(
        1, ge=1, le=MOST_SOUP,
        description="Float stages, all from the same weights on and each with other windows, whose mean is quantized, "
        "which depends less on chance. Where the first weights are drawn, there is one.",
    )  # fmt: skip
    dropout: float = Field(
        0.0, ge=0.0, lt=1.0, description="Share of the channels that the head does not see in a step, drawn anew."
    )
    prune: float = Field(
        0.0, ge=0.0, le=0.9,
        description="Share of the channels of every convolution that is pruned. The compiler leaves them out, so that "
        "flash, RAM and time shrink as with a narrower model.",
    )  # fmt: skip
    prune_at: Fraction = Field(0.5, description="Share of the float stage after which channels are pruned.")
    momentum: float = Field(0.9, ge=0.0, lt=1.0, description="Share of the last step that `sgd` takes again.")
    lion_decay: float = Field(
        0.99, ge=0.0, lt=1.0, description="Share of its average of gradients that `lion` keeps in a step."
    )
    drops: tuple[Fraction, ...] = Field(
        (0.5, 0.75, 0.9), max_length=32,
        description="When the schedule `step` lowers the learning rate, as shares of a stage.",
    )  # fmt: skip
    drop_factor: float = Field(
        0.3, gt=0.0, lt=1.0, description="Factor by which `step` and `plateau` lower the learning rate."
    )
    plateau_steps: int = Field(
        50, ge=1, le=100_000, description="Steps whose mean loss `plateau` compares with the best so far."
    )
    plateau_patience: int = Field(
        3, ge=1, le=1000, description="Such means in a row without a better one before `plateau` lowers the rate."
    )
    plateau_gain: Fraction = Field(
        0.01, description="Share of the best mean loss by which a better one must be lower, for `plateau`."
    )
    ema_power: float = Field(
        0.75, gt=0.0, le=4.0,
        description="How fast `ema_power` lengthens its average: after n steps it keeps 1 - (n + 1)^-ema_power, at "
        "most `train.ema`.",
    )  # fmt: skip
    swa_start: Fraction = Field(
        0.75, description="Share of a stage after which `swa` begins its average. Before, it is the model itself."
    )
    swa_steps: int = Field(10, ge=1, le=1_000_000, description="Steps from one model that `swa` averages to the next.")

    @model_validator(mode="after")
    def _rising(self) -> OptimizationConfig:
        if list(self.drops) != sorted(self.drops):
            raise ValueError("drops must rise")
        return self
