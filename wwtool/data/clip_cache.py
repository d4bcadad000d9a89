"""Keeps what natural voices have said, so that a second word or board takes seconds instead of minutes.

A clip's file is named by a hash of all that its samples depend on, appears complete or not at all, and is never
changed, so several processes may share the folder. The files that nobody has used for longest go first.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from wwtool.base.files import in_home, is_partial
from wwtool.base.home import named_home
from wwtool.data.audio import Audio, read_audio, write_audio
from wwtool.errors import InputError

LARGEST_BYTES = 2 << 30  # about 70,000 clips of a word
_KEPT = 0.9  # share of the largest size that is left when files go
_EXTENSION = ".flac"
_ABANDONED_S = 3600.0  # after it, the process that wrote a file no longer does


def cache_folder() -> Path | None:
    """``clips`` in the folder that ``WWTOOL_HOME`` names, else in ``wwtool`` in the user's cache; None without one."""
    home = named_home()
    if home is not None:
        return home / "clips"
    caches = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(caches) if Path(caches).is_absolute() else in_home("~/.cache")
    return base / "wwtool" / "clips" if base is not None else None


def has(key: str) -> bool:
    """Whether there is a clip of a key."""
    path = _path(key)
    return path is not None and path.is_file()


def load(key: str) -> Audio | None:
    """The clip of a key; None if it is not there, or its file is damaged."""
    path = _path(key)
    if path is None or not path.is_file():
        return None
    try:
        audio = read_audio(path)
    except InputError:
        return None
    with suppress(OSError):
        os.utime(path)
    return audio


def save(key: str, audio: Audio) -> None:
    """Keeps a clip. A cache that cannot be written is no error: the clip is made again next time."""
    path = _path(key)
    if path is not None and audio.size:
        with suppress(InputError):
            write_audio(path, audio)


def shrink(largest_bytes: int = LARGEST_BYTES) -> None:
    """Removes the clips that were not used for longest, if all together are too large."""
    folder = cache_folder()
    if folder is None or not folder.is_dir():
        return
    files: list[tuple[float, int, Path]] = []
    for path in folder.glob("??/*"):
        with suppress(OSError):
            status = path.stat()
            if is_partial(path.name) and time.time() - status.st_mtime > _ABANDONED_S:
                path.unlink(missing_ok=True)
            elif path.suffix == _EXTENSION:
                files.append((status.st_mtime, status.st_size, path))
    size = sum(entry[1] for entry in files)
    if size <= largest_bytes:
        return
    for _, bytes_, path in sorted(files):
        if size <= _KEPT * largest_bytes:
            break
        with suppress(OSError):
            path.unlink(missing_ok=True)
        size -= bytes_


def _path(key: str) -> Path | None:
    folder = cache_folder()
    return folder / key[:2] / f"{key}{_EXTENSION}" if folder is not None else None
