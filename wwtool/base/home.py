"""wwtool's home: what a user has got once and every project uses, such as voices."""

from __future__ import annotations

import os
from pathlib import Path

from wwtool.base.files import in_home
from wwtool.errors import InputError

_VARIABLE = "WWTOOL_HOME"
_DEFAULT = "~/.local/share"  # XDG Base Directory Specification


def wwtool_home() -> Path:
    """The folder that ``WWTOOL_HOME`` names, else ``wwtool`` in ``XDG_DATA_HOME``, else in ``~/.local/share``.

    Raises:
        InputError: the variable names no absolute folder, or this user has no home folder.
    """
    named = named_home()
    if named is not None:
        return named
    data = os.environ.get("XDG_DATA_HOME", "")
    if Path(data).is_absolute():  # the specification has others ignored
        return Path(data) / "wwtool"
    default = in_home(_DEFAULT)
    if default is None:
        raise InputError(f"this user has no home folder to keep voices in; set HOME or {_VARIABLE}")
    return default / "wwtool"


def named_home() -> Path | None:
    """The folder that ``WWTOOL_HOME`` names; None if it is not set.

    Raises:
        InputError: it is no absolute path.
    """
    named = os.environ.get(_VARIABLE, "")
    if not named:
        return None
    folder = in_home(named)
    if folder is None or not folder.is_absolute():
        raise InputError(f"{_VARIABLE} is {named!r}, which is no absolute path; correct it or unset it")
    return folder
