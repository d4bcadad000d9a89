"""How much there is of each kind of negatives, for training and for evaluation."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from wwtool.config.section import Fraction, Section

Hours = Annotated[float, Field(ge=0.0, le=200.0)]


class KindConfig(Section):
    """The amounts of one kind of negatives."""

    hours: Hours = Field(0.2, description="Hours for training. With 0, the kind is evaluated on and never trained on.")
    dev_hours: Hours = Field(0.3, description="Hours for evaluation and for the choice of the threshold.")
    natural: int = Field(
        0, ge=0, le=100_000,
        description="Further clips for training by natural voices, which are slow; half as many for evaluation.",
    )  # fmt: skip
    weight: float = Field(
        0.03, ge=0.0, le=1000.0,
        description="How often a training window comes from this kind, on the scale of `pools.weights`.",
    )  # fmt: skip
    share: Fraction = Field(
        0.02,
        description="Share of the sound in a household that is like this kind: an estimate, not a measurement.",
    )


def _kind(hours: float, dev_hours: float, weight: float, share: float, natural: int = 0) -> KindConfig:
    return KindConfig(hours=hours, dev_hours=dev_hours, weight=weight, share=share, natural=natural)


# Shares: most of a household's day is quiet or has a steady noise; people and television speak for some four hours of
# sixteen; music plays for about one. Kinds that are said on purpose only have a share of 0.
DEFAULT_KINDS: dict[str, KindConfig] = {
    "rhymes": _kind(0.25, 0.15, 0.06, 0.0),
    "rhymes_in_sentences": _kind(0.35, 0.3, 0.06, 0.01, natural=12),
    "phrase_parts": _kind(0.25, 0.2, 0.05, 0.01, natural=12),
    "wake_words": _kind(0.25, 0.25, 0.05, 0.01, natural=12),
    "other_languages": _kind(0.4, 0.3, 0.06, 0.03, natural=12),
    "unseen_languages": _kind(0.0, 0.3, 0.0, 0.02),
    "recorded_voices": _kind(0.0, 0.1, 0.0, 0.02),
    "names_and_numbers": _kind(0.2, 0.2, 0.03, 0.02),
    "interjections": _kind(0.1, 0.15, 0.02, 0.02),
    "vocalisations": _kind(0.1, 0.15, 0.02, 0.01),
    "babble": _kind(0.2, 0.25, 0.03, 0.05),
    "television": _kind(0.4, 0.4, 0.05, 0.12),
    "music": _kind(0.3, 0.3, 0.04, 0.06),
    "unseen_music": _kind(0.0, 0.25, 0.0, 0.02),
    "tones": _kind(0.15, 0.2, 0.02, 0.01),
    "impacts": _kind(0.2, 0.25, 0.03, 0.05),
    "steady_noise": _kind(0.25, 0.3, 0.03, 0.25),
    "animals": _kind(0.0, 0.2, 0.0, 0.01),
    "silence": _kind(0.05, 0.2, 0.01, 0.2),
    "people": _kind(1.5, 0.5, 0.22, 0.07),
}


def _over_defaults(given: Any) -> Any:
    """What a config gives, with the default of every key that it leaves out."""
    if not isinstance(given, dict):
        return given
    merged: dict[str, Any] = dict(DEFAULT_KINDS)
    for name, values in given.items():
        default = DEFAULT_KINDS.get(name)
        merged[name] = default.model_dump() | values if default and isinstance(values, dict) else values
    return merged


Negatives = Annotated[dict[str, KindConfig], BeforeValidator(_over_defaults)]
"""Settings by the name of a kind. A kind or a key that a config leaves out has its default."""
