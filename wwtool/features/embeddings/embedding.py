"""What every embedding offers: vectors at regular steps, each of which describes the audio before it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.base.tools import Tool
from wwtool.data.audio import Audio
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

Vectors = npt.NDArray[np.float32]  # (steps, width)


@dataclass(frozen=True)
class Steps:
    """When an embedding gives its vectors, in samples.

    >>> steps = Steps(window_samples=1000, step_samples=300)
    >>> [steps.count(samples) for samples in (999, 1000, 1299, 1300)]
    [0, 1, 1, 2]
    >>> steps.length(2)
    1300
    """

    window_samples: int
    step_samples: int

    def count(self, samples: int) -> int:
        """How many vectors audio of that length gives."""
        return max(0, 1 + (samples - self.window_samples) // self.step_samples)

    def seconds(self, count: int) -> float:
        """How much audio ``count`` vectors need."""
        return self.length(count) / SAMPLE_RATE_HZ

    def length(self, count: int) -> int:
        """How much audio ``count`` vectors need, at least one."""
        return self.window_samples + (count - 1) * self.step_samples


class Embedding(ABC):
    """A frozen model from audio to vectors, as a value: worker processes get it with what they have to make.

    One embedding is one subclass in a file of its own.

    Attributes:
        licence: of the model, as an SPDX name or in its authors' words; "": nobody has told it.
        source: who made it, and the package that has it.
        width: numbers in a vector.
        steps: when it gives them.
        tools: what must be installed.
        version: names the very model, because a pool depends on it.
    """

    licence: str
    source: str
    width: int
    steps: Steps
    tools: tuple[Tool, ...]
    version: str

    @property
    def is_there(self) -> bool:
        """Whether everything that it needs is installed."""
        return all(tool.is_there for tool in self.tools)

    @abstractmethod
    def load(self) -> Callable[[Audio], Vectors]:
        """The model, as a function from int16 audio to its vectors.

        Raises:
            ToolError: something is not installed.
            InputError: the model's files are damaged or other files than expected.
        """

    def stream(self) -> EmbeddingStream:
        """A stream that has heard nothing yet; raises what ``load`` raises."""
        return EmbeddingStream(self)


class EmbeddingStream:
    """Vectors of audio that comes in pieces. The model hears blocks of a fixed length, however long the pieces are."""

    _BLOCK_STEPS = 125

    def __init__(self, embedding: Embedding) -> None:
        self._vectors_of, self.steps = embedding.load(), embedding.steps
        self._pending: list[Audio] = []
        self._samples = 0
        self._vectors: list[Vectors] = [np.zeros((0, embedding.width), np.float32)]

    def process(self, audio: Audio) -> None:
        """Takes samples."""
        self._pending.append(audio)
        self._samples += len(audio)
        block = self.steps.length(self._BLOCK_STEPS)
        while self._samples >= block:
            self._hear(self._BLOCK_STEPS)

    def finish(self) -> Vectors:
        """The vectors of all audio so far, (steps, width)."""
        rest = self.steps.count(self._samples)
        if rest:
            self._hear(rest)
        return np.concatenate(self._vectors)

    def _hear(self, count: int) -> None:
        audio = np.concatenate(self._pending)
        self._vectors.append(self._vectors_of(audio[: self.steps.length(count)]))
        rest = audio[count * self.steps.step_samples :]
        self._pending, self._samples = [rest], len(rest)
