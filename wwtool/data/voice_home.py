"""Installs voices into wwtool's home and removes them. A voice is there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from wwtool.base.download import check_space
from wwtool.base.files import replaced_folder, sha256_of, working_folder
from wwtool.base.text import printable
from wwtool.base.validation import describe_validation
from wwtool.data.catalogue import VoiceEntry
from wwtool.data.fetching import fetch, unpack
from wwtool.data.first_seen import first_seen
from wwtool.data.installed_voices import (
    DESCRIPTION,
    InstalledVoice,
    VoiceDescription,
    check_files,
    describe_files,
    is_voice_name,
    voices_home,
    write_description,
)
from wwtool.data.origins.interface import Errand
from wwtool.data.voice_kinds import VOICE_KINDS
from wwtool.data.voice_kinds.interface import Examined, VoiceKind
from wwtool.errors import InputError, ToolError, UsageError

_DOWNLOADS = "downloads"


def get_voice(
    name: str, entry: VoiceEntry, offers: Sequence[str], errand_to: Callable[[Path], Errand],
    warn: Callable[[str], None],
) -> InstalledVoice:  # fmt: skip
    """Gets a voice of the catalogue by the first of ``offers`` that can be reached; an installed one is replaced.

    Args:
        name: the voice's name.
        entry: what the catalogue says of it.
        offers: names of the entry's offers.
        errand_to: the errand of bringing files into a folder, which stays until the voice is there.
        warn: told why an offer was passed over.

    Raises:
        InputError: what came is not what the catalogue means, or there is no space.
        ToolError: no offer can be reached.
        CancelledError: somebody has cancelled.
    """
    downloads = voices_home().parent / _DOWNLOADS / name
    with working_folder(downloads):
        errand = errand_to(downloads)
        for offer in offers:
            try:
                voice = _install(name, entry, offer, errand)
                break
            except ToolError as error:
                if offer == offers[-1]:
                    raise
                warn(f"{error}; {name} is fetched from another place")
        for path in downloads.iterdir():
            path.unlink()
    with suppress(OSError):  # unless others are waiting there
        downloads.rmdir()
        downloads.parent.rmdir()
    return voice


def add_voice(name: str, examined: Examined, description: Mapping[str, str], link: bool) -> InstalledVoice:
    """Installs a voice from files of this machine.

    Args:
        name: its name.
        examined: its files and what they are.
        description: engine, licence and source.
        link: whether its files stay where they are and are linked, instead of copied.

    Raises:
        InputError: there is no space, or the files cannot be read.
    """
    home = voices_home()
    home.mkdir(parents=True, exist_ok=True)
    if not link:
        files = (file for path in examined.files.values() for file in (path.rglob("*") if path.is_dir() else [path]))
        check_space(home, sum(file.stat().st_size for file in files if file.is_file()))
    with working_folder(home), replaced_folder(home / name, DESCRIPTION) as folder:
        for target, source in examined.files.items():
            _bring(source.resolve(), folder / target.rstrip("/"), link)
        return _describe(home / name, folder, examined, {"name": name, **description})


def remove_voice(name: str) -> None:
    """Removes an installed voice, damaged or not. Files that it only links to stay.

    Raises:
        UsageError: no voice of this name is installed.
    """
    folder = voices_home() / name
    if not is_voice_name(name) or not (folder / DESCRIPTION).exists():
        raise UsageError(f"no voice {name!r} is installed; wwtool voices list shows those that are")
    with working_folder(voices_home()):
        (folder / DESCRIPTION).unlink()  # first, so that half a voice is none
        shutil.rmtree(folder)


def kind_of_path(path: Path) -> VoiceKind:
    """The kind of voice that a path looks like.

    Raises:
        InputError: none.
    """
    if not path.exists():
        raise InputError(f"{printable(str(path))} does not exist; give the path of a voice")
    for kind in VOICE_KINDS.values():
        if kind.recognises(path):
            return kind
    raise InputError(
        f"{printable(str(path))} is no voice; give {'; or '.join(kind.what for kind in VOICE_KINDS.values())}"
    )


def _install(name: str, entry: VoiceEntry, offer: str, errand: Errand) -> InstalledVoice:
    pieces, kind = entry.pieces(offer), VOICE_KINDS.member(entry.engine)
    paths = fetch(pieces, errand)
    home = voices_home()
    check_space(errand.folder, sum(path.stat().st_size for path in paths))
    with working_folder(home), replaced_folder(home / name, DESCRIPTION) as folder:
        unpack(pieces, paths, folder)
        for file, sha256 in entry.files.items():
            if (actual := sha256_of(folder / file)) != sha256:
                raise InputError(f"{name}: {file} has the SHA-256 {actual} instead of {sha256}; get it again")
        kind.settle(folder)
        examined = kind.examine(folder)
        trusted = [f"{piece.what} (SHA-256 at first download {first_seen(piece.url)})" for piece in pieces
                   if piece.url and not piece.sha256]  # fmt: skip
        pinned = [piece.what for piece in pieces if not piece.url or piece.sha256]
        facts = {"engine": entry.engine, "licence": entry.licence, "source": "; ".join((*pinned, *trusted))}
        examined = replace(examined, title=entry.title, languages=entry.languages, speakers=entry.speakers)
        return _describe(home / name, folder, examined, {"name": name, **facts})


def _describe(final: Path, folder: Path, examined: Examined, facts: Mapping[str, str]) -> InstalledVoice:
    """Writes the description into ``folder``, which will be ``final``."""
    files = describe_files(folder, list(examined.files))
    values = {"title": examined.title, "languages": examined.languages, "speakers": examined.speakers, "files": files}
    try:
        description = VoiceDescription.model_validate({**facts, **values})
    except ValidationError as error:
        raise InputError(describe_validation(error, facts["name"])) from error
    write_description(folder, description)
    check_files(InstalledVoice(folder, description))
    return InstalledVoice(final, description)


def _bring(source: Path, target: Path, link: bool) -> None:
    if link:
        target.symlink_to(source, target_is_directory=source.is_dir())
    elif source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
