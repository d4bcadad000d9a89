"""Paths that a record in a folder names, and links in it: they stay inside that folder, or they are refused."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from wwtool.errors import InputError


def inside(folder: Path, name: object) -> Path:
    """The path of ``name`` in ``folder``, for a name that a manifest or a record gives.

    Raises:
        InputError: it is no relative path of this folder, or a link leads out of it.
    """
    if not isinstance(name, str) or not _is_relative(name) or not leads_inside(folder, folder / name):
        raise InputError(f"{folder} names a file {name!r} that is not in it, as wwtool never does; build it again")
    return folder / name


def leads_inside(folder: Path, path: Path) -> bool:
    """Whether a path, with all links followed, is in ``folder``, whatever links lead there itself."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    except ValueError:  # no name of a file
        return False


def refuse_links_out(folder: Path, paths: Iterable[Path]) -> None:
    """So that what is written or deleted below ``folder`` is in it.

    Raises:
        InputError: one of ``paths``, or something below it, is a link that leads out.
    """
    for path in paths:
        below = (Path(root) / name for root, folders, files in os.walk(path) for name in (*folders, *files))
        for entry in (path, *below):
            if entry.is_symlink() and not leads_inside(folder, entry):
                raise InputError(
                    f"{entry} is a link that leads out of {folder}, where wwtool writes; remove it, or choose another "
                    "folder with --out"
                )


def _is_relative(name: str) -> bool:
    """Of whatever system: a backslash, a drive or a control character is in no name that wwtool writes."""
    parts = name.split("/")
    odd = any(unicodedata.category(letter) == "Cc" or letter == "\\" for letter in name)
    return not odd and all(parts) and not {".", ".."} & set(parts) and not PureWindowsPath(name).drive
