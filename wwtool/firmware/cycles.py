"""Core cycles of a firmware's work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cycles:
    """Core cycles of the last feature frame and the last inference; 0 where the core cannot count."""

    frontend: int
    invoke: int
