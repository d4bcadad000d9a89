"""Turns an error of pydantic into a sentence."""

from __future__ import annotations

from pydantic import ValidationError

_PLAIN = {
    "model_type": "must hold keys and values",
    "dict_type": "must hold keys and values",
    "model_attributes_type": "must hold keys and values",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "string_type": "must be text",
}
"""What pydantic says in words of Python, by its type of error."""


def describe_validation(error: ValidationError, name: str) -> str:
    """The first problem of a pydantic error as one sentence with its key path."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"]) or "the file"
    message = first["msg"].removeprefix("Value error, ").lower()
    if first["type"] == "extra_forbidden":
        message = "is not a known key; remove it or correct its spelling"
        return f"{name}: {path} {message}"
    if first["type"] == "union_tag_invalid":
        context = first["ctx"]
        key, tags = (context[entry].replace("'", "") for entry in ("discriminator", "expected_tags"))
        return f"{name}: {path}.{key}: {context['tag']!r} is none of {tags}"
    if first["type"] == "union_tag_not_found":
        key = first["ctx"]["discriminator"].strip("'")
        return f"{name}: {path}: must say its {key}"
    message = _PLAIN.get(first["type"], message)
    if first["type"] == "string_type" and isinstance(first["input"], bool | int | float):
        message = "must be text; put it in quotes"  # YAML reads yes, no, on, off and 1 as something else
    if isinstance(first["input"], dict):  # keys contradict each other; the message says which
        return f"{name}: {path}: {message}" if first["loc"] else f"{name}: {message}"
    shown = repr(first["input"])
    return f"{name}: {path}: {message} (it is {shown if len(shown) <= 60 else shown[:60] + '…'})"
