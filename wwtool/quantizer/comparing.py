"""Compares the INT8 model with the float one on rows that are held out: signal to noise by layer, and the outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from wwtool.base.text import printable
from wwtool.quantizer.against import Against, Differences
from wwtool.quantizer.arithmetic import range_of
from wwtool.quantizer.integer_model import Counterpart
from wwtool.quantizer.material import Material
from wwtool.quantizer.observing import stepped
from wwtool.quantizer.real_model import padded
from wwtool.quantizer.sums import Sums
from wwtool.tflite.graph import Graph

_NAME_LENGTH = 60


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
    """``rows``: how many were compared. ``held_out``: calibration has not seen them.

    ``against``: the INT8 model beside another one.
    """

    rows: int
    held_out: bool
    layers: tuple[LayerNoise, ...]
    outputs: tuple[OutputAgreement, ...]
    against: Against | None = None


def compare(
    content: bytes, graph: Graph, made: Counterpart, material: Material, advance: Callable[[int, int], None],
    other: Counterpart | None = None,
) -> Comparison:  # fmt: skip
    """Runs the models on the calibration data, and compares the rows that are held out; all of them if none is.

    Args:
        content, graph: the float model.
        made: the INT8 model.
        material: the calibration data.
        advance: told after each row how many of how many are done.
        other: another quantized model that is held beside the first.
    """
    held_out = material.compared > 0
    sums = {index: Sums() for index in made.pairs}
    differences = None if other is None else Differences(graph, made, other)
    done, may_be_endless = 0, padded(graph)
    for stream, mask in zip(material.streams, material.held_out, strict=True):
        beside = repeat(None) if other is None else other.model.stepped(stream)
        for number, (real, stored, also) in enumerate(
            zip(stepped(content, stream), made.model.stepped(stream), beside, strict=False)
        ):
            advance(done := done + 1, material.rows)
            if held_out and not mask[number]:
                continue
            for index, pair in made.pairs.items():
                integers, expected = pair.read(stored), real.tensor(index).ravel()
                if index in may_be_endless:
                    expected = np.clip(expected, *range_of(pair.slot.scale))
                sums[index].add(expected, pair.slot.real(integers))
                if differences is not None and also is not None:
                    differences.add(index, expected, integers, also)
    layers = tuple(_layers(graph, made, sums))
    outputs = tuple(_output(graph, made, index, sums[index]) for index in dict.fromkeys(graph.outputs) if index in sums)
    against = None if differences is None else differences.result(sums)
    return Comparison(material.compared or material.rows, held_out, layers, outputs, against)


def _layers(graph: Graph, made: Counterpart, sums: Mapping[int, Sums]) -> Iterator[LayerNoise]:
    for op in graph.operators:
        for index in op.outputs:
            if index in sums:
                of, scale = sums[index], made.pairs[index].slot.scale
                name = printable(graph.tensor(index).name, _NAME_LENGTH)
                place = f"{op.index} {op.kind}"
                yield LayerNoise(place, name, of.snr_db, of.low, of.high, scale.scale, scale.zero_point)


def _output(graph: Graph, made: Counterpart, index: int, of: Sums) -> OutputAgreement:
    t, producer = graph.tensor(index), graph.producer(index)
    probability = t.size == 1 and producer is not None and producer.kind == "LOGISTIC"
    agreement = round(of.agreeing / of.rows, 4) if t.size > 1 or probability else None
    name = printable(t.name, _NAME_LENGTH)
    scale = made.pairs[index].slot.scale.scale
    mean = of.distance / of.count
    return OutputAgreement(name, agreement, probability, of.high, mean, of.largest, scale, of.snr_db)
