"""A data folder: its recordings, what each is, who speaks in it, and which split it belongs to.

A data folder has the folders ``positive/``, ``negative/``, ``hard_negative/``, ``noise/``, ``rir/`` and ``unlabelled/``
(speech of which nobody knows whether the phrase is in it) with audio at any depth, where the first folder below names
the speaker. Or it has an ``index.csv`` with the columns path, label and perhaps speaker and split.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from wwtool.base.files import in_home, write_json
from wwtool.base.records import json_of, read_json
from wwtool.base.text import printable
from wwtool.data.audio_files import ENDINGS, find_audio, looks_like_audio
from wwtool.data.csv_table import read_table
from wwtool.errors import InputError

LABELS = ("positive", "negative", "hard_negative", "noise", "rir", "unlabelled")
SPEECH_LABELS = ("positive", "negative", "hard_negative")
SPLITS = ("train", "dev", "test")
INDEX_NAME = "index.csv"

_SCHEMA, _VERSION = "wwtool.dataset", 1


@dataclass(frozen=True)
class Recording:
    """One file, as the data folder describes it."""

    path: str  # relative to the folder, with forward slashes
    label: str
    speaker: str | None = None
    split: str | None = None
    problem: str | None = None  # why it, or the folder that it stands for, is left out


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
class Note:
    """A recording that is skipped or doubtful, and why; both safe to show."""

    path: str
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Usable clips with their splits; paths are relative to ``folder``.

    ``skipped`` and ``doubtful`` have a path and a reason each, safe to show. Doubtful clips are used nevertheless.
    ``voices``: how many voices the recordings of the phrase have, as named or else as they sound; None: nobody knows.
    """

    folder: Path
    clips: list[Clip]
    skipped: list[dict[str, str]]
    doubtful: list[dict[str, str]] = field(default_factory=list)
    voices: int | None = None

    def select(self, label: str, split: str | None = None) -> list[Clip]:
        """The clips with a label, in one split or in all."""
        return [clip for clip in self.clips if clip.label == label and split in (None, clip.split)]

    def save(self, path: Path) -> None:
        """Writes ``dataset.json``."""
        clips: list[Any] = [_stored(clip) for clip in self.clips]
        record = DatasetRecord(clips, **self.notes, voices=self.voices)
        write_json(path, {"schema": _SCHEMA, "version": _VERSION, **json_of(record)})

    @property
    def notes(self) -> dict[str, Any]:
        """The skipped and the doubtful recordings, as JSON outputs have them."""
        return {"skipped": self.skipped, "doubtful": self.doubtful}


@dataclass(frozen=True)
class StoredClip(Clip):
    """A clip in ``dataset.json``; ``path_bytes`` (hex) is there if the path cannot be shown as it is."""

    path_bytes: str = ""


@dataclass(frozen=True)
class DatasetRecord:
    """``dataset.json``."""

    clips: list[StoredClip]
    skipped: list[Note]
    doubtful: list[Note]
    voices: int | None = None


