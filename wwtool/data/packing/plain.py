"""A file that is not packed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wwtool.data.packing.interface import append


def unpack_plain(path: Path, take: Mapping[str, str], folder: Path) -> None:
    """Takes the whole file."""
    with path.open("rb") as file:
        append(file, folder, take[""])
