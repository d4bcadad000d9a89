"""Voices: which there are, getting one of the catalogue, adding one's own, removing one."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.http_stream import mirrored
from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.data.catalogue import VoiceEntry, look_up, voices
from wwtool.data.installed_voices import (
    InstalledVoice,
    VoiceDescription,
    check_files,
    is_voice_name,
    read_description,
    voice_folders,
    voices_home,
)
from wwtool.data.origins.interface import Errand
from wwtool.data.voice_home import add_voice, get_voice, kind_of_path, remove_voice
from wwtool.data.voice_kinds.interface import Examined
from wwtool.errors import InputError, UsageError
from wwtool.jobs.request import Request, reported

_STAGE = "download"
_TAG_LETTERS = set("abcdefghijklmnopqrstuvwxyz0123456789-")


class VoicesRequest(Request):
    """Voices to get."""

    names: tuple[str, ...] = Field(min_length=1, description="Names of voices in the catalogue.")
    mirror: str | None = Field(
        None, description="An address that takes the place of the servers' own.  [default: WWTOOL_MIRROR]"
    )
    offer: str | None = Field(None, description="Where to get it, if there are several places.")
    again: bool = Field(False, description="Get it again even if it is there.")


class AddVoiceRequest(Request):
    """A voice to add from this machine."""

    path: Path = Field(description="A Piper .onnx with its .json, a Kokoro folder, or a folder of clips.")
    name: str | None = Field(None, description="The voice's name.  [default: the name of the file or folder]")
    languages: tuple[str, ...] = Field((), description="Languages that it speaks, such as de, if its files do not say.")
    licence: str = Field("not stated", min_length=1, description="Its licence, for the model card of what it makes.")
    link: bool = Field(False, description="Leave the files where they are and link to them.")


@dataclass(frozen=True)
class Wanted:
    """A voice to get: ``is_there`` says that it is installed and whole. ``bytes`` to download, None if unknown."""

    name: str
    entry: VoiceEntry
    offers: tuple[str, ...]
    bytes: int | None
    is_there: bool


@dataclass(frozen=True)
class VoicesPlan:
    """Which voices to get, and through which mirror."""

    wanted: tuple[Wanted, ...]
    mirror: str | None


@dataclass(frozen=True)
class AddVoicePlan:
    """What to install under which name."""

    name: str
    engine: str
    examined: Examined
    licence: str
    source: str
    link: bool


@dataclass(frozen=True)
class VoiceRow:
    """A voice as ``voices list --json`` has it.

    ``problem``: why an installed voice cannot be used; ``bytes``: to download, null if unknown or not in the catalogue.
    """

    name: str
    engine: str
    title: str
    languages: list[str]
    speakers: int
    licence: str
    bytes: int | None
    installed: bool
    problem: str | None
    source: str
    note: str


@dataclass(frozen=True)
class VoicesOutput:
    """``voices list --json``, ``voices get --json`` and ``voices add --json``."""

    home: str
    voices: list[VoiceRow]

    def as_dict(self) -> dict[str, Any]:
        return json_of(self)


def listing(language: str | None = None) -> VoicesOutput:
    """All voices, installed ones first, then those of the catalogue; for a ``language`` only its voices.

    Raises:
        UsageError: ``language`` is none.
        InputError: no voice speaks it; the message says which languages there are.
    """
    rows = {name: _row_of_entry(name, entry) for name, entry in voices().items()}
    installed = {folder.name: _row_of_folder(folder) for folder in voice_folders()}
    all_rows = [*installed.values(), *(row for name, row in rows.items() if name not in installed)]
    if language is not None:
        spoken = sorted({tag for row in all_rows for tag in row.languages})
        all_rows = [row for row in all_rows if any(speaks(tag, _tag(language)) for tag in row.languages)]
        if not all_rows:
            raise InputError(f"no voice speaks {printable(language, 40)}; there are voices for {', '.join(spoken)}")
    return VoicesOutput(printable(str(voices_home())), all_rows)


def speaks(tag: str, language: str) -> bool:
    """Whether a voice of the language ``tag`` speaks ``language``: one of the two may name a region.

    >>> speaks("en-us", "en"), speaks("de", "de-at"), speaks("en-us", "en-gb"), speaks("es", "e")
    (True, True, False, False)
    """
    return tag == language or tag.startswith(f"{language}-") or language.startswith(f"{tag}-")


def plan(request: VoicesRequest, listener: events.Listener = events.ignore) -> VoicesPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: a voice, a place or the mirror does not exist.
    """
    mirrored("http://example.org/", request.mirror)  # refuses what is no address
    wanted = []
    for name in dict.fromkeys(request.names):
        entry = look_up(voices(), name, "voice")
        offers = tuple(entry.offers) if request.offer is None else (request.offer,)
        if request.offer is not None and request.offer not in entry.offers:
            raise UsageError(f"{name} cannot be had from {request.offer!r}; choose one of {', '.join(entry.offers)}")
        is_there = not request.again and _is_whole(name)
        wanted.append(Wanted(name, entry, offers, entry.size(offers[0]), is_there))
    return VoicesPlan(tuple(wanted), request.mirror)


