"""Reads how to detect with a model that others have trained: ESPHome's manifest v2, or a small YAML of one's own.

The YAML has the keys ``wake_word`` and ``probability_cutoff``. It may have ``sliding_window_size``, ``language``,
``front_end`` (a name, or the settings of a config's section ``frontend``), ``feature_step_size``, ``labels`` and
``label`` for a model with several outputs, and ``inference_step_size`` for one that reads a whole window.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from wwtool.base.inside import path_inside
from wwtool.base.records import read_json
from wwtool.base.text import printable
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.config.frontend import FrontEndConfig, MicroConfig, Normalized
from wwtool.data.texts.phrases import printable_phrase
from wwtool.errors import InputError
from wwtool.evaluation.detector import MAX_WINDOW, DetectorConfig, off_threshold
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.mel import MelFrontEnd
from wwtool.frontend.registry import front_end_of
from wwtool.frontend.statistics import read_statistics
from wwtool.packages.esphome.manifest import STEP_MS
from wwtool.tflite.graph import Graph

_IGNORED_SLICES = 100  # MIN_SLICES_BEFORE_DETECTION in streaming_model.h
_OFF_RATIO = 0.7
Cutoff = Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
Window = Annotated[int, Field(ge=1, le=MAX_WINDOW)]


class _Micro(BaseModel):
    model_config = ConfigDict(extra="forbid")

    probability_cutoff: Cutoff
    feature_step_size: int
    sliding_window_size: Window
    tensor_arena_size: int = Field(ge=1)
    minimum_esphome_version: str


class _Manifest(BaseModel):
    """Manifest v2, with ESPHome's keys and no others."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["micro"]
    wake_word: str = Field(min_length=1, max_length=60)
    author: str
    website: str | None = None
    model: str = Field(min_length=1)
    trained_languages: list[str]
    version: Literal[2]
    micro: _Micro


class _Card(BaseModel):
    """The small YAML."""

    model_config = ConfigDict(extra="forbid")

    wake_word: str = Field(min_length=1, max_length=60)
    probability_cutoff: Cutoff
    sliding_window_size: Window = 5
    language: str = Field("en", max_length=20)
    front_end: FrontEndConfig = MicroConfig()
    feature_step_size: int | None = None
    labels: tuple[Annotated[str, Field(max_length=60)], ...] = Field((), max_length=1000)
    label: str | None = None
    inference_step_size: int | None = Field(None, ge=1, le=60_000)

    @field_validator("front_end", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class Settings:
    """What a file says of a model.

    Attributes:
        phrase, language: the wake word.
        cutoff, window: when its probability, as an average over so many outputs, is a detection.
        model: the model's file; None if it does not name one.
        front_end: what makes the features that the model reads; None: the micro front end, unless the model says more.
        slices: new slices of features for each inference, of a model that reads a whole window.
        output: which of how many outputs is the wake word's; None: there is one.
    """

    phrase: str
    cutoff: float
    window: int
    language: str
    model: Path | None
    front_end: FrontEnd | None = None
    slices: int | None = None
    output: tuple[int, int] | None = None

    def detector_of(self, graph: Graph) -> DetectorConfig:
        """ESPHome's rule as a detector of a model."""
        shape = graph.tensor(graph.inputs[0]).shape
        return self.detector(shape[1] if len(shape) == 3 else 1)

    def detector(self, stride: int) -> DetectorConfig:
        """ESPHome's rule as a detector, for a model that takes ``stride`` slices at a time."""
        threshold = max(int(self.cutoff * 255), 1)
        return DetectorConfig(
            average_window=self.window,
            on_threshold=threshold,
            off_threshold=off_threshold(threshold, _OFF_RATIO),
            warmup=-(-_IGNORED_SLICES // stride),
        )


def read_settings(path: Path) -> Settings:
    """Reads a manifest (.json) or a YAML.

    Raises:
        InputError: a key is missing, unknown or out of range, or the front end is another.
    """
    if path.suffix in (".yaml", ".yml"):
        return _of_card(_valid(_Card, read_yaml(path), path), path)
    manifest = _valid(_Manifest, read_json(path), path)
    micro = manifest.micro
    _require_step(micro.feature_step_size, STEP_MS, f"{path}: micro.feature_step_size")
    language = manifest.trained_languages[0] if manifest.trained_languages else "en"
    model = path_inside(path.parent, manifest.model)
    return Settings(
        printable_phrase(manifest.wake_word), micro.probability_cutoff, micro.sliding_window_size, language, model
    )


def _of_card(card: _Card, path: Path) -> Settings:
    front_end = _front_end(card.front_end, path)
    step_ms = 1000 * front_end.geometry.step_samples // front_end.geometry.sample_rate_hz
    _require_step(card.feature_step_size or step_ms, step_ms, f"{path}: feature_step_size")
    slices, left = divmod(card.inference_step_size or step_ms, step_ms)
    if left:
        raise InputError(
            f"{path}: inference_step_size: {card.inference_step_size} ms are no whole number of slices, of which there "
            f"is one every {step_ms} ms"
        )
    return Settings(
        printable_phrase(card.wake_word), card.probability_cutoff, card.sliding_window_size, card.language, None,
        front_end if "front_end" in card.model_fields_set else None,
        slices if card.inference_step_size is not None else None, _output(card, path),
    )  # fmt: skip


def _front_end(config: FrontEndConfig, path: Path) -> FrontEnd:
    """The front end, normalised as the card asks."""
    try:
        front_end = front_end_of(config)
    except InputError as error:
        raise InputError(f"{path}: {str(error).replace('frontend.', 'front_end.')}") from error
    if not isinstance(config, Normalized) or not isinstance(front_end, MelFrontEnd) or not config.normalize:
        return front_end
    if config.statistics is None:
        raise InputError(
            f"{path}: front_end: the features are normalised by statistics of the training's audio; name their file "
            "with statistics, or set normalize to false"
        )
    statistics = path.parent / config.statistics
    return read_statistics(statistics).apply(front_end, str(statistics))


def _output(card: _Card, path: Path) -> tuple[int, int] | None:
    if not card.labels and card.label is None:
        return None
    wanted = card.label or card.wake_word
    key = "wake_word" if card.label is None else "label"
    if card.labels.count(wanted) > 1:
        raise InputError(
            f"{path}: labels: {printable(wanted, 60)!r} is there {card.labels.count(wanted)} times; give each output "
            "a name of its own"
        )
    if wanted not in card.labels:
        raise InputError(
            f"{path}: {key}: {printable(wanted, 60)!r} must be one of labels, which are "
            f"{printable(', '.join(card.labels) or 'not given', 200)}; list the model's outputs in order, and name one "
            "with label"
        )
    return card.labels.index(wanted), len(card.labels)


def _require_step(step_ms: int, made_ms: int, where: str) -> None:
    if step_ms != made_ms:
        raise InputError(
            f"{where}: the model takes a slice every {step_ms} ms, and wwtool's front end makes one every {made_ms} "
            f"ms; train a model for {made_ms} ms"
        )


def _valid(kind: type[Any], values: Any, path: Path) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputError(describe_validation(error, str(path))) from error
