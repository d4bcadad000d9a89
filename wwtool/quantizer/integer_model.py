"""A finished model of integers beside the float one: the formats of its tensors, and what they hold row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.activations import rounded_away
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import Real

Key = int | str
Snapshot = Callable[[Key], npt.NDArray[Any]]
"""The integers of a tensor after a row."""


@dataclass(frozen=True)
class Slot:
    """A tensor of integers.

    Attributes:
        key: how its model calls it.
        name: how people call it.
        shape: its sizes.
        dtype: int8, uint8 or int16.
        scale: its format.
        weights: the scales of the weights of the layer that computes it; None if no such layer does.
    """

    key: Key
    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: Scale
    weights: Real | None = None

    def stored(self, real: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Real numbers as integers of this format."""
        limits = np.iinfo(self.dtype)
        with np.errstate(over="ignore"):
            steps = np.clip(np.asarray(real, np.float32) / np.float32(self.scale.scale), -(2.0**20), 2.0**20)
        near = rounded_away(steps).astype(np.int64)
        return np.asarray(np.clip(near + self.scale.zero_point, limits.min, limits.max), np.int64)

    def real(self, stored: npt.NDArray[Any]) -> Real:
        """The real numbers that integers of this format stand for."""
        return np.asarray((stored.astype(np.float32) - self.scale.zero_point) * np.float32(self.scale.scale))


class IntegerModel(ABC):
    """A file with a quantized model.

    Attributes:
        name: the file, for people.
        slots: its tensors of integers that are computed, in the order of computation.
    """

    name: str
    slots: Mapping[Key, Slot]

    @abstractmethod
    def stepped(self, stream: Sequence[npt.NDArray[Any]]) -> Iterator[Snapshot]:
        """The tensors after each row of a stream of real numbers, which begins with a fresh state.

        Raises:
            InputError: it cannot be run.
        """


@dataclass(frozen=True)
class Pair:
    """A tensor of integers that stands for one of the float model.

    ``order``: the axes of more than one value in the order that the float tensor has them; None: as they are.
    """

    slot: Slot
    order: tuple[int, ...] | None = None

    def read(self, snapshot: Snapshot) -> npt.NDArray[Any]:
        """Its integers, flat, in the order of the float tensor."""
        values = snapshot(self.slot.key)
        if self.order is not None:
            values = values.reshape([size for size in self.slot.shape if size != 1]).transpose(self.order)
        return values.ravel()


@dataclass(frozen=True)
class Counterpart:
    """A model of integers, and which of its tensors stand for those of the float model, by the float index."""

    model: IntegerModel
    pairs: Mapping[int, Pair]
