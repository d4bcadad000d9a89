"""What every front end offers. One front end is one subclass in a file of its own, and one line in registry.py."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from wwtool.frontend.geometry import Geometry

Pcm = NDArray[np.int16]
Features = NDArray[Any]  # (frames, channels), of the type that the front end computes


class FeatureStream(Protocol):
    """Computes features of audio that comes in pieces of any size."""

    def process(self, pcm: Pcm) -> Features:
        """Takes samples; returns the frames that they complete, ``(frames, channels)``, perhaps none."""
        ...

    def reset(self) -> None:
        """Forgets all audio."""
        ...


class FrontEnd(ABC):
    """Turns audio into the features that a model reads."""

    name: ClassVar[str]
    geometry: ClassVar[Geometry]

    @abstractmethod
    def stream(self) -> FeatureStream:
        """A stream that has heard nothing yet."""

    @abstractmethod
    def quantize(self, values: Features) -> NDArray[np.int8]:
        """Turns features into a model's int8 input of the same shape, as the device does."""

    @abstractmethod
    def c_tables(self) -> Mapping[str, str]:
        """The generated C files in ``firmware_templates/core``: name to text."""

    def c_sources(self, kernel_set: str) -> tuple[str, ...]:
        """The C files below ``firmware_templates/core`` that compute the features with a set of fast kernels."""
        return ()

    def features(self, pcm: Pcm) -> Features:
        """Features of a whole clip, ``(frames, channels)``, from a stream that has heard nothing yet."""
        return self.stream().process(pcm)

    def quantized(self, blocks: Iterable[Pcm]) -> NDArray[np.int8]:
        """A model's int8 input, ``(frames, channels)``, from audio that comes in blocks, however long it is."""
        stream = self.stream()
        rows = (self.quantize(stream.process(block)) for block in blocks)
        return np.concatenate([np.zeros((0, self.geometry.channels), np.int8), *rows])
