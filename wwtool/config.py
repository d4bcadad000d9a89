"""The configuration: pydantic models, and the only home of a default.

A config file is YAML with the keys below; whatever it leaves out has the default given here. Unknown keys and values
out of range are refused with their key path.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.errors import InputError
from wwtool.models.zoo import ZOO
from wwtool.platforms.wiring import BoardConfig


def _known_model(name: str) -> str:
    if name != "auto" and name not in ZOO:
        raise ValueError(f"must be 'auto' or one of {', '.join(ZOO)}")
    return name


Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Decibels = Annotated[float, Field(ge=-120.0, le=120.0)]
ModelName = Annotated[str, AfterValidator(_known_model)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class AugmentConfig(_Section):
    """Ranges of the augmentation; chances are probabilities."""

    speed: tuple[float, float] = (0.85, 1.18)
    speed_chance: Fraction = 0.8
    room_chance: Fraction = 0.6
    band_limit_chance: Fraction = 0.15
    snr_db: tuple[Decibels, Decibels] = (-3.0, 30.0)
    level_db: tuple[Decibels, Decibels] = (-32.0, 0.0)
    noise_floor_db: tuple[Decibels, Decibels] = (-82.0, -58.0)
    recorded_noise: Fraction = 0.55
    babble: Fraction = 0.2
    speech_before: Fraction = 0.3
    speech_after: Fraction = 0.35

    @model_validator(mode="after")
    def _ordered(self) -> AugmentConfig:
        for name in ("speed", "snr_db", "level_db", "noise_floor_db"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name} must be [low, high] with low <= high")
        if self.speed[0] < 0.5 or self.speed[1] > 2.0:
            raise ValueError("speed must stay within 0.5 and 2.0")
        return self


class SynthConfig(_Section):
    """How much speech is synthesised."""

    language: str = Field("en-us", pattern=r"^[a-z]{2,3}(-[a-z0-9]+)*$")
    words: Path | None = None  # a list of the language's words, for languages of which wwtool knows none
    positives: int = Field(4000, ge=50, le=100_000)
    near_misses: int = Field(4500, ge=50, le=100_000)
    sentence_hours: float = Field(3.2, ge=0.05, le=100.0)
    seed: int = Field(1, ge=0)


class PoolConfig(_Section):
    """How much augmented audio is turned into features before training."""

    positives: int = Field(6000, ge=50, le=500_000)
    native_positives: int = Field(3500, ge=0, le=500_000)
    sentence_hours: float = Field(3.2, ge=0.05, le=200.0)
    clean_sentence_hours: float = Field(1.2, ge=0.0, le=200.0)
    near_miss_hours: float = Field(1.2, ge=0.02, le=200.0)
    speech_hours: float = Field(0.8, ge=0.0, le=200.0)
    clean_speech_hours: float = Field(0.8, ge=0.0, le=200.0)
    noise_hours: float = Field(0.8, ge=0.02, le=200.0)


class TrainConfig(_Section):
    """The training loop."""

    steps: int = Field(2500, ge=20, le=10_000_000)
    qat_steps: int = Field(600, ge=10, le=10_000_000)
    batch: int = Field(160, ge=8, le=65536)
    learning_rate: float = Field(3e-3, gt=0.0, le=1.0)
    qat_learning_rate: float = Field(4e-4, gt=0.0, le=1.0)
    weight_decay: float = Field(1e-4, ge=0.0, le=1.0)
    ema: float = Field(0.998, ge=0.0, lt=1.0)
    positive_fraction: Fraction = 0.4
    mine_at: tuple[Fraction, ...] = (0.4, 0.65)
    mined_fraction: Fraction = 0.25
    time_warp: float = Field(0.2, ge=0.0, le=0.5)
    channel_warp: float = Field(2.5, ge=0.0, le=8.0)
    window_end_frames: tuple[int, int] = (-2, 16)
    checkpoint_steps: int = Field(250, ge=1)
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    # Part of what a model is: another number gives another. Two are as fast as more on networks this small.
    threads: int = Field(2, ge=1, le=64)

    @model_validator(mode="after")
    def _ordered(self) -> TrainConfig:
        low, high = self.window_end_frames
        if not -1000 <= low <= high <= 1000:
            raise ValueError("window_end_frames must be [low, high] with low <= high, within -1000 and 1000")
        return self


class DetectorSettings(_Section):
    """The detector's shape; thresholds left out are chosen from the false-alarm budget."""

    average_window: int = Field(5, ge=1, le=32)
    votes_needed: int = Field(1, ge=1, le=32)
    votes_window: int = Field(1, ge=1, le=32)
    on_threshold: int | None = Field(None, ge=1, le=255)
    off_ratio: Fraction = 0.7
    lockout_ms: int = Field(2000, ge=0, le=60_000)
    warmup_ms: int = Field(1000, ge=0, le=60_000)

    @model_validator(mode="after")
    def _votes(self) -> DetectorSettings:
        if self.votes_needed > self.votes_window:
            raise ValueError("votes_needed must not be more than votes_window")
        return self


