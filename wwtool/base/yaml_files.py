"""The one reader of YAML from outside: plain data of bounded size, whatever a file's aliases make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from wwtool.base.file_kinds import HEAD_BYTES, PLAIN, kind_of, mistaken
from wwtool.base.text import one_line, printable
from wwtool.errors import InputError

MOST_BYTES = 1 << 17  # twenty times the largest profile; more of it takes its reader minutes
MOST_WRITTEN_OUT = 1 << 20  # characters and nodes, every alias written out


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top level is a mapping.

    Raises:
        InputError: it cannot be read, is not YAML, is too large, or becomes so when its aliases are followed.
    """
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {shown}: {(error.strerror or '').lower()}; check the path") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{shown} is larger than {MOST_BYTES:,} bytes, too large for a YAML file; shorten it")
    kind = kind_of(content[:HEAD_BYTES])
    if content and kind is not None and kind not in PLAIN:
        raise InputError(f"{shown} {mistaken(kind, 'a YAML file', 'give another')}")
    try:
        values = _load(content)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: a date or a number that is none
        raise InputError(f"{shown} is not valid YAML: {one_line(str(error))}") from error
    except RecursionError as error:
        raise InputError(f"{shown} is not valid YAML for wwtool: it is nested too deeply") from error
    except _TooLargeError as error:
        raise InputError(
            f"{shown} has aliases (*) that make more than {MOST_WRITTEN_OUT:,} characters of it; leave them out"
        ) from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise InputError(f"{shown} must hold keys and values, not a {type(values).__name__}")
    return values


class _TooLargeError(Exception):
    """The file is too large with its aliases written out."""


def _load(content: bytes) -> Any:
    loader = yaml.SafeLoader(content)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        # Before anything is built of it: merging (<<) copies what an alias stands for.
        _written_out(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _written_out(node: yaml.Node, known: dict[int, int | None]) -> int:
    """Characters and nodes below a node if every alias is written out; None in ``known``: being counted."""
    identity = id(node)
    if identity not in known:
        known[identity] = None
        if isinstance(node, yaml.MappingNode):
            size = sum(_written_out(part, known) for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            size = sum(_written_out(part, known) for part in node.value)
        else:
            size = len(node.value)
        known[identity] = 1 + size
    found = known[identity]
    if found is None or found > MOST_WRITTEN_OUT:  # an alias to what it lies in never ends
        raise _TooLargeError
    return found
