"""What every tracker of trainings is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar


class Tracker(ABC):
    """Keeps the curves of a run somewhere. It is made when the first figure comes, and whatever it raises is a warning.

    Attributes:
        package: the name under which pip installs what it needs.
        places: what it writes in the run's folder, as names there.
    """

    package: ClassVar[str]
    places: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def __init__(self, folder: Path, title: str, config: dict[str, Any]) -> None:
        """Opens a record of the run in ``folder``, called ``title``, with its nested config."""

    @abstractmethod
    def scalar(self, name: str, value: float, step: int) -> None: ...

    @abstractmethod
    def close(self) -> None: ...
