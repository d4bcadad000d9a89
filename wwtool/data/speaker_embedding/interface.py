"""What every speaker encoder offers: clips go in, unit vectors come out that are close for one voice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from wwtool.data.audio import Audio

Embeddings = npt.NDArray[np.float32]
"""One row of unit length for each clip, (clips, values)."""


class SpeakerEncoder(ABC):
    """An encoder of speakers.

    Attributes:
        name: its name in the registry.
        title: its name for people.
        licence: of its weights.
        install: the command that installs it.
        same_voice: highest distance (1 - cosine, averaged over the pairs of two groups) of clips of one voice.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    licence: ClassVar[str]
    install: ClassVar[str]
    same_voice: ClassVar[float]

    @classmethod
    @abstractmethod
    def is_installed(cls) -> bool:
        """Whether its package is there; does not load it."""

    @classmethod
    @abstractmethod
    def find(cls) -> SpeakerEncoder | None:
        """The installed encoder; None if there is none.

        Raises:
            ToolError: it is there but damaged.
        """

    @abstractmethod
    def embed(self, clips: Iterable[Audio]) -> Embeddings:
        """A unit vector for each clip of int16 at 16 kHz."""
