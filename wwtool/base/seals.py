"""Tells whether this user has made something: a seal is a keyed hash of it, with a secret that only this user has.

A stranger can write any record and any hash into a folder, but cannot make a seal. A sealed folder may be moved and
copied. On another machine, or for another user, its seals do not count.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from wwtool.base.files import in_home

_BYTES = 32
_DEFAULT = "~/.local/state"  # XDG Base Directory Specification


def seal(purpose: str, value: Any) -> str:
    """The seal of a value that JSON can hold; "" if this user has no place to keep a secret."""
    key = _key()
    return "" if key is None else _digest(key, purpose, value)


def is_sealed(purpose: str, value: Any, candidate: object) -> bool:
    """Whether ``candidate`` is the seal that this user would make for this purpose and this value."""
    key = _key()
    if key is None or not isinstance(candidate, str):
        return False
    return hmac.compare_digest(_digest(key, purpose, value).encode(), candidate.encode("utf-8", "replace"))


def _digest(key: bytes, purpose: str, value: Any) -> str:
    text = json.dumps([purpose, value])  # a value that was written to a JSON file and read again gives the same text
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _path() -> Path | None:
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(state) if Path(state).is_absolute() else in_home(_DEFAULT)
    return None if folder is None else folder / "wwtool" / "key"


def _key() -> bytes | None:
    """The secret, which is made at its first use; None if there is no place for it, or if others can read it."""
    path = _path()
    if path is None:
        return None
    with suppress(OSError):
        if not path.exists():
            _make(path)
        return _read(path)
    return None


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"key.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        with suppress(FileExistsError):  # another wwtool was faster
            os.link(temporary, path)
    finally:
        temporary.unlink()


def _read(path: Path) -> bytes | None:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            return None
        if os.name == "posix" and (status.st_uid != os.geteuid() or status.st_mode & 0o077):
            return None
        key = file.read()
    return key if len(key) == _BYTES else None
