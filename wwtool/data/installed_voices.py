"""Voices that are installed: each a folder of wwtool's home, with what it is in ``voice.yaml`` and the engine's files.

A file is held to the size and the SHA-256 that its description gives. The hash is computed once: the file ``.checked``
remembers the size and the time of change that the file had then.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from wwtool.base.files import is_partial, sha256_of, write_json, write_text
from wwtool.base.home import wwtool_home
from wwtool.base.records import read_json
from wwtool.base.text import printable
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.errors import InputError

DESCRIPTION = "voice.yaml"
_CHECKED = ".checked"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"

VoiceName = Annotated[str, StringConstraints(pattern=rf"^{_NAME}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*$")]
FileName = Annotated[str, StringConstraints(pattern=rf"^{_PART}(/{_PART})*/?$", max_length=200)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class VoiceFile(BaseModel):
    """A file of a voice, or a folder with all that is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bytes: int = Field(ge=0, description="Its size; of a folder, that of all files in it.")
    sha256: Sha256 = Field(description="Its SHA-256; of a folder, that of the list of its files (see digest_of).")


class VoiceDescription(BaseModel):
    """``voice.yaml``: what a voice is, whose it is, and which files it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: VoiceName = Field(description="The name of the voice, which is that of its folder.")
    engine: VoiceName = Field(description="The synthesizer that speaks with it, such as kokoro or piper.")
    title: Words = Field(description="What it is, in a few words.")
    languages: tuple[Language, ...] = Field(min_length=1, description="Languages that it speaks, such as en-us or de.")
    speakers: int = Field(ge=1, description="How many speakers it has.")
    licence: Words = Field(description="The licence of the voice, which what it speaks may be bound by.")
    source: Annotated[str, StringConstraints(min_length=1, max_length=4000)] = Field(description="Where it came from.")
    files: Mapping[FileName, VoiceFile] = Field(
        min_length=1, description="Its files, relative to its folder. A name that ends in / is a folder."
    )


@dataclass(frozen=True)
class InstalledVoice:
    """A voice whose files are all there. ``folder`` holds them."""

    folder: Path
    description: VoiceDescription

    @property
    def name(self) -> str:
        return self.description.name

    def path(self, name: str) -> Path:
        """The path of one of its files, as its description names them.

        Raises:
            InputError: the voice has no such file.
        """
        if name not in self.description.files:
            raise InputError(f"the voice {self.name} has no file {name}; {_remedy(self.name)}")
        return self.folder / name

    @property
    def fingerprint(self) -> str:
        """Tells its files from any others: what it speaks changes only if this does."""
        lines = sorted(f"{file.sha256} {name}\n" for name, file in self.description.files.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def voices_home() -> Path:
    """The folder that has a folder for each installed voice. It may not exist.

    Raises:
        InputError: this user has no home folder.
    """
    return wwtool_home() / "voices"


def installed_voices(engine: str | None = None) -> list[InstalledVoice]:
    """The voices of a synthesizer, by name; None: of all.

    Raises:
        InputError: a voice is damaged; the message names the file and the remedy.
    """
    voices = [InstalledVoice(folder, read_description(folder)) for folder in voice_folders()]
    chosen = [voice for voice in voices if engine in (None, voice.description.engine)]
    for voice in chosen:
        check_files(voice)
    return chosen


def voice_folders() -> list[Path]:
    """The folders of all installed voices, damaged ones as well, by name."""
    home = voices_home()
    if not home.is_dir():
        return []
    return sorted(
        folder for folder in home.iterdir() if not is_partial(folder.name) and (folder / DESCRIPTION).is_file()
    )


def is_voice_name(name: str) -> bool:
    """Whether a voice may have this name: letters, digits, ``_``, ``.`` and ``-``, so that it can be a folder's."""
    return re.fullmatch(_NAME, name) is not None


def read_description(folder: Path) -> VoiceDescription:
    """What ``voice.yaml`` says.

    Raises:
        InputError: it is damaged, or the description of another voice.
    """
    path, shown = folder / DESCRIPTION, printable(folder.name)
    try:
        description = VoiceDescription.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(f"{describe_validation(error, str(path))}; {_remedy(shown)}") from error
    if description.name != folder.name:
        raise InputError(f"{path} describes the voice {description.name}, not {shown}; {_remedy(shown)}")
    return description


def write_description(folder: Path, description: VoiceDescription) -> None:
    """Writes ``voice.yaml``; the voice is installed from then on."""
    values = description.model_dump(mode="json")
    write_text(folder / DESCRIPTION, yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=120))


def describe_files(folder: Path, names: list[str]) -> dict[str, VoiceFile]:
    """Size and hash of files of a folder; a name that ends in / is a folder."""
    return {name: VoiceFile(bytes=_size(folder / name), sha256=digest_of(folder / name)) for name in names}


def digest_of(path: Path) -> str:
    """The SHA-256 of a file. That of a folder is of a line for each file in it, by name: hash, two spaces, name."""
    if path.is_file():
        return sha256_of(path)
    lines = (f"{sha256_of(file)}  {file.relative_to(path).as_posix()}\n" for file in _files(path))
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()


def check_files(voice: InstalledVoice) -> None:
    """Compares the files of a voice with its description.

    Raises:
        InputError: a file is missing or another one; the message names it and the remedy.
    """
    known, stamps = _read_checked(voice.folder), {}
    for name, file in voice.description.files.items():
        path = voice.folder / name
        if not (path.is_dir() if name.endswith("/") else path.is_file()):
            raise InputError(f"{path} is missing; {_remedy(voice.name)}")
        if (size := _size(path)) != file.bytes:
            raise InputError(f"{path} has {size:,} bytes instead of {file.bytes:,}; {_remedy(voice.name)}")
        stamps[name] = [_stamp(path), file.sha256]
        if known.get(name) != stamps[name] and digest_of(path) != file.sha256:
            raise InputError(f"{path} is not the file that was installed: its SHA-256 differs; {_remedy(voice.name)}")
    if known != stamps:
        with suppress(InputError):  # a home that cannot be written is slower, and no error
            write_json(voice.folder / _CHECKED, stamps)


def _remedy(name: str) -> str:
    return f"remove it with wwtool voices remove {name}, then get or add it again"


def _read_checked(folder: Path) -> dict[str, object]:
    try:
        return read_json(folder / _CHECKED)
    except InputError:
        return {}


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in an order that is the same everywhere."""
    paths = (Path(root) / name for root, _, names in os.walk(folder) for name in names)
    there = [path for path in paths if path.is_file()]  # no link that leads nowhere
    yield from sorted(there, key=lambda path: path.relative_to(folder).as_posix().encode(errors="surrogateescape"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in _files(path))


def _stamp(path: Path) -> str:
    """Another one means that something may have changed."""
    files = [path] if path.is_file() else list(_files(path))
    facts = [(str(file.relative_to(path)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]
