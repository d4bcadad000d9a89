"""How the network becomes one of 8 bits, and what that may cost."""

from __future__ import annotations

from pydantic import Field

from wwtool.config.section import Fraction, Section


class QuantizationConfig(Section):
    """The quantized stage: its first ranges, what it stops to change, and the comparison with the float network."""

    ranges: str = Field(
        "percentile",
        description="How the first range of a layer is taken from its outputs: `percentile` without the outermost "
        "ones, `min_max`, `mse` for the least error, `entropy` for the least loss of information.",
    )
    per_channel: bool = Field(
        True,
        description="Whether each output channel of a layer's weights has a scale of its own. With false, a layer has "
        "one scale, as some accelerators ask for; channels with small weights then keep fewer of their 8 bits.",
    )
    freeze_scales: float = Field(
        1.0, gt=0.0, le=1.0, description="Share of the quantized stage after which the ranges no longer change."
    )
    freeze_norms: float = Field(
        1.0, gt=0.0, le=1.0,
        description="Share of the float stage after which batch norms keep their statistics. The quantized stage has "
        "them folded into its weights from its first step.",
    )  # fmt: skip
    compare: bool = Field(
        True,
        description="Whether the float network and the 8-bit model are compared before the model is exported: recall "
        "at the budget of false alarms, and the signal-to-noise ratio of each layer.",
    )
    most_drop: Fraction = Field(
        0.02,
        description="Recall that quantization may cost. A model that has lost more, beyond what chance explains, is "
        "not exported. Each network has its own threshold, the lowest that keeps evaluate.false_alarms_per_hour on the "
        "same recordings.",
    )
    drop_confidence: float = Field(
        0.99, ge=0.5, lt=1.0,
        description="How sure it must be that recall was lost at all before a model is refused, by a paired bootstrap "
        "of clips and negatives. A lower one refuses good models by chance.",
    )  # fmt: skip
    allow_drop: bool = Field(
        False, description="Whether a model that has lost more is exported all the same, with a warning."
    )