def load_dataset(path: Path, folder: Path) -> Dataset:
    """Reads the ``dataset.json`` of a data folder."""
    try:
        content = read_json(path)
        if content["schema"] != _SCHEMA or content["version"] != _VERSION:
            raise InputError(
                f"{path} is {content['schema']} version {content['version']}; run `wwtool data split` again"
            )
        clips = [_restored(clip) for clip in content["clips"]]
        return Dataset(folder, clips, content["skipped"], content.get("doubtful", []), content.get("voices"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read as a dataset ({error}); run `wwtool data split` again") from error


def _stored(clip: Clip) -> dict[str, Any]:
    """The clip as JSON; a path that cannot be shown as it is, for example not UTF-8, is stored in bytes as well."""
    stored = asdict(clip)
    stored["path"] = printable(clip.path)
    stored["speaker"] = clip.speaker and printable(clip.speaker)
    if stored["path"] != clip.path:
        stored["path_bytes"] = os.fsencode(clip.path).hex()
    return stored


def _restored(stored: dict[str, Any]) -> Clip:
    values = dict(stored)
    if "path_bytes" in values:
        values["path"] = os.fsdecode(bytes.fromhex(values.pop("path_bytes")))
    return Clip(**values)


def index_folder(source: Path, speaker_pattern: str | None = None) -> tuple[Path, list[Recording]]:
    """Lists the recordings of a data folder or of an index file.

    Args:
        source: a folder, or a .csv file whose paths are relative to its own folder.
        speaker_pattern: a regular expression that is searched for in the path below the class folder; its first group
            is the speaker's name. Without it, the first folder below the class is.

    Returns:
        The folder that the paths are relative to, and the recordings, sorted by path.

    Raises:
        InputError: there is no such folder, it holds no audio, or the index is malformed.
    """
    shown = printable(str(source))
    if source.is_file() and source.suffix.lower() in (".csv", ".tsv"):
        folder, recordings = source.parent, list(_read_index(source))
    elif not source.exists():
        raise InputError(f"the data folder {shown} does not exist")
    elif not source.is_dir():
        raise InputError(f"{shown} is neither a folder nor a .csv index")
    elif (source / INDEX_NAME).is_file():
        folder, recordings = source, list(_read_index(source / INDEX_NAME))
    else:
        folder, recordings = source, list(_walk(source, _compile(speaker_pattern)))
    if not recordings:
        raise InputError(f"{shown} holds no recordings; put audio files into {shown}/positive and its siblings")
    return folder, sorted(recordings, key=lambda r: r.path)


def _walk(folder: Path, pattern: re.Pattern[str] | None) -> Iterator[Recording]:
    try:
        entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"cannot read {printable(str(folder))}: {(error.strerror or '').lower()}; check its permissions"
        ) from error
    for path in entries:
        label = _label(path.name)
        if label not in LABELS or not path.is_dir():
            if _holds_audio(path):
                yield Recording(path.name, "", problem=f"is left out: it is in none of {', '.join(LABELS)}")
            continue
        for audio in find_audio(path):
            inner = audio.path.relative_to(path)
            name = f"{path.name}/{inner.as_posix()}"
            yield Recording(name, label, _speaker(inner, pattern), problem=audio.problem)


def _named_as_audio(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def _label(name: str) -> str:
    """A label in its usual form: ``Hard-Negative`` is hard_negative."""
    return re.sub(r"[ -]", "_", name.strip().lower())


def _holds_audio(path: Path) -> bool:
    """Whether a path beside the label folders holds recordings; endings decide, as there may be many files."""
    if path.is_file():
        return looks_like_audio(path)
    is_build = (path / "run" / "stages.json").is_file()
    return not is_build and any(_named_as_audio(file) for file in path.rglob("*"))


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
    """Checks and yields the rows of an index; error messages name the file and the line."""
    folder = path.parent.resolve()
    seen: set[str] = set()
    for line, values in read_table(path, ("path", "label")):
        where = f"{printable(str(path))}:{line}"
        recording = _row(where, values, folder)
        place = os.path.normpath(recording.path)
        if place in seen:
            raise InputError(f"{where}: {printable(recording.path)} is listed twice")
        seen.add(place)
        yield recording


def _row(where: str, values: dict[str, str], folder: Path) -> Recording:
    label, split = _label(values["label"]), values.get("split", "").lower()
    if label not in LABELS:
        raise InputError(f"{where}: label '{printable(values['label'], 60)}' is not one of {', '.join(LABELS)}")
    if split and split not in SPLITS:
        raise InputError(f"{where}: split '{printable(values['split'], 60)}' is not one of {', '.join(SPLITS)}")
    target = _target(where, values["path"], folder)
    path = target.relative_to(folder) if target.is_relative_to(folder) else target
    return Recording(path.as_posix(), label, values.get("speaker") or None, split or None)


def _target(where: str, name: str, folder: Path) -> Path:
    """The file that a row names; several ways to write a path are accepted."""
    if not name:
        raise InputError(f"{where}: the path is empty")
    if "\0" in name:
        raise InputError(f"{where}: the path contains a zero byte, which no path can; correct the row")
    for spelling in (name, *_other_spellings(name)):
        target = folder / spelling  # an absolute path stays as it is
        if os.path.isfile(target):  # noqa: PTH113 (Path.is_file raises where the name is too long)
            return target
    raise InputError(f"{where}: {printable(name, 200)} {_problem(name, folder)}")


def _other_spellings(name: str) -> Iterator[str]:
    """The name as a file URL, from the home folder, with separators of Windows, with accents composed or decomposed."""
    if name.lower().startswith("file:"):
        url = urlsplit(name)
        if url.netloc in ("", "localhost"):
            yield unquote(url.path, errors="surrogateescape")
    home = in_home(name) if name.startswith("~") else None
    if home is not None:
        yield str(home)
    forward = name.replace("\\", "/")
    yield forward
    for form in ("NFC", "NFD"):
        yield unicodedata.normalize(form, forward)


def _problem(name: str, folder: Path) -> str:
    """Why no file was found for a name."""
    target = folder / name
    if any("\udc80" <= letter <= "\udcff" for letter in name):
        return "is not a UTF-8 name, and there is no file whose name has these bytes; save the index as UTF-8"
    if re.match(r"(?i)(https?|s3|gs|ftp)://", name):
        return "is a web address; download it and name the file"
    if re.match(r"[A-Za-z]:[\\/]|\\\\", name) and os.name != "nt":
        return "is a path of Windows; write paths relative to the index"
    if os.path.isdir(target):  # noqa: PTH112
        return "is a folder; name its files"
    if os.path.islink(target):  # noqa: PTH114
        return "is a link that leads nowhere; repair it"
    return "does not exist; paths are relative to the index"
