"""Reads how to detect with a model that others have trained: ESPHome's manifest v2, or a small YAML of one's own.

The YAML has the keys ``wake_word``, ``probability_cutoff`` and ``sliding_window_size``, and may have ``language``,
``front_end`` and ``feature_step_size``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wwtool.base.inside import path_inside
from wwtool.base.records import read_json
from wwtool.base.text import printable
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.data.texts.phrases import printable_phrase
from wwtool.errors import InputError
from wwtool.evaluation.detector import MAX_WINDOW, DetectorConfig, off_threshold
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.packages.esphome.manifest import STEP_MS

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
    front_end: str = DEFAULT_FRONT_END.name
    feature_step_size: int = STEP_MS


@dataclass(frozen=True)
class Settings:
    """What a file says of a model. ``model``: the model's file; None if it does not name one."""

    phrase: str
    cutoff: float
    window: int
    language: str
    model: Path | None

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
        card = _valid(_Card, read_yaml(path), path)
        if card.front_end != DEFAULT_FRONT_END.name:
            raise InputError(
                f"{path}: front_end: wwtool has no {printable(card.front_end)!r} for models of others, only "
                f"{DEFAULT_FRONT_END.name}; train the model on its features"
            )
        _require_step(card.feature_step_size, f"{path}: feature_step_size")
        return Settings(
            printable_phrase(card.wake_word), card.probability_cutoff, card.sliding_window_size, card.language, None
        )
    manifest = _valid(_Manifest, read_json(path), path)
    micro = manifest.micro
    _require_step(micro.feature_step_size, f"{path}: micro.feature_step_size")
    language = manifest.trained_languages[0] if manifest.trained_languages else "en"
    model = path_inside(path.parent, manifest.model)
    return Settings(
        printable_phrase(manifest.wake_word), micro.probability_cutoff, micro.sliding_window_size, language, model
    )


def _require_step(step_ms: int, where: str) -> None:
    if step_ms != STEP_MS:
        raise InputError(
            f"{where}: the model takes a slice every {step_ms} ms, and wwtool's front end makes one every {STEP_MS} "
            f"ms; train a model for {STEP_MS} ms"
        )


def _valid(kind: type[Any], values: Any, path: Path) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputError(describe_validation(error, str(path))) from error
