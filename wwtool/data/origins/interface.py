"""What every origin does: it brings a file of the catalogue into a folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfileobj
from typing import ClassVar

from wwtool.base.cancellation import Cancellation
from wwtool.base.download import Expected
from wwtool.base.files import new_file
from wwtool.data.catalogue import Piece


@dataclass(frozen=True)
class Errand:
    """How files are fetched.

    Attributes:
        folder: where they go; what an interrupted download leaves stays there for the next.
        mirror: an address that takes the place of the origins'; None: what WWTOOL_MIRROR says.
        cancel: stops it.
        advance: told how many bytes of how many are there.
    """

    folder: Path
    mirror: str | None = None
    cancel: Cancellation = field(default_factory=Cancellation)
    advance: Callable[[int, int | None], None] = lambda done, total: None


class Origin(ABC):
    """A place that files come from.

    Attributes:
        runs_beside_others: whether several files are fetched at the same time, each by a program of its own.
    """

    runs_beside_others: ClassVar[bool] = False

    @abstractmethod
    def fetch(self, piece: Piece, errand: Errand) -> Path:
        """Brings a file into the errand's folder, verified.

        Raises:
            InputError: it is not the file that the catalogue means, or there is no space.
            ToolError: the place cannot be reached, or a program that is needed is missing.
            CancelledError: somebody has cancelled.
        """


def expected(piece: Piece) -> Expected:
    """What is known of a piece."""
    return Expected(piece.bytes, piece.sha256, piece.md5)


def keep(source: Path, target: Path) -> None:
    """Copies a file, perhaps to another disk, whole or not at all."""
    with source.open("rb") as read, new_file(target) as write:
        copyfileobj(read, write, 1 << 20)
