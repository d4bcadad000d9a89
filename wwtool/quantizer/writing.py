"""Writes the INT8 model: the operators of the float model on int8 tensors, in the formats that were chosen."""

from __future__ import annotations

import json
from dataclasses import dataclass

from wwtool.export.builder import ModelBuilder
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.quantized import Scale
from wwtool.quantizer.formats import Formats
from wwtool.quantizer.layers import LAYERS
from wwtool.quantizer.products import PRODUCTS
from wwtool.quantizer.writer import Writer
from wwtool.tflite.front_end import FRONT_END
from wwtool.tflite.graph import Graph


@dataclass(frozen=True)
class Written:
    """The file, and where the results of the float model are in it: the index and the format by the float index."""

    content: bytes
    tensors: dict[int, tuple[int, Scale]]


def write_model(
    graph: Graph, formats: Formats, description: str, unsigned_outputs: bool, front_end: FrontEnd | None
) -> Written:
    """Writes the INT8 model.

    Args:
        graph: the float model.
        formats: the formats of its tensors.
        description: for the file.
        unsigned_outputs: real outputs are uint8 instead of int8.
        front_end: the features that it reads, if it is known to read any.

    Raises:
        InputError: a layer's weights are not constant.
    """
    builder = ModelBuilder(description)
    writer = Writer(graph, formats, builder.subgraph("main"), {**LAYERS, **PRODUCTS})
    if graph.variables:
        writer.initialise(builder.subgraph("initial"))
    inputs = [writer.input(index) for index in graph.inputs]
    for op in graph.operators:
        writer.add(op)
    outputs = [writer.output(index, unsigned_outputs) for index in graph.outputs]
    writer.main.interface(inputs, outputs)
    if front_end is not None and front_end != DEFAULT_FRONT_END:
        builder.metadata(FRONT_END, json.dumps(front_end.as_dict()).encode())
    return Written(builder.pack(), writer.results)
