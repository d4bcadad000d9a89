"""A data folder: which recordings are in it, what they are, who speaks and which split they belong to.

Either ``positive/``, ``negative/``, ``hard_negative/``, ``noise/`` and ``rir/`` with audio at any depth, the first
folder below naming the speaker, or an ``index.csv`` with the columns path, label and, if known, speaker and split.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from wwtool.data.audio import audio_files
from wwtool.errors import InputError
from wwtool.files import write_json

LABELS = ("positive", "negative", "hard_negative", "noise", "rir")
SPEECH_LABELS = ("positive", "negative", "hard_negative")
SPLITS = ("train", "dev", "test")
INDEX_NAME = "index.csv"

_SCHEMA, _VERSION = "wwtool.dataset", 1


@dataclass(frozen=True)
class Recording:
    """One file as the folder describes it."""

    path: str  # relative to the folder, with forward slashes
    label: str
    speaker: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Clip:
    """One usable file of a dataset."""

    path: str
    label: str
    speaker: str | None
    split: str
    seconds: float
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """Usable clips with their splits; paths are relative to ``folder``."""

    folder: Path
    clips: list[Clip]
    skipped: list[dict[str, str]]  # path and reason

    def select(self, label: str, split: str | None = None) -> list[Clip]:
        """Clips of a label, of one split or of all."""
        return [clip for clip in self.clips if clip.label == label and split in (None, clip.split)]

    def save(self, path: Path) -> None:
        """Writes ``dataset.json``."""
        content = {"clips": [asdict(clip) for clip in self.clips], "skipped": self.skipped}
        write_json(path, {"schema": _SCHEMA, "version": _VERSION, **content})


def load_dataset(path: Path, folder: Path) -> Dataset:
    """Reads a ``dataset.json`` made of ``folder``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != _SCHEMA or content["version"] != _VERSION:
            raise InputError(
                f"{path} is {content['schema']} version {content['version']}; run `wwtool data split` again"
            )
        return Dataset(folder, [Clip(**clip) for clip in content["clips"]], content["skipped"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read as a dataset ({error}); run `wwtool data split` again") from error


def index_folder(source: Path, speaker_pattern: str | None = None) -> tuple[Path, list[Recording]]:
    """Lists the recordings of a data folder, or of an index file.

    Args:
        source: a folder, or a .csv file whose paths are relative to its own folder.
        speaker_pattern: regular expression searched in the path below the class folder; its first group names the
            speaker. Without it the first folder below the class does.

    Returns:
        The folder that paths are relative to, and the recordings, sorted by path.

    Raises:
        InputError: there is no such folder, it holds no audio, or the index is malformed.
    """
    if source.is_file() and source.suffix.lower() == ".csv":
        folder, recordings = source.parent, list(_read_index(source))
    elif not source.exists():
        raise InputError(f"the data folder {source} does not exist")
    elif not source.is_dir():
        raise InputError(f"{source} is neither a folder nor a .csv index")
    elif (source / INDEX_NAME).is_file():
        folder, recordings = source, list(_read_index(source / INDEX_NAME))
    else:
        folder, recordings = source, list(_walk(source, _compile(speaker_pattern)))
    if not recordings:
        raise InputError(f"{source} holds no recordings; put audio files into {source / 'positive'} and its siblings")
    return folder, sorted(recordings, key=lambda r: r.path)


def _walk(folder: Path, pattern: re.Pattern[str] | None) -> Iterator[Recording]:
    for label in LABELS:
        if not (folder / label).is_dir():
            continue
        for path in audio_files(folder / label):
            inner = path.relative_to(folder / label)
            yield Recording(f"{label}/{inner.as_posix()}", label, _speaker(inner, pattern))


def _speaker(inner: Path, pattern: re.Pattern[str] | None) -> str | None:
    if pattern is not None:
        match = pattern.search(inner.as_posix())
        return match.group(1) if match else None
    return inner.parts[0] if len(inner.parts) > 1 else None


def _compile(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(f"speaker_pattern {pattern!r} is not a regular expression: {error}") from error
    if compiled.groups < 1:
        raise InputError(f"speaker_pattern {pattern!r} needs a group in parentheses around the speaker's name")
    return compiled


def _read_index(path: Path) -> Iterator[Recording]:
    """Checks and yields the rows of an index; a message names file and line."""
    folder = path.parent.resolve()
    seen: set[str] = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, strict=True)
            missing = {"path", "label"} - set(table.fieldnames or ())
            if missing:
                raise InputError(f"{path}:1: the column {' and '.join(sorted(missing))} is missing")
            for row in table:
                recording = _row(f"{path}:{table.line_num}", row, folder)
                if recording.path in seen:
                    raise InputError(f"{path}:{table.line_num}: {recording.path} is listed twice")
                seen.add(recording.path)
                yield recording
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a UTF-8 .csv file: {error}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _row(where: str, row: dict[str | None, str | list[str] | None], folder: Path) -> Recording:
    values = {key: value.strip() for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
    if len(values) < len(row):  # csv.DictReader puts what is too much under None, and None for what is missing
        raise InputError(f"{where}: the row does not have as many fields as the header")
    name, label, split = values["path"], values["label"], values.get("split", "")
    if label not in LABELS:
        raise InputError(f"{where}: label {label!r} is not one of {', '.join(LABELS)}")
    if split and split not in SPLITS:
        raise InputError(f"{where}: split {split!r} is not one of {', '.join(SPLITS)}")
    if not name or "\0" in name:
        raise InputError(f"{where}: the path is empty")
    target = folder / name  # an absolute path stays as it is
    if not target.is_file():
        raise InputError(f"{where}: {name} does not exist; paths are relative to the index")
    path = target.relative_to(folder) if target.is_relative_to(folder) else target
    return Recording(path.as_posix(), label, values.get("speaker") or None, split or None)
