"""Two quantizations of one float model, layer by layer: formats, scales of weights, noise, and bytes that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.text import counted, printable
from wwtool.quantizer.arithmetic import Real
from wwtool.quantizer.integer_model import Counterpart, Pair, Snapshot
from wwtool.quantizer.sums import Sums
from wwtool.tflite.graph import Graph

_NAME_LENGTH = 60
_SAME = 1e-6  # of a scale: what float32 cannot tell apart
_CLOSE_DB = 1.0  # of two outputs that are equally good


@dataclass(frozen=True)
class WeightScales:
    """The scales of a layer's weights in both models.

    Attributes:
        count: how many this one has.
        same: how many of them the other has, too.
        lowest, highest: the least and the largest of the other's by this one's.
    """

    count: int
    same: int
    lowest: float
    highest: float


@dataclass(frozen=True)
class LayerAgainst:
    """One tensor of the float model in both quantized models. What ends in ``_there`` is of the other.

    Attributes:
        operator, tensor: as of ``LayerNoise``.
        tensor_there: the name of the tensor that stands for it.
        scale, zero_point, snr_db, scale_there, zero_point_there, snr_db_there: formats and signal to noise.
        same_format: whether scale and zero point are the same.
        differing: share of the bytes that are others once the other's numbers are brought into this format.
        largest: by how many steps at most.
        weights: of a layer that has weights in both.
    """

    operator: str
    tensor: str
    tensor_there: str
    scale: float
    scale_there: float
    zero_point: int
    zero_point_there: int
    snr_db: float | None
    snr_db_there: float | None
    same_format: bool
    differing: float
    largest: int
    weights: WeightScales | None


@dataclass(frozen=True)
class Against:
    """Both models.

    Attributes:
        name: the file of the other.
        layers: the tensors that are in both, in the order of computation.
        missing: the names of the float model's tensors that the other does not have, such as those of fused operators.
        same_formats: how many layers have the same scale and zero point.
        same_weights, weighted: how many of how many layers with weights have the same scales of weights.
        verdict: all of it in a sentence.
    """

    name: str
    layers: tuple[LayerAgainst, ...]
    missing: tuple[str, ...]
    same_formats: int
    same_weights: int
    weighted: int
    verdict: str


@dataclass
class _Both:
    noise: Sums = field(default_factory=Sums)
    count: int = 0
    differing: int = 0
    largest: int = 0


class Differences:
    """Gathers what is apart, row by row."""

    def __init__(self, graph: Graph, made: Counterpart, other: Counterpart) -> None:
        self._graph, self._made, self._other = graph, made, other
        self._both = {index: _Both() for index in made.pairs if index in other.pairs}

    def add(self, index: int, expected: Real, integers: npt.NDArray[Any], there: Snapshot) -> None:
        """One row of a tensor: the float model's numbers, this model's integers, and the other model's tensors."""
        both = self._both.get(index)
        if both is None:
            return
        pair = self._other.pairs[index]
        real = pair.slot.real(pair.read(there))
        both.noise.add(expected, real)
        apart = np.abs(self._made.pairs[index].slot.stored(real) - integers.astype(np.int64))
        both.count += apart.size
        both.differing += int(np.count_nonzero(apart))
        both.largest = max(both.largest, int(apart.max(initial=0)))

    def result(self, sums: Mapping[int, Sums]) -> Against:
        """What came out. ``sums``: the noise of this model by float index."""
        layers = tuple(self._layers(sums))
        weighted = [layer.weights for layer in layers if layer.weights is not None]
        outputs = {index: self._both[index] for index in self._graph.outputs if index in self._both}
        missing = tuple(
            printable(self._graph.tensor(i).name, _NAME_LENGTH) for i in self._made.pairs if i not in self._both
        )
        same = sum(layer.same_format for layer in layers)
        kept = sum(scales.same == scales.count for scales in weighted)
        verdict = f"{_formats(same, len(layers), kept, len(weighted))}; {self._closer(sums, outputs)}"
        return Against(
            printable(self._other.model.name, _NAME_LENGTH), layers, missing, same, kept, len(weighted), verdict
        )

    def _layers(self, sums: Mapping[int, Sums]) -> Iterator[LayerAgainst]:
        makers = {index: f"{op.index} {op.kind}" for op in self._graph.operators for index in op.outputs}
        for index, both in self._both.items():
            here, there = self._made.pairs[index], self._other.pairs[index]
            a, b = here.slot.scale, there.slot.scale
            yield LayerAgainst(
                makers.get(index, "input"), printable(self._graph.tensor(index).name, _NAME_LENGTH),
                printable(there.slot.name, _NAME_LENGTH), a.scale, b.scale, a.zero_point, b.zero_point,
                sums[index].snr_db, both.noise.snr_db, _same_format(here, there), both.differing / max(1, both.count),
                both.largest, _weights(here.slot.weights, there.slot.weights),
            )  # fmt: skip

    def _closer(self, sums: Mapping[int, Sums], outputs: Mapping[int, _Both]) -> str:
        name = printable(self._other.model.name, _NAME_LENGTH)
        noise = [(sums[index].snr_db, both.noise.snr_db) for index, both in outputs.items()]
        ahead = [here - there for here, there in noise if here is not None and there is not None]
        if not ahead:
            return f"{name} has no tensor for an output, so the outputs were not compared"
        gap = min(ahead, key=abs) if min(ahead) * max(ahead) < 0 else max(ahead, key=abs)
        if abs(gap) < _CLOSE_DB:
            return f"at the output both are as close to the float model, within {_CLOSE_DB:g} dB"
        return f"at the output {'this model' if gap > 0 else name} is closer to the float model, by {abs(gap):.1f} dB"


def _formats(same: int, layers: int, kept: int, weighted: int) -> str:
    if not layers:
        return "no tensor is in both"
    others = f" ({layers - same} got others)" if same < layers else ""
    formats = f"{same} of {counted(layers, 'tensor')} have the same scale and zero point{others}"
    return f"{formats}, {kept} of {counted(weighted, 'layer')} the same scales of weights" if weighted else formats


def _same_format(here: Pair, there: Pair) -> bool:
    """Whether integers mean the same; a uint8 is an int8 whose zero point is 128 higher."""
    a, b = here.slot, there.slot
    lowest_a, lowest_b = (np.iinfo(slot.dtype).min - slot.scale.zero_point for slot in (a, b))
    return bool(abs(a.scale.scale - b.scale.scale) <= _SAME * a.scale.scale and lowest_a == lowest_b)


def _weights(here: Real | None, there: Real | None) -> WeightScales | None:
    if here is None or there is None or (len(here) != len(there) and 1 not in (len(here), len(there))):
        return None
    ratio = np.broadcast_to(there.astype(np.float64) / here, (max(len(here), len(there)),))
    same = int((np.abs(ratio - 1.0) <= _SAME).sum()) if len(here) == len(there) else 0
    return WeightScales(len(here), same, float(ratio.min()), float(ratio.max()))
