"""Trust on first use: where nobody has published a file's SHA-256, that of the first download is remembered."""

from __future__ import annotations

from typing import Any

from wwtool.base.files import write_json
from wwtool.base.home import wwtool_home
from wwtool.base.records import read_json
from wwtool.errors import InputError


def hold_to_first_seen(url: str, sha256: str) -> None:
    """Remembers the hash of a file at an address, or compares it with the one that is remembered.

    Raises:
        InputError: the address had another file the first time.
    """
    path = wwtool_home() / "first_seen.json"
    known: dict[str, Any] = read_json(path) if path.is_file() else {}
    if known.setdefault(url, sha256) != sha256:
        raise InputError(
            f"{url} has another file than the first time: its SHA-256 is {sha256} instead of {known[url]}; if that is "
            f"right, remove its line from {path}"
        )
    write_json(path, known)


def first_seen(url: str) -> str | None:
    """The SHA-256 of the first download; None if there was none."""
    path = wwtool_home() / "first_seen.json"
    value = read_json(path).get(url) if path.is_file() else None
    return value if isinstance(value, str) else None
