"""The configuration: pydantic models, and the only home of a default.

A config file is YAML with the keys below; a key that it leaves out has the default given here. Unknown keys and values
out of range are refused with their key path. Names of things that a registry holds, such as models, are checked where
the registry is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from wwtool.base.renamed_keys import Renamed, Warn, ignore, migrate
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.config.augment import AugmentConfig
from wwtool.config.frontend import FrontEndConfig, MicroConfig
from wwtool.config.negatives import DEFAULT_KINDS, Negatives
from wwtool.config.section import Fraction, Section
from wwtool.config.synth import SynthConfig
from wwtool.config.train import PoolConfig, TrainConfig
from wwtool.errors import InputError

__all__ = ["AugmentConfig", "PoolConfig", "SynthConfig", "TrainConfig"]

PRESET_NAME = r"^[a-z0-9][a-z0-9-]{1,31}$"
GAIN_STEP_DB = 6  # one bit of a sample

Pin = Annotated[int, Field(ge=0, le=254)]


class DetectorSettings(Section):
    """The detector's shape. A threshold that is left out is chosen so that the false-alarm budget is kept."""

    average_window: Annotated[int, Field(ge=1, le=32)] | None = Field(
        None,
        description="Outputs of the model that the detector averages. More outputs make detection steadier and later. "
        "Left out, it is chosen with the threshold from `average_windows`.",
    )
    average_windows: tuple[Annotated[int, Field(ge=1, le=32)], ...] = Field(
        (5, 3, 8), min_length=1, max_length=8,
        description="Values of `average_window` to choose from. The first is taken unless another detects more than "
        "`evaluate.spare_recall` more at the same promise.",
    )  # fmt: skip
    votes_needed: int = Field(
        1, ge=1, le=32, description="Averages within the last `votes_window` that must reach the on-threshold."
    )
    votes_window: int = Field(1, ge=1, le=32, description="Averages among which the detector counts votes.")
    on_threshold: int | None = Field(
        None, ge=1, le=255,
        description="Probability that starts a detection, in 1/255. A higher one gives fewer false alarms and fewer "
        "detections. Left out, it is chosen from `evaluate.false_alarms_per_hour`.",
    )  # fmt: skip
    off_ratio: Fraction = Field(
        0.7, description="Below this share of the on-threshold the detector is ready for the next detection."
    )
    lockout_ms: int = Field(
        2000, ge=0, le=60_000, description="Time in ms after a detection during which there is no other."
    )
    warmup_ms: int = Field(
        1000, ge=0, le=60_000, description="Time in ms after the start during which nothing is detected."
    )

    silence_gate: int = Field(
        0, ge=0, le=255,
        description="Inferences are skipped in silence, below this mean of the features of a frame, each as 0 to 255; "
        "0: never. 48 is above the noise of a quiet room. It takes about 4 KB of RAM, and one model only.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _votes(self) -> DetectorSettings:
        if self.votes_needed > self.votes_window:
            raise ValueError("votes_needed must not be more than votes_window")
        return self


class EvaluateConfig(Section):
    """What the operating point must hold."""

    false_alarms_per_hour: float = Field(
        0.5, gt=0.0, le=1000.0,
        description="Most false alarms an hour, on audio of kinds that were not evaluated. Fewer cost detections.",
    )  # fmt: skip
    confidence: float = Field(
        0.8, ge=0.5, le=0.99,
        description="Chance that the false alarms keep their budget on audio of a kind never met. A higher one costs "
        "detections.",
    )  # fmt: skip
    unseen_shift: float = Field(
        0.25, ge=-8.0, le=8.0,
        description="Logits by which audio of a kind never met is taken to score higher than the kinds that are there, "
        "where people say the phrase.",
    )  # fmt: skip
    unseen_shift_synthetic: float = Field(
        -0.5, ge=-8.0, le=8.0,
        description="The same where only synthetic voices say the phrase. People then score lower in most of what they "
        "say.",
    )  # fmt: skip
    unseen_spread: float = Field(
        0.5, ge=0.0, le=8.0, description="Standard deviation of that shift from one kind to the next, in logits."
    )
    usual_threshold: int = Field(
        28, ge=1, le=255,
        description="Threshold that suits models of the default recipe on the mean, whatever the phrase.",
    )  # fmt: skip
    usual_weight: Fraction = Field(
        0.7,
        description="How far the threshold is drawn from what a build's own audio says toward `usual_threshold`, in "
        "logits. 0: not at all, as it should be for a recipe whose scores have another scale.",
    )
    evenness: Fraction = Field(
        0.1,
        description="How far a kind never met is drawn evenly from the kinds there are. The rest is drawn by their "
        "shares of the sound in a household.",
    )
    shares: dict[str, Fraction] = Field(
        {"sentences": 0.1, "speech": 0.1, "other_words": 0.01, "noise": 0.1},
        description="Shares of the sound in a household that are like recordings and sentences. Those of the other "
        "kinds are `negatives.KIND.share`.",
    )
    mixture: float = Field(
        12.0, ge=0.5, le=1000.0,
        description="How alike the mixtures of sounds in two households are, as a number of kinds (the concentration "
        "of a Dirichlet distribution around the kinds' shares).",
    )  # fmt: skip
    household_hours: float = Field(
        1.0, gt=0.0, le=1000.0,
        description="Hours of audio of your household that count as much as everything that the build was evaluated "
        "on, in `wwtool evaluate --calibrate`.",
    )  # fmt: skip
    spare_recall: Fraction | None = Field(
        0.01,
        description="Share of the best recall that is given up for a threshold above the lowest that keeps the budget. "
        "`null`: none, and the lowest is taken even where a higher one loses nothing.",
    )
    spare_recall_synthetic: Fraction | None = Field(
        None,
        description="The same where only synthetic voices say the phrase: what costs them nothing may cost people "
        "much.",
    )


class BudgetConfig(Section):
    """Limits below the platform's own. A limit that is left out is the platform's."""

    flash_bytes: int | None = Field(None, ge=1, description="Most flash for the firmware, in bytes.")
    ram_bytes: int | None = Field(None, ge=1, description="Most RAM for the firmware, in bytes.")
    latency_ms: float | None = Field(None, gt=0.0, description="Longest inference, in ms.")


class SelectConfig(Section):
    """How a model of the zoo is chosen where none is named."""

    margin: float = Field(
        0.1,
        ge=0.0,
        lt=1.0,
        description="Share of every limit that is kept free. A larger share chooses smaller models.",
    )
    tolerance: Fraction = Field(
        0.005, description="Difference in the zoo's accuracy score that is given up for a cheaper model."
    )
    search: int = Field(
        1, ge=1, le=100,
        description="Finalists that train side by side for a while on your data; the better half goes on. One means no "
        "search.",
    )  # fmt: skip


class SplitConfig(Section):
    """How recordings are split by speaker. Speakers of neither share are for training."""

    dev: Fraction = Field(0.15, description="Share of the speakers for choosing the operating point and evaluation.")
    test: Fraction = Field(0.15, description="Share of the speakers that no build uses, for a last evaluation.")
    few: int = Field(
        40, ge=0, le=1000,
        description="Up to so many recordings of the phrase are all used for training: a model that synthetic voices "
        "have trained is adapted to them, and judged on recordings that are left out in turn.",
    )  # fmt: skip
    keep_doubtful: bool = Field(
        False,
        description="Whether recordings that do not seem to say the phrase are used. They are named all the same.",
    )
    speaker_pattern: str | None = Field(
        None, description="Regular expression for file names; its first group is the speaker's name."
    )

    @model_validator(mode="after")
    def _sum(self) -> SplitConfig:
        if self.dev + self.test > 0.8:
            raise ValueError("dev and test together must leave at least 0.2 for training")
        return self


class Codec(Section):
    """The chip between analogue microphones and I2S. It is set up over I2C."""

    chip: Literal["es7210", "es8311"] = Field(description="The codec's type.")
    sda: Pin = Field(description="GPIO of I2C data.")
    scl: Pin = Field(description="GPIO of the I2C clock.")


class _Microphone(Section):
    slot: Literal["left", "right"] = Field("left", description="Slot of the stereo frame that carries the microphone.")
    gain_db: int = Field(
        18, ge=0, le=48, multiple_of=GAIN_STEP_DB,
        description="Gain of the samples in dB, in steps of 6 dB, because a sample is shifted by bits.",
    )  # fmt: skip


class I2sMicrophone(_Microphone):
    """A microphone or codec that speaks I2S. The board gives the clocks."""

    interface: Literal["i2s"] = Field(description="The microphone's interface.")
    bclk: Pin = Field(description="GPIO of the bit clock.")
    ws: Pin = Field(description="GPIO of the word select signal.")
    sd: Pin = Field(description="GPIO of the data from the microphone.")
    mclk: Pin | None = Field(None, description="GPIO of the master clock, 256 a sample, where a codec needs it.")
    codec: Codec | None = Field(None, description="The codec, where there is one.")

    @model_validator(mode="after")
    def _clocked(self) -> I2sMicrophone:
        if self.codec is not None and self.codec.chip == "es7210" and self.mclk is None:
            raise ValueError("the codec es7210 needs a pin mclk")
        return self


class PdmMicrophone(_Microphone):
    """A microphone that sends a bit for each clock. The chip makes samples of the bits."""

    interface: Literal["pdm"] = Field(description="The microphone's interface.")
    clk: Pin = Field(description="GPIO of the clock.")
    data: Pin = Field(description="GPIO of the data from the microphone.")


Microphone = Annotated[I2sMicrophone | PdmMicrophone, Field(discriminator="interface")]


class Indicator(Section):
    """The light that shows a detection."""

    pin: Pin = Field(description="GPIO of the light.")
    active: Literal["high", "low"] = Field("high", description="Level that switches the light on.")


class BoardConfig(Section):
    """A board of the platform, for platforms whose pins can be chosen. A part that is given replaces the preset's."""

    preset: str | None = Field(
        None, pattern=PRESET_NAME,
        description="Name of a board that `wwtool platforms NAME` lists. Left out, it is the platform's first.",
    )  # fmt: skip
    microphone: Microphone | None = Field(None, description="The microphone, in place of the preset's.")
    indicator: Indicator | None = Field(None, description="The light, in place of the preset's.")
    clock_mhz: int | None = Field(
        None, ge=1, le=1000,
        description="The core's clock in MHz, one of those that the profile lists under `chip.clocks` with what has "
        "been seen of each on silicon. Left out, it is the profile's `chip.clock_hz`.",
    )  # fmt: skip
    vector_unit: bool = Field(
        False,
        description="The model's kernels use the core's vector unit, where the profile has `chip.vector_unit`: the "
        "ESP32-S3. The outputs are the same bytes. Off, because no board has run it yet.",
    )


class Config(Section):
    """The whole configuration of a build."""

    phrase: str | None = Field(None, max_length=60, description="The wake word, as it is spoken.")
    model: str = Field(
        "auto", description="A model of the zoo, or `auto` for the most accurate that fits the platform's budget."
    )
    select: SelectConfig = Field(SelectConfig(), description="How a model of the zoo is chosen.")
    synth: SynthConfig = Field(SynthConfig(), description="How much speech is synthesised, in which language.")
    frontend: FrontEndConfig = Field(
        MicroConfig(), description="The front end, which turns audio into the features that the model reads."
    )
    augment: AugmentConfig = Field(AugmentConfig(), description="How clips are varied before training.")
    negatives: Negatives = Field(
        DEFAULT_KINDS,
        description="How much there is of each kind of negatives, by the kind's name. What is left out has its "
        "default. With less than the default `synth.sentence_hours`, there is less of all.",
    )  # fmt: skip
    pools: PoolConfig = Field(PoolConfig(), description="How much augmented audio is turned into features.")
    split: SplitConfig = Field(SplitConfig(), description="How recordings are split by speaker.")
    train: TrainConfig = Field(TrainConfig(), description="How the model is trained.")
    detector: DetectorSettings = Field(DetectorSettings(), description="How outputs become detections.")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="What the operating point must hold.")
    budget: BudgetConfig = Field(BudgetConfig(), description="Limits below the platform's own.")
    board: BoardConfig = Field(BoardConfig(), description="The board, for platforms whose pins can be chosen.")

    @model_validator(mode="after")
    def _one_or_several(self) -> Config:
        if self.model != "auto" and self.select.search > 1:
            raise ValueError(f"select.search must be 1 where the model is given ({self.model}); leave one of them out")
        return self

    @model_validator(mode="after")
    def _gate(self) -> Config:
        if self.detector.silence_gate and not isinstance(self.frontend, MicroConfig):
            raise ValueError(
                "detector.silence_gate is in features of the front end micro, and frontend.kind is "
                f"{self.frontend.kind}; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _features(self) -> Config:
        if self.pools.features and not isinstance(self.frontend, MicroConfig):
            raise ValueError(
                f"pools.features holds features of the front end micro, and frontend.kind is {self.frontend.kind}; "
                "leave one of them out"
            )
        return self


RENAMED_KEYS: dict[str, Renamed] = {
    "train.time_warp": Renamed("augment.spectrogram.time_warp"),
    "train.channel_warp": Renamed("augment.spectrogram.channel_warp"),
}
"""Keys of earlier versions, as dotted paths, with the keys that replaced them. Old files keep working."""


def load_config(path: Path | None, overrides: dict[str, Any] | None = None, warn: Warn = ignore) -> Config:
    """Reads a YAML config; ``overrides`` (nested like the file) win over it.

    ``warn`` is called for every key that has a new name.

    Raises:
        InputError: the file cannot be read or a key or value in it is wrong; the message names the key path.
    """
    if path is None:
        return parse_config(overrides or {}, "config", warn)
    values = migrate(read_yaml(path), RENAMED_KEYS, str(path), warn)
    _take_paths_from(path.parent, values)
    return parse_config(merge(values, overrides or {}), str(path), warn)


def _take_paths_from(folder: Path, values: dict[str, Any]) -> None:
    """Makes the paths that a config file names, which are relative to the file, relative to the working directory."""
    synth = values.get("synth")
    if isinstance(synth, dict) and isinstance(synth.get("words"), str):
        synth["words"] = str(folder / synth["words"])
    train = values.get("train")
    teacher = train.get("teacher") if isinstance(train, dict) else None
    if isinstance(teacher, dict) and isinstance(teacher.get("runs"), list):
        teacher["runs"] = [str(folder / name) if isinstance(name, str) else name for name in teacher["runs"]]
    if isinstance(teacher, dict) and isinstance(teacher.get("path"), str):
        teacher["path"] = str(folder / teacher["path"])
    frontend = values.get("frontend")
    if isinstance(frontend, dict) and isinstance(frontend.get("statistics"), str):
        frontend["statistics"] = str(folder / frontend["statistics"])
    pools = values.get("pools")
    if isinstance(pools, dict) and isinstance(pools.get("features"), list):
        names = [name for name in pools["features"] if isinstance(name, str)]
        pools["features"] = [str(folder / name) if (folder / name).is_dir() else name for name in names]


def parse_config(values: dict[str, Any], name: str, warn: Warn = ignore) -> Config:
    """Validates a nested dict; ``name`` is used in messages."""
    try:
        return Config.model_validate(migrate(values, RENAMED_KEYS, name, warn))
    except ValidationError as error:
        raise InputError(describe_validation(error, name)) from error


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Nested values with those of ``over`` on top.

    >>> merge({"train": {"steps": 100, "seed": 1}}, {"train": {"seed": 2}})
    {'train': {'steps': 100, 'seed': 2}}
    """
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
