"""The zoo: the candidates that are there to choose from, by name. Plain data, so that a config can name them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from wwtool.models.architecture import Architecture
from wwtool.models.residual import ResidualArchitecture
from wwtool.models.temporal import TemporalArchitecture

ZOO: dict[str, Architecture] = {
    "tcn32": TemporalArchitecture(first_channels=24, width=32),
    "tcn48": TemporalArchitecture(first_channels=32, width=48),
    "tcn64": TemporalArchitecture(first_channels=32, width=64),
    "res32": ResidualArchitecture(width=32),
    "res48": ResidualArchitecture(width=48),
    "res64": ResidualArchitecture(width=64),
}

_FAMILIES: dict[str, type[Architecture]] = {kind.family: kind for kind in (TemporalArchitecture, ResidualArchitecture)}


def as_dict(architecture: Architecture) -> dict[str, Any]:
    """An architecture as JSON-able data."""
    return {"family": architecture.family, **asdict(architecture)}


def from_dict(values: dict[str, Any]) -> Architecture:
    """The inverse of ``as_dict``, also after a journey through JSON.

    Raises:
        KeyError, TypeError: it does not describe an architecture.
    """
    shape = {key: _tuples(value) for key, value in values.items() if key != "family"}
    return _FAMILIES[values["family"]](**shape)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value