def run(
    plan: VoicesPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> VoicesOutput:
    """Gets the voices that are not there. What an interrupted download has left is gone on from.

    Raises:
        InputError: what came is not what the catalogue means, or there is no space.
        ToolError: a place cannot be reached.
        CancelledError: somebody has cancelled.
    """
    cancel = cancel or Cancellation()
    rows = []
    with reported("voices", ", ".join(voice.name for voice in plan.wanted), listener):
        for voice in plan.wanted:
            cancel.check()
            if not voice.is_there:
                _get(voice, plan.mirror, listener, cancel)
            rows.append(_row_of_folder(voices_home() / voice.name))
    return VoicesOutput(printable(str(voices_home())), rows)


def plan_add(request: AddVoiceRequest) -> AddVoicePlan:
    """Checks what is at a path; changes nothing.

    Raises:
        UsageError: the name cannot be a voice's, or the language is not stated anywhere.
        InputError: there is no voice at the path; the message names the file.
    """
    path = request.path
    kind = kind_of_path(path)
    examined = kind.examine(path)
    name = request.name or path.resolve().name.removesuffix(".onnx")
    if not is_voice_name(name):
        raise UsageError(
            f"a voice cannot be called {printable(name, 60)!r}; name it with --name, of letters, digits, _ . and -"
        )
    languages = tuple(_tag(language) for language in request.languages) or examined.languages
    if not languages:
        raise UsageError(f"the files of {name} do not say which language it speaks; name it with --language")
    examined = replace(examined, languages=languages)
    return AddVoicePlan(name, kind.engine, examined, request.licence, str(path.resolve()), request.link)


def add(plan: AddVoicePlan) -> VoicesOutput:
    """Installs a voice from this machine; one of the same name is replaced.

    Raises:
        InputError: there is no space, or a file cannot be read.
    """
    facts = {"engine": plan.engine, "licence": plan.licence, "source": printable(plan.source)}
    add_voice(plan.name, plan.examined, facts, plan.link)
    return VoicesOutput(printable(str(voices_home())), [_row_of_folder(voices_home() / plan.name)])


def remove(names: tuple[str, ...]) -> None:
    """Removes installed voices.

    Raises:
        UsageError: one is not installed; the others before it are removed.
    """
    for name in names:
        remove_voice(name)


def _get(voice: Wanted, mirror: str | None, listener: events.Listener, cancel: Cancellation) -> InstalledVoice:
    start = time.monotonic()
    listener(events.StageStarted(_STAGE, voice.name))

    def advance(done: int, total: int | None) -> None:
        listener(events.StageProgress(_STAGE, done >> 10, (total or done) >> 10, f"{voice.name}, KiB"))

    def warn(text: str) -> None:
        listener(events.Warning(text))

    errand = partial(Errand, mirror=mirror, cancel=cancel, advance=advance)
    got = get_voice(voice.name, voice.entry, voice.offers, errand, warn)
    note = f"{voice.name} is in {printable(str(got.folder))}"
    listener(events.StageFinished(_STAGE, note, seconds=time.monotonic() - start))
    return got


def _is_whole(name: str) -> bool:
    folder = voices_home() / name
    return folder in voice_folders() and _row_of_folder(folder).problem is None


def _row_of_entry(name: str, entry: VoiceEntry) -> VoiceRow:
    return VoiceRow(
        name, entry.engine, entry.title, list(entry.languages), entry.speakers, entry.licence, entry.size(entry.best),
        False, None, entry.home, entry.note,
    )  # fmt: skip


def _row_of_folder(folder: Path) -> VoiceRow:
    """The row of an installed voice; of a damaged one with as much as can be said."""
    entry = voices().get(folder.name)
    size, note = (entry.size(entry.best), entry.note) if entry else (None, "")
    try:
        description = read_description(folder)
    except InputError as error:
        row = _row_of_entry(folder.name, entry) if entry else _unknown(folder.name)
        return replace(row, installed=True, problem=str(error))
    problem = None
    try:
        check_files(InstalledVoice(folder, description))
    except InputError as error:
        problem = str(error)
    return _row_of_description(description, size, problem, note)


def _row_of_description(d: VoiceDescription, size: int | None, problem: str | None, note: str) -> VoiceRow:
    return VoiceRow(
        d.name, d.engine, d.title, list(d.languages), d.speakers, d.licence, size, True, problem, d.source, note
    )


def _unknown(name: str) -> VoiceRow:
    return VoiceRow(printable(name), "", "", [], 0, "", None, True, None, "", "")


def _tag(language: str) -> str:
    """A language as wwtool writes it.

    >>> _tag("de_DE")
    'de-de'
    """
    tag = language.lower().replace("_", "-")
    if not 2 <= len(tag) <= 20 or not set(tag) <= _TAG_LETTERS:
        raise UsageError(f"{printable(language, 40)!r} is no language; write it as in de or pt-br")
    return tag
