"""Nested keys that have another name by now: files of earlier versions are read as if they had the new ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from wwtool.errors import InputError

Warn = Callable[[str], None]
"""Told of every use of an old key, in a sentence."""


def ignore(text: str) -> None:
    """Warns nobody."""


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Renamed:
    """The dotted path that has replaced a key, and what makes the new value of the old one.

    ``convert`` is given whatever the file holds; it raises ValueError or TypeError for a value that it cannot convert.
    """

    path: str
    convert: Callable[[Any], Any] = _same


def migrate(values: dict[str, Any], renamed: Mapping[str, Renamed], name: str, warn: Warn) -> dict[str, Any]:
    """A copy of ``values`` with the new keys in place of the old ones; ``name`` is the file's in messages.

    >>> migrate({"train": {"rate": 3}}, {"train.rate": Renamed("train.speed.start")}, "c.yaml", print)
    c.yaml: train.rate is now train.speed.start; rename it
    {'train': {'speed': {'start': 3}}}

    Raises:
        InputError: the old key and the new one are both there, or the old key's value cannot be converted.
    """
    migrated = deepcopy(values)
    for path, new in renamed.items():
        parent, key = _parent(migrated, path, make=False)
        if parent is None or key not in parent:
            continue
        if new.path.startswith(path + ".") and isinstance(parent[key], dict):
            continue  # the key has become a section, and the file has it already
        value = parent.pop(key)
        target, last = _parent(migrated, new.path, make=True)
        if target is None:  # a value stands where a section belongs
            raise InputError(f"{name}: {path} is now {new.path}, but {new.path.rpartition('.')[0]} is not a section")
        if last in target:
            raise InputError(f"{name}: {path} is the old name of {new.path}, and both are there; remove {path}")
        try:
            target[last] = new.convert(value)
        except (TypeError, ValueError) as error:
            raise InputError(f"{name}: {path}: {error}; give {new.path} instead") from error
        _drop_empty(migrated, path)
        warn(f"{name}: {path} is now {new.path}; rename it")
    return migrated


def _drop_empty(values: dict[str, Any], path: str) -> None:
    """Drops the sections of a path that hold nothing any more: they may not be sections of this version."""
    section, _, rest = path.partition(".")
    below = values.get(section)
    if isinstance(below, dict) and rest:
        _drop_empty(below, rest)
        if not below:
            del values[section]


def _parent(values: dict[str, Any], path: str, make: bool) -> tuple[dict[str, Any] | None, str]:
    """The dict that holds the last key of a path, and that key; None if there is no such dict."""
    *sections, key = path.split(".")
    for section in sections:
        below = values.setdefault(section, {}) if make else values.get(section)
        if not isinstance(below, dict):
            return None, key
        values = below
    return values, key
