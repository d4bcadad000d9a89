"""What every teacher is: audio in, a logit for every frame out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from wwtool.base.tools import Tool
from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.features.embeddings.embedding import Embedding
from wwtool.frontend.front_end import FrontEnd
from wwtool.models.pretrained import Origin
from wwtool.training.run import Listener, Run

Soft = npt.NDArray[np.float32]  # (frames,), a logit of the audio up to the end of each frame; NaN: nothing to say


class Teacher(ABC):
    """Learns the phrase from the pools of a run, and says of every frame in them how sure it is.

    Attributes:
        title: who it is, for people.
        automatic: whether ``auto`` may choose it, where it is installed.
    """

    title: ClassVar[str]
    automatic: ClassVar[bool] = False

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What must be installed."""
        return ()

    def check(self, config: TeacherConfig) -> None:  # noqa: B027 (most lack nothing)
        """Does nothing, unless the config lacks what the teacher needs.

        Raises:
            InputError: it does; the message names the key.
        """

    def embedding(self, config: TeacherConfig) -> Embedding | None:
        """What must hear the pools for it; None: it needs nothing but their features.

        Raises:
            InputError: the files that the config names for it cannot be used.
        """
        return None

    def licence(self, config: TeacherConfig) -> str:
        """Of what it brings; "": nothing but what wwtool trains."""
        return ""

    def began_with(self, config: TeacherConfig, front_end: FrontEnd) -> Origin | None:
        """The weights with which its own training began; None: it drew them all."""
        return None

    def fingerprint(self, config: TeacherConfig) -> str:
        """Tells what it brings from what it brought before."""
        return ""

    @abstractmethod
    def receptive_seconds(self, run: Run) -> float:
        """How much audio one logit depends on."""

    def weights(self, run: Run) -> tuple[Path, ...]:
        """The files in the run's folder that hold what it has learned there."""
        return ()

    def listeners(self, run: Run) -> list[Listener]:
        """Networks that hear every window as the student does, varied in the same way, once they have been taught.

        Without any, the student is told what ``teach`` says of the pools, whatever becomes of their windows.

        Raises:
            InputError: they have not been taught in the run's folder, or their weights are damaged.
        """
        return []

    @abstractmethod
    def teach(self, run: Run) -> list[Soft | None]:
        """What it says of each of the run's pools, in order; None: its listeners hear the windows themselves.

        What it has learned is left in the run's folder, in ``weights``.

        Interrupted and called again, it ends with the same numbers.

        Raises:
            InputError: the pools cannot be used.
            CancelledError: the run was cancelled.
        """

    @abstractmethod
    def opinion(self, run: Run, audio: Audio) -> Soft:
        """What it says of other audio, once it has been taught in the run's folder.

        Raises:
            InputError: it has not been taught there, or its weights are damaged.
            ToolError: something that it needs is not installed.
        """


def spread(stops: npt.NDArray[np.int64], logits: npt.NDArray[np.float32], frames: int) -> Soft:
    """Logits of windows that end before the frames ``stops`` (ascending), for every frame in between, (frames,).

    >>> spread(np.array([2, 4]), np.array([0.0, 1.0], np.float32), 5).tolist()
    [nan, 0.0, 0.5, 1.0, 1.0]
    """
    if not len(stops):
        return np.full(frames, np.nan, np.float32)
    return np.interp(np.arange(1, frames + 1), stops, logits, left=np.nan).astype(np.float32)
