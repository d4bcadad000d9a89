"""The only reader of YAML from outside: it gives plain data of limited size, even if aliases multiply it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from wwtool.base.file_kinds import HEAD_BYTES, PLAIN, describe_mismatch, kind_of
from wwtool.base.text import one_line, printable
from wwtool.errors import InputError

MOST_BYTES = 1 << 17  # twenty times the largest profile; PyYAML needs minutes for much more
MOST_EXPANDED = 1 << 20  # characters and nodes, with every alias expanded


def read_yaml(path: Path) -> dict[str, Any]:
    """Reads a YAML file whose top level is a mapping.

    Raises:
        InputError: the file cannot be read, is not YAML, or is too large, perhaps only with its aliases expanded.
    """
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {shown}: {(error.strerror or '').lower()}; check the path") from error
    return parse_yaml(content, shown)


def parse_yaml(content: bytes, shown: str) -> dict[str, Any]:
    """Reads YAML whose top level is a mapping; messages call it ``shown``.

    Raises:
        InputError: it is not YAML, or is too large, perhaps only with its aliases expanded.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"{shown} is larger than {MOST_BYTES:,} bytes, too large for a YAML file; shorten it")
    kind = kind_of(content[:HEAD_BYTES])
    if content and kind is not None and kind not in PLAIN:
        raise InputError(f"{shown} {describe_mismatch(kind, 'a YAML file', 'give another')}")
    try:
        values = _load(content)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: an impossible date or number
        raise InputError(f"{shown} is not valid YAML: {one_line(str(error))}") from error
    except RecursionError as error:
        raise InputError(f"{shown} is not valid YAML for wwtool: it is nested too deeply") from error
    except _TooLargeError as error:
        raise InputError(
            f"{shown} has aliases (*) that make more than {MOST_EXPANDED:,} characters of it; leave them out"
        ) from error
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise InputError(f"{shown} must hold keys and values, not a {type(values).__name__}")
    return values


class _TooLargeError(Exception):
    """The file is too large when its aliases are expanded."""


def _load(content: bytes) -> Any:
    loader = yaml.SafeLoader(content)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        # This must come before the document is built, as merging (<<) copies the target of an alias.
        _expanded_size(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _refuse_repeated_keys(node: yaml.MappingNode) -> None:
    """PyYAML takes the last of several equal keys, and nobody notices that the others do nothing."""
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' is there twice", problem_mark=key.start_mark)
            seen.add(key.value)


def _expanded_size(node: yaml.Node, sizes: dict[int, int | None]) -> int:
    """Characters and nodes below a node, with aliases expanded; ``sizes`` has None for a node that is being counted."""
    identity = id(node)
    if identity not in sizes:
        sizes[identity] = None
        if isinstance(node, yaml.MappingNode):
            _refuse_repeated_keys(node)
            below = sum(_expanded_size(part, sizes) for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            below = sum(_expanded_size(part, sizes) for part in node.value)
        else:
            below = len(node.value)
        sizes[identity] = 1 + below
    size = sizes[identity]
    if size is None or size > MOST_EXPANDED:  # None: an alias to a node that contains it never ends
        raise _TooLargeError
    return size
