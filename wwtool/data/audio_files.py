"""Finds the recordings in a folder by their content, and by their endings where the content does not tell.

Links are followed, but each folder is read only once. A recording that cannot be reached is listed with the reason.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wwtool.base.file_kinds import kind_of_file

# Endings of recordings. A file with one of them counts as a recording even if its content is unknown; libsndfile may
# still not read it.
_ENDINGS = (
    "wav wave bwf rf64 w64 flac ogg oga opus spx mp3 mp2 mp1 mpa mpga aif aiff aifc au snd caf voc sph nist ircam paf "
    "pvf svx 8svx avr wve xi raw pcm gsm vox m4a m4b m4r mp4 aac amr awb 3gp 3gpp 3ga 3g2 wma webm weba mka ac3 "
    "eac3 dts ape wv tta mpc dsf dff ra rm silk qcp dss ds2"
)
ENDINGS = frozenset(f".{ending}" for ending in _ENDINGS.split())
_ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"})


@dataclass(frozen=True)
class AudioPath:
    """A recording, or a path that should be one: ``problem`` says why it, or everything below it, is left out."""

    path: Path
    problem: str | None = None


def find_audio(folder: Path) -> list[AudioPath]:
    """Recordings at any depth, sorted by path; hidden files and folders are skipped."""
    return sorted(_walk(folder), key=lambda entry: entry.path)


def looks_like_audio(path: Path) -> bool:
    """Whether a file is a recording, by its content or by its ending."""
    if path.suffix.lower() in ENDINGS:
        return True
    kind = kind_of_file(path)
    return kind is not None and bool(kind.sound)


def _walk(top: Path) -> Iterator[AudioPath]:
    """Visits folders before links to folders, so that a recording has its path without links if it has one."""
    seen = {_identity(top): top}  # None stands for folders without an identity; nobody looks it up
    folders, links = deque([top]), deque[Path]()
    while folders or links:
        if folders:
            folder = folders.popleft()
        else:
            folder = links.popleft()
            problem = _leads_back(folder) or _seen_before(folder, seen, top)
            if problem:
                yield AudioPath(folder, problem)
                continue
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield AudioPath(
                folder, f"cannot be opened: {(error.strerror or str(error)).lower()}; check its permissions"
            )
            continue
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                identity = _identity(path)
                if identity is None or identity not in seen:  # a mount can show one folder in two places
                    seen[identity] = path
                    folders.append(path)
            elif os.path.isdir(path):  # noqa: PTH112 (Path.is_dir raises where a link leads into a closed folder)
                links.append(path)
            elif os.path.isfile(path):  # noqa: PTH113
                if looks_like_audio(path):
                    yield AudioPath(path)
                elif path.suffix.lower() in _ARCHIVES:
                    yield AudioPath(path, "is an archive; unpack it and remove it")
            elif entry.is_symlink():
                yield AudioPath(path, "is a link that leads nowhere; repair or remove it")
            elif entry.is_file(follow_symlinks=False) and path.suffix.lower() in ENDINGS:
                yield AudioPath(path)  # its folder may be listed but not entered


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _leads_back(link: Path) -> str | None:
    """A link to a folder above it would bring in the other classes, or never end."""
    target = link.resolve()
    above = {folder.resolve() for folder in link.parents}
    if any(target == folder or target in folder.parents for folder in above):
        return "is a link to a folder that it lies in, and is not followed"
    return None


def _seen_before(link: Path, seen: dict[tuple[int, int] | None, Path], top: Path) -> str | None:
    identity = _identity(link)
    if identity is not None and identity in seen:
        return f"is a link to the folder {seen[identity].relative_to(top).as_posix()}, which is read only once"
    seen[identity] = link
    return None