class EvaluateConfig(_Section):
    """What the operating point must hold."""

    false_alarms_per_hour: float = Field(0.5, gt=0.0, le=1000.0)
    # Given up of the best recall for a higher threshold: unheard audio scores higher than what was heard.
    spare_recall: Fraction = 0.01


class BudgetConfig(_Section):
    """Limits below the platform's own; the platform's apply where these are left out."""

    flash_bytes: int | None = Field(None, ge=1)
    ram_bytes: int | None = Field(None, ge=1)
    latency_ms: float | None = Field(None, gt=0.0)


class SelectConfig(_Section):
    """How a model of the zoo is chosen where none is named."""

    margin: float = Field(0.1, ge=0.0, lt=1.0)  # every limit is taken to be lower by this share
    tolerance: Fraction = 0.005  # of the table's score, given up for a cheaper model
    search: int = Field(1, ge=1, le=100)  # finalists that train side by side for a while


class SplitConfig(_Section):
    """Fractions of speakers; what is left is for training."""

    dev: Fraction = 0.15
    test: Fraction = 0.15
    speaker_pattern: str | None = None

    @model_validator(mode="after")
    def _sum(self) -> SplitConfig:
        if self.dev + self.test > 0.8:
            raise ValueError("dev and test together must leave at least 0.2 for training")
        return self


class Config(_Section):
    """The whole configuration of a build."""

    phrase: str | None = Field(None, max_length=60)
    model: ModelName = "auto"
    select: SelectConfig = SelectConfig()
    synth: SynthConfig = SynthConfig()
    augment: AugmentConfig = AugmentConfig()
    pools: PoolConfig = PoolConfig()
    split: SplitConfig = SplitConfig()
    train: TrainConfig = TrainConfig()
    detector: DetectorSettings = DetectorSettings()
    evaluate: EvaluateConfig = EvaluateConfig()
    budget: BudgetConfig = BudgetConfig()
    board: BoardConfig = BoardConfig()

    @model_validator(mode="after")
    def _one_or_several(self) -> Config:
        if self.model != "auto" and self.select.search > 1:
            raise ValueError(f"select.search must be 1 where the model is given ({self.model}); leave one of them out")
        return self


def load_config(path: Path | None, overrides: dict[str, Any] | None = None) -> Config:
    """Reads a YAML config; ``overrides`` (nested like the file) win over it.

    Raises:
        InputError: the file cannot be read or a key or value in it is wrong; the message names the key path.
    """
    if path is None:
        return parse_config(overrides or {}, "config")
    values = read_yaml(path)
    _take_paths_from(path.parent, values)
    return parse_config(_merge(values, overrides or {}), str(path))


def _take_paths_from(folder: Path, values: dict[str, Any]) -> None:
    """Makes the paths that a config file names, which are relative to the file, relative to the working directory."""
    synth = values.get("synth")
    if isinstance(synth, dict) and isinstance(synth.get("words"), str):
        synth["words"] = str(folder / synth["words"])


def parse_config(values: dict[str, Any], name: str) -> Config:
    """Validates a nested dict; ``name`` is used in messages."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise InputError(describe_validation(error, name)) from error


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
