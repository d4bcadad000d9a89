"""Turns an error of pydantic into a sentence."""

from __future__ import annotations

from pydantic import ValidationError


def describe_validation(error: ValidationError, name: str) -> str:
    """The first problem of a pydantic error as one sentence with its key path."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"]) or "the file"
    message = first["msg"].removeprefix("Value error, ").lower()
    if first["type"] == "extra_forbidden":
        message = "is not a known key; remove it or correct its spelling"
        return f"{name}: {path} {message}"
    if first["type"] in ("model_type", "dict_type"):
        message = "must hold keys and values"
    if isinstance(first["input"], dict):  # keys contradict each other; the message says which
        return f"{name}: {path}: {message}" if first["loc"] else f"{name}: {message}"
    shown = repr(first["input"])
    return f"{name}: {path}: {message} (it is {shown if len(shown) <= 60 else shown[:60] + '…'})"
