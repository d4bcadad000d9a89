"""What every front end offers. One front end is one subclass in a file of its own, and one line in registry.py."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from wwtool.config.section import Section
from wwtool.errors import InputError
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
    """Turns audio into the features that a model reads. Two with the same ``as_dict`` give the same features."""

    name: ClassVar[str]
    of_any_scale: ClassVar[bool] = False  # whether the features follow the scale of a model's input
    geometry: Geometry

    def as_dict(self) -> dict[str, Any]:
        """All that the features depend on, as JSON-able data. ``from_dict`` is the inverse."""
        return {"kind": self.name}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FrontEnd:
        """The front end that ``as_dict`` describes.

        Raises:
            InputError: it describes none of this kind.
        """
        if set(values) != {"kind"}:
            raise InputError(f"the front end {cls.name} has no settings; make the model again")
        return cls()

    def configured(self, settings: Section) -> FrontEnd:
        """The front end with the settings of a config's section ``frontend``.

        Raises:
            InputError: they contradict each other.
        """
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrontEnd) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return json.dumps(self.as_dict())

    def for_input(self, scale: float, zero_point: int) -> FrontEnd:
        """The front end for a model with an int8 input of this scale and zero point.

        Raises:
            InputError: the features do not fit it.
        """
        return self

    @abstractmethod
    def stream(self) -> FeatureStream:
        """A stream that has heard nothing yet."""

    @abstractmethod
    def quantize(self, values: Features) -> NDArray[np.int8]:
        """Turns features into a model's int8 input of the same shape, as the device does."""

    @abstractmethod
    def c_tables(self) -> Mapping[str, str]:
        """The generated C files in ``firmware_templates/core``: name to text."""

    def c_settings(self) -> Mapping[str, str]:
        """The C files that its settings make of it, which lie beside the sources: name to text."""
        return {}

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
