"""What every form of packing does: it takes named members out of a file into a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import IO

from wwtool.errors import InputError

MOST_MEMBER_BYTES = 1 << 32

Packing = Callable[[Path, Mapping[str, str], Path], None]
"""Takes members out of a file: the file, names of members and of the files that they become, and the folder for these.

A member that ends in / is a folder whose files go into another; "" is the whole file. A file that is there already is
continued, so that parts are joined in order.

Raises:
    InputError: the file is damaged or lacks a member.
"""


def destination(member: str, take: Mapping[str, str]) -> str | None:
    """What a member becomes; None if it is not taken.

    >>> destination("package/voices/af_heart.bin", {"package/voices/": "vectors/"})
    'vectors/af_heart.bin'
    """
    if member in take and not member.endswith("/"):
        return take[member]
    parent, name = PurePosixPath(member).parent.as_posix() + "/", PurePosixPath(member).name
    if parent in take and name and not name.startswith("."):
        return take[parent] + name
    return None


def append(source: IO[bytes], folder: Path, name: str) -> None:
    """Writes a member at the end of a file of the folder."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab") as file:
        copyfileobj(source, file, 1 << 20)


def require_all(path: Path, take: Mapping[str, str], seen: set[str]) -> None:
    """Raises InputError if a member that is taken was not in the file."""
    missing = [member for member in take if member and member not in seen]
    if missing:
        raise InputError(f"{path.name} has no {missing[0]}; reinstall wwtool or use a newer one")
