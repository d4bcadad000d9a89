"""The front end, which turns audio into the features that the model reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from wwtool.config.section import Section


class MicroConfig(Section):
    """ESPHome's front end: noise suppression, automatic gain and 40 mel bands every 10 ms. It has no settings."""

    kind: Literal["micro"] = Field("micro", description="The kind of front end: `micro`, `mel`, `mfcc` or `mfe`.")


class MelSettings(Section):
    """Logarithms of mel bands, as they are: without noise suppression or automatic gain."""

    kind: Literal["mel"] = Field("mel", description="The kind of front end.")
    bands: int = Field(
        40, ge=8, le=128,
        description="Mel bands. Each must hold a bin of the spectrum, which has 128 up to 8 kHz for windows of up to "
        "16 ms, 256 up to 32 ms and 512 above.",
    )  # fmt: skip
    window_ms: int = Field(30, ge=10, le=64, description="Length of the window that a frame describes, in ms.")
    step_ms: int = Field(
        10, ge=5, le=40,
        description="Time from one frame to the next, in ms. A longer one costs less computation, and models then "
        "hear a longer time.",
    )  # fmt: skip
    deltas: bool = Field(
        False,
        description="Whether a frame has each feature a second time, as its slope over the last five frames.",
    )
    lowest_hz: float = Field(125.0, ge=20.0, le=4000.0, description="Where the lowest band begins, in Hz.")
    highest_hz: float = Field(7500.0, ge=1000.0, le=8000.0, description="Where the highest band ends, in Hz.")

    @model_validator(mode="after")
    def _consistent(self) -> MelSettings:
        if self.step_ms > self.window_ms:
            raise ValueError("step_ms must not be more than window_ms")
        if self.highest_hz < 2 * self.lowest_hz:
            raise ValueError("highest_hz must be at least twice lowest_hz")
        return self


class MfccSettings(MelSettings):
    """Mel-frequency cepstral coefficients: the cosine transform of the logarithms of mel bands."""

    kind: Literal["mfcc"] = Field("mfcc", description="The kind of front end.")  # type: ignore[assignment]
    coefficients: int = Field(
        13, ge=4, le=40, description="Coefficients of a frame, from the 0th on, which is the loudness."
    )

    @model_validator(mode="after")
    def _enough_bands(self) -> MfccSettings:
        if self.coefficients > self.bands:
            raise ValueError("coefficients must not be more than bands")
        return self


class MfeConfig(Section):
    """Energies of mel bands in dB above a noise floor, as Edge Impulse's block MFE computes them."""

    kind: Literal["mfe"] = Field("mfe", description="The kind of front end.")
    bands: int = Field(40, ge=2, le=128, description="Mel bands: Edge Impulse's filter number.")
    frame_ms: int = Field(20, ge=5, le=64, description="Edge Impulse's frame length, in ms.")
    step_ms: int = Field(10, ge=5, le=40, description="Edge Impulse's frame stride, in ms.")
    fft_length: Literal[64, 128, 256, 512, 1024] = Field(
        256, description="Points of the transform. Of a longer frame it takes the first."
    )
    lowest_hz: float = Field(0.0, ge=0.0, le=4000.0, description="Where the lowest band begins, in Hz.")
    highest_hz: float = Field(8000.0, ge=1000.0, le=8000.0, description="Where the highest band ends, in Hz.")
    noise_floor_db: int = Field(-52, ge=-80, le=-1, description="What is less loud is 0, in dB of full scale.")
    version: Literal[3, 4] = Field(
        4, description="Edge Impulse's implementation version. In version 3, bands end at half of their frequencies."
    )

    @model_validator(mode="after")
    def _consistent(self) -> MfeConfig:
        if self.highest_hz < 2 * self.lowest_hz:
            raise ValueError("highest_hz must be at least twice lowest_hz")
        return self


class Normalized(Section):
    """How features become int8."""

    normalize: bool = Field(
        True,
        description="Whether features of mean 0 and the same deviation for every channel are made, by statistics of "
        "the audio that the model is trained on. Otherwise int8 covers all levels from digital silence to full scale.",
    )
    statistics: str | None = Field(
        None,
        description="A `statistics.json` of another run with the same settings, in place of statistics of one's own. "
        "`train.teacher.runs` need the same.",
    )


class MelConfig(Normalized, MelSettings):
    """Logarithms of mel bands, as they are: without noise suppression or automatic gain."""


class MfccConfig(Normalized, MfccSettings):
    """Mel-frequency cepstral coefficients: the cosine transform of the logarithms of mel bands."""


FrontEndConfig = Annotated[MicroConfig | MelConfig | MfccConfig | MfeConfig, Field(discriminator="kind")]
