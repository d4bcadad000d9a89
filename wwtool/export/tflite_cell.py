"""A recurrent cell as operators of a .tflite: one pass for each step of time, its state in resource variables."""

from __future__ import annotations

import numpy as np

from wwtool.export.builder import SubgraphBuilder
from wwtool.export.value import Value, reshape, stored_scales
from wwtool.models.cell import INPUT, Dense, Logistic, Part, Plus, Step
from wwtool.models.quantized_cell import QuantizedRecurrence, constant_of


def add_cell(graph: SubgraphBuilder, initial: SubgraphBuilder, layer: QuantizedRecurrence, source: Value) -> Value:
    """Adds a cell behind a value of one step."""
    cell = layer.cell
    values = {INPUT: reshape(graph, f"{layer.name}/input", source.tensor, (1, source.channels), layer.formats[INPUT])}
    handles = {}
    for state in cell.states:
        handles[state] = graph.variable(f"{layer.name}/{state}")
        values[state] = graph.activation(f"{layer.name}/{state}", (1, cell.width), layer.formats[state])
        graph.operator("READ_VARIABLE", [handles[state]], [values[state]], "ReadVariableOptions")
        _begin_with_zeros(initial, layer, state)
    for step in cell.steps:
        name, shape = f"{layer.name}/{step.name}", (1, cell.channels_of(step.name))
        y = values[step.name] = graph.activation(name, shape, layer.formats[step.name])
        _add_step(graph, layer, step, [values[source] for source in step.sources], y)
    for state, step_name in cell.states.items():
        graph.operator("ASSIGN_VARIABLE", [handles[state], values[step_name]], [], "AssignVariableOptions")
    y = reshape(graph, layer.name, values[cell.output], (1, 1, 1, cell.width), layer.output)
    return Value(y, 1, cell.width)


def _add_step(graph: SubgraphBuilder, layer: QuantizedRecurrence, step: Step, sources: list[int], y: int) -> None:
    name = f"{layer.name}/{step.name}"
    if isinstance(step, Dense):
        dense = layer.dense[step.name]
        scales = stored_scales(dense.weight_scale)
        bias_scale = np.float32(layer.formats[step.source].scale) * scales
        weights = graph.constant(f"{name}/weights", dense.weights, scales)
        bias = graph.constant(f"{name}/bias", dense.bias, bias_scale)
        graph.operator("FULLY_CONNECTED", [*sources, weights, bias], [y], "FullyConnectedOptions")
    elif isinstance(step, Part):
        ends = {"begin": [0, step.begin], "end": [1, step.begin + step.count], "strides": [1, 1]}
        bounds = [graph.constant(f"{name}/{label}", np.asarray(at, np.int32)) for label, at in ends.items()]
        graph.operator("STRIDED_SLICE", [*sources, *bounds], [y], "StridedSliceOptions")
    elif isinstance(step, Logistic):
        graph.operator("LOGISTIC", sources, [y])
    else:
        if not isinstance(step.b, str):
            number, scale = constant_of(step.b)
            sources = [*sources, graph.constant(f"{name}/constant", number, scale.scale)]
        if isinstance(step, Plus):
            graph.operator("ADD", sources, [y], "AddOptions", potScaleInt16=False)
        else:
            graph.operator("MUL", sources, [y], "MulOptions")


def _begin_with_zeros(initial: SubgraphBuilder, layer: QuantizedRecurrence, state: str) -> None:
    scale = layer.formats[state]
    zeros = np.full((1, layer.cell.width), scale.zero_point, np.int8)
    start = initial.constant(f"{layer.name}/{state}/start", zeros, scale.scale, zero_point=scale.zero_point)
    variable = initial.variable(f"{layer.name}/{state}")
    initial.operator("ASSIGN_VARIABLE", [variable, start], [], "AssignVariableOptions")
