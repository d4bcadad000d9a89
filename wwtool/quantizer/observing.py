"""Runs the float model on calibration data and keeps what its tensors hold: extremes, and a sample of the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.text import printable
from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.quantizer.arithmetic import Real
from wwtool.quantizer.material import Material
from wwtool.quantizer.real_model import is_real, padded, without_endless
from wwtool.tflite.graph import Graph

_SAMPLE = 1 << 16  # values of each tensor
_SEED = 0


@dataclass
class Observed:
    """What a tensor has held. ``sample``: some of its values, drawn from all rows alike."""

    low: float = float("inf")
    high: float = float("-inf")
    _parts: list[Real] = field(default_factory=list)

    def add(self, values: Real, chosen: Real) -> None:
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        self._parts.append(chosen)

    @property
    def sample(self) -> Real:
        return np.concatenate([*self._parts, np.asarray([self.low, self.high], np.float32)])


def observe(
    content: bytes, graph: Graph, material: Material, advance: Callable[[int, int], None]
) -> dict[int, Observed]:
    """What each computed real tensor holds on the rows that are not held out, by its index.

    Args:
        content: the float model's file.
        graph: the same model.
        material: its calibration data.
        advance: told after each row how many of how many are done.

    Raises:
        InputError: the model does not run, or a tensor is not finite.
    """
    result = {index: Observed() for index in computed(graph)}
    generator = np.random.default_rng(_SEED)
    each = max(1, _SAMPLE // max(1, material.rows - material.compared))
    done, may_be_endless = 0, padded(graph)
    for stream, held_out in zip(material.streams, material.held_out, strict=True):
        for number, engine in enumerate(stepped(content, stream)):
            advance(done := done + 1, material.rows)
            if held_out[number]:
                continue
            for index, observed in result.items():
                values = engine.tensor(index).ravel()
                values = without_endless(values) if index in may_be_endless else values
                if not np.isfinite(values).all():
                    name = printable(graph.tensor(index).name, 60)
                    raise InputError(
                        f"tensor '{name}' is not finite in row {number} of the calibration data; leave the row out or "
                        "repair the model"
                    )
                observed.add(values, _some(values, each, generator))
    return result


def stepped(content: bytes, stream: list[npt.NDArray[Any]]) -> Iterator[LiteRtEngine]:
    """A model with a fresh state after each row of a stream, with all its tensors.

    Raises:
        InputError: LiteRT cannot run it.
    """
    engine = _engine(content)
    for row in zip(*stream, strict=True):
        try:
            engine.step(list(row))
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"LiteRT's kernels cannot run this model: {reason}") from error
        yield engine


def _engine(content: bytes) -> LiteRtEngine:
    """The reference kernels, which check what they are given; the others where a kernel is not among them."""
    try:
        return LiteRtEngine(content, keep_tensors=True)
    except InputError:
        return LiteRtEngine(content, keep_tensors=True, reference=False)


def computed(graph: Graph) -> list[int]:
    """Inputs, results and states in floats, in the order of computation."""
    indices = (*graph.inputs, *(i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0))
    tensors = (graph.tensor(i) for i in dict.fromkeys(indices))
    return [t.index for t in tensors if is_real(t) and t.data is None]


def _some(values: Real, most: int, generator: np.random.Generator) -> Real:
    return values if len(values) <= most else values[generator.integers(0, len(values), most)]
