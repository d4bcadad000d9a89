"""Refuses paths and links that lead out of a folder: a record in a folder may name only files of that folder."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from wwtool.errors import InputError


def path_inside(folder: Path, name: object) -> Path:
    """The path of ``name`` in ``folder``, for a name from a manifest or a record.

    Raises:
        InputError: ``name`` is not a relative path inside the folder, or a link leads out of it.
    """
    if not isinstance(name, str) or not _is_relative(name) or not leads_inside(folder, folder / name):
        raise InputError(f"{folder} names a file {name!r} that is not in it, as wwtool never does; build it again")
    return folder / name


def leads_inside(folder: Path, path: Path) -> bool:
    """Whether a path is in ``folder`` when all links, of both, are followed."""
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    except ValueError:  # not a file name
        return False


def refuse_links_out(folder: Path, paths: Iterable[Path]) -> None:
    """Makes sure that whatever is written or deleted at ``paths`` lies in ``folder``.

    Raises:
        InputError: one of ``paths``, or something below it, is a link that leads out of the folder.
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
    """By the rules of every system: wwtool writes no name with a backslash, a drive or a control character."""
    parts = name.split("/")
    odd = any(unicodedata.category(letter) == "Cc" or letter == "\\" for letter in name)
    return not odd and all(parts) and not {".", ".."} & set(parts) and not PureWindowsPath(name).drive
