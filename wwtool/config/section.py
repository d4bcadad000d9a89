"""What every section of the configuration is, and the types that several sections use."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of the configuration: unknown keys, infinities and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError("must be [low, high] with low <= high")
    return bounds


Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Decibels = Annotated[float, Field(ge=-120.0, le=120.0)]
Factor = Annotated[float, Field(ge=0.5, le=2.0)]
Seconds = Annotated[float, Field(gt=0.0, le=10.0)]
Hertz = Annotated[float, Field(gt=0.0, le=8000.0)]

# Ranges from which a value is drawn: [low, high].
DecibelRange = Annotated[tuple[Decibels, Decibels], AfterValidator(_ordered)]
FractionRange = Annotated[tuple[Fraction, Fraction], AfterValidator(_ordered)]
FactorRange = Annotated[tuple[Factor, Factor], AfterValidator(_ordered)]
SecondsRange = Annotated[tuple[Seconds, Seconds], AfterValidator(_ordered)]
HertzRange = Annotated[tuple[Hertz, Hertz], AfterValidator(_ordered)]
