"""Models that come with wwtool, trained and ready: for each NAME, NAME.tflite and how to detect with it, NAME.yaml.

A name stands where a path of a model may stand. ``scripts/voice_activity.py`` makes ``vad``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ReadyModel:
    """A model's file, and the YAML that says how to detect with it."""

    model: Path
    settings: Path


def names() -> tuple[str, ...]:
    """The names of all ready models."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.tflite")))


def ready_model(source: Path) -> ReadyModel | None:
    """The ready model that a source names; None: it is none, or there is a file or folder of that name."""
    if str(source) not in names() or source.exists():
        return None
    return ReadyModel(FOLDER / f"{source}.tflite", FOLDER / f"{source}.yaml")
