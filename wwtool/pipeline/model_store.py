"""A folder of models with versions: what was built, what is current, and the way back.

``STORE/NAME/VERSION`` holds the model, its evaluation and its card; ``STORE/NAME/current.json`` names the version in
use and those that were, newest last. A version is never changed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from wwtool.base.files import replaced_folder, sha256_of, write_json
from wwtool.base.records import read_record
from wwtool.base.text import printable
from wwtool.errors import InputError
from wwtool.evaluation.record import EvaluationRecord
from wwtool.pipeline.evaluation import find_subject
from wwtool.pipeline.training_run import EVALUATION, MODEL
from wwtool.reports.model_card import JSON, MARKDOWN

Bump = Literal["major", "minor", "patch"]
_RECORD, _CURRENT = "record.json", "current.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")


@dataclass(frozen=True)
class ModelVersion:
    """A version of a model: its hash, its operating point, and whether it is the one in use."""

    name: str
    version: str
    sha256: str
    threshold: int | None
    recall: dict[str, float]
    per_hour: float | None
    current: bool = False


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    threshold: int | None = Field(None, ge=1, le=256)
    recall: dict[str, float] = {}
    per_hour: float | None = Field(None, ge=0.0, allow_inf_nan=False)


class _Current(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: str = Field(pattern=f"^{_VERSION.pattern}$")
    before: tuple[str, ...] = ()


class ModelStore:
    """The models in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self, name: str | None = None) -> list[ModelVersion]:
        """All versions of one model or of all, by name and rising version.

        Raises:
            InputError: the name is not that of a model, or a record cannot be used.
        """
        names = [self._known(name)] if name is not None else sorted(self._names())
        return [self._read(known, version) for known in names for version in self._versions_of(known)]

    def add(self, name: str, source: Path, bump: Bump) -> ModelVersion:
        """Takes a .tflite, a run or a build as the next version, which becomes the one in use.

        Raises:
            InputError: the name cannot be used, or there is no model.
        """
        if not _NAME.fullmatch(name):
            raise InputError(f"{printable(name, 60)!r} is no name of a model; use a to z, 0 to 9, - and _")
        subject = find_subject(source)
        version = next_version(self._versions_of(name), bump)
        folder = subject.model.parent
        with replaced_folder(self._folder / name / version) as target:
            shutil.copyfile(subject.model, target / MODEL)
            for place in (folder, folder.parent):
                for extra in (EVALUATION, MARKDOWN, JSON):
                    if subject.record is not None and (place / extra).is_file() and not (target / extra).exists():
                        shutil.copyfile(place / extra, target / extra)
            record = _record(subject.record, sha256_of(target / MODEL))
            write_json(target / _RECORD, {"schema": "wwtool.model_version", "version": 1, **record.model_dump()})
        self._use(name, version)
        return self._read(name, version)

    def roll_back(self, name: str, version: str | None) -> ModelVersion:
        """Makes a version the one in use; without one, the version that was in use before.

        Raises:
            InputError: there is no such version.
        """
        known = self._known(name)
        if version is None:
            before = [old for old in self._current(known).before if old in self._versions_of(known)]
            if not before:
                raise InputError(f"no version of {known} was in use before {self._current(known).version}; name one")
            version = before[-1]
        self._read(known, version)
        self._use(known, version)
        return self._read(known, version)

    def path_of(self, name: str, version: str) -> Path:
        """The folder of a version, which is there."""
        self._read(self._known(name), version)
        return self._folder / name / version

    def _names(self) -> Iterator[str]:
        if self._folder.is_dir():
            yield from (p.name for p in self._folder.iterdir() if _NAME.fullmatch(p.name) and (p / _CURRENT).is_file())

    def _known(self, name: str) -> str:
        if name not in self._names():
            known = ", ".join(sorted(self._names())) or "none"
            raise InputError(f"{self._folder} has no model {printable(name, 60)!r}; it has {known}")
        return name

    def _versions_of(self, name: str) -> list[str]:
        folder = self._folder / name
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted((n for n in names if _VERSION.fullmatch(n)), key=_numbers)

    def _current(self, name: str) -> _Current:
        return read_record(self._folder / name / _CURRENT, _Current)

    def _use(self, name: str, version: str) -> None:
        path, before = self._folder / name / _CURRENT, tuple[str, ...]()
        if path.is_file():
            current = self._current(name)
            before = tuple(old for old in (*current.before, current.version) if old != version)
        write_json(path, {"schema": "wwtool.model_in_use", "version": version, "before": list(before)})

    def _read(self, name: str, version: str) -> ModelVersion:
        if version not in self._versions_of(name):
            raise InputError(
                f"{name} has no version {printable(version, 60)!r}; it has {', '.join(self._versions_of(name))}"
            )
        folder = self._folder / name / version
        record = read_record(folder / _RECORD, _Record)
        if sha256_of(folder / MODEL) != record.sha256:
            raise InputError(f"{folder / MODEL} has changed since it was added; remove the version and add it again")
        path = self._folder / name / _CURRENT
        in_use = path.is_file() and self._current(name).version == version
        return ModelVersion(name, version, **record.model_dump(), current=in_use)


def next_version(versions: list[str], bump: Bump) -> str:
    """The version after the highest one.

    >>> next_version([], "major"), next_version(["1.0.0", "1.9.3", "1.10.0"], "patch"), next_version(["1.2.3"], "minor")
    ('1.0.0', '1.10.1', '1.3.0')
    """
    if not versions:
        return "1.0.0"
    major, minor, patch = max(map(_numbers, versions))
    following = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    return ".".join(map(str, following[bump]))


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def _record(evaluation: EvaluationRecord | None, sha256: str) -> _Record:
    if evaluation is None:
        return _Record(sha256=sha256)
    threshold = evaluation.detector.on_threshold
    point = next((p for p in evaluation.curve if p.threshold == threshold), None)
    recall, per_hour = (point.recall, point.per_hour) if point else ({}, None)
    return _Record(sha256=sha256, threshold=threshold, recall=recall, per_hour=per_hour)


def as_row(version: ModelVersion) -> dict[str, object]:
    """A version as JSON has it."""
    return asdict(version)
