"""Compares the INT8 model with the float one on rows that are held out: signal to noise by layer, and the outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from wwtool.base.text import printable
from wwtool.quantizer.arithmetic import Real, quantized, range_of
from wwtool.quantizer.material import Material
from wwtool.quantizer.observing import stepped
from wwtool.quantizer.real_model import padded
from wwtool.quantizer.writing import Written
from wwtool.tflite.graph import Graph

_NAME_LENGTH = 60
_MOST_DB = 120.0  # of a tensor that has no noise


@dataclass(frozen=True)
class LayerNoise:
    """One tensor of the float model and its int8 counterpart.

    Attributes:
        operator: the index and kind of the operator that computes it.
        tensor: its name.
        snr_db: signal to quantization noise, in decibels, 120 at most; None if the float tensor is always 0.
        low, high: the lowest and highest number that the float tensor held.
        scale, zero_point: the format of the int8 tensor.
    """

    operator: str
    tensor: str
    snr_db: float | None
    low: float
    high: float
    scale: float
    zero_point: int


@dataclass(frozen=True)
class OutputAgreement:
    """One output of the model.

    Attributes:
        output: its name.
        agreement: share of the rows in which both models give the same class, or are on the same side of the middle
            of a single probability; None for other outputs.
        is_probability: it is a single probability.
        highest: the highest number that the float model gave.
        mean_difference, largest_difference: of the real numbers.
        scale: the step of the int8 output.
        snr_db: as of a layer.
    """

    output: str
    agreement: float | None
    is_probability: bool
    highest: float
    mean_difference: float
    largest_difference: float
    scale: float
    snr_db: float | None


@dataclass(frozen=True)
class Comparison:
    """``rows``: how many were compared. ``held_out``: calibration has not seen them."""

    rows: int
    held_out: bool
    layers: tuple[LayerNoise, ...]
    outputs: tuple[OutputAgreement, ...]


@dataclass
class _Sums:
    signal: float = 0.0
    noise: float = 0.0
    distance: float = 0.0
    largest: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    count: int = 0
    rows: int = 0
    agreeing: int = 0

    def add(self, real: Real, stands_for: Real) -> None:
        error = np.abs(real.astype(np.float64) - stands_for)
        self.signal += float(np.square(real, dtype=np.float64).sum())
        self.noise += float(np.square(error).sum())
        self.distance += float(error.sum())
        self.largest = max(self.largest, float(error.max()))
        self.low, self.high = min(self.low, float(real.min())), max(self.high, float(real.max()))
        self.count += real.size
        self.rows += 1
        self.agreeing += _decision(real) == _decision(stands_for)

    @property
    def snr_db(self) -> float | None:
        if not self.signal:
            return None
        return round(min(10 * math.log10(self.signal / self.noise), _MOST_DB), 2) if self.noise else _MOST_DB


def _decision(values: Real) -> int:
    return int(values.argmax()) if values.size > 1 else int(values.item() >= 0.5)


def compare(
    content: bytes, graph: Graph, written: Written, material: Material, advance: Callable[[int, int], None]
) -> Comparison:
    """Runs both models on the calibration data, and compares the rows that are held out; all of them if none is.

    Args:
        content, graph: the float model.
        written: the INT8 model.
        material: the calibration data.
        advance: told after each row how many of how many are done.
    """
    held_out = material.compared > 0
    sums = {index: _Sums() for index in written.tensors}
    done, may_be_endless = 0, padded(graph)
    for stream, mask in zip(material.streams, material.held_out, strict=True):
        inputs = [
            quantized(rows, written.tensors[index][1]) if index in written.tensors else rows
            for rows, index in zip(stream, graph.inputs, strict=True)
        ]
        both = zip(stepped(content, stream), stepped(written.content, inputs), strict=True)
        for number, (real, stored) in enumerate(both):
            advance(done := done + 1, material.rows)
            if held_out and not mask[number]:
                continue
            for index, (tensor, scale) in written.tensors.items():
                values = (stored.tensor(tensor).astype(np.float32) - scale.zero_point) * np.float32(scale.scale)
                expected = real.tensor(index).ravel()
                if index in may_be_endless:
                    expected = np.clip(expected, *range_of(scale))
                sums[index].add(expected, values.ravel())
    layers = tuple(_layers(graph, written, sums))
    outputs = tuple(
        _output(graph, written, index, sums[index]) for index in dict.fromkeys(graph.outputs) if index in sums
    )
    return Comparison(material.compared or material.rows, held_out, layers, outputs)


def _layers(graph: Graph, written: Written, sums: Mapping[int, _Sums]) -> Iterator[LayerNoise]:
    for op in graph.operators:
        for index in op.outputs:
            if index in sums:
                of, scale = sums[index], written.tensors[index][1]
                name = printable(graph.tensor(index).name, _NAME_LENGTH)
                place = f"{op.index} {op.kind}"
                yield LayerNoise(place, name, of.snr_db, of.low, of.high, scale.scale, scale.zero_point)


def _output(graph: Graph, written: Written, index: int, of: _Sums) -> OutputAgreement:
    t, producer = graph.tensor(index), graph.producer(index)
    probability = t.size == 1 and producer is not None and producer.kind == "LOGISTIC"
    agreement = round(of.agreeing / of.rows, 4) if t.size > 1 or probability else None
    name = printable(t.name, _NAME_LENGTH)
    scale = written.tensors[index][1].scale
    mean = of.distance / of.count
    return OutputAgreement(name, agreement, probability, of.high, mean, of.largest, scale, of.snr_db)
