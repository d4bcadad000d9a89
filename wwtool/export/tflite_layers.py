"""The layers of an integer model as operators of a .tflite, one function for each kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from wwtool.export.builder import SubgraphBuilder
from wwtool.export.tflite_cell import add_cell
from wwtool.export.value import Value, reshape, stored_scales
from wwtool.models.quantized import PROBABILITY_SCALE, QuantizedGate, QuantizedLayer, QuantizedMean, QuantizedSum
from wwtool.models.quantized_cell import QuantizedRecurrence

_SAME, _VALID = 0, 1
_RELU = 1

Addition = Callable[..., Value]


def _layer(graph: SubgraphBuilder, initial: SubgraphBuilder, layer: QuantizedLayer, source: Value) -> Value:
    keep, pads = layer.kernel - layer.stride, layer.band_pads(source.bands)
    bands = -(-source.bands // layer.band_stride)
    # SAME pads both axes or none: with one step of time, there is nothing to pad over time.
    same = any(pads) and layer.kernel == 1
    padded = _padded(graph, layer, source, pads) if any(pads) and not same else source
    window = _streaming_window(graph, initial, layer, padded, keep) if keep else padded.tensor
    steps = (keep + source.steps - layer.kernel) // layer.stride + 1
    if layer.kind == "dense":
        flat = reshape(graph, f"{layer.name}/flat", window, (1, layer.kernel * source.channels), layer.input)
        return Value(_fully_connected(graph, layer, flat), 1, layer.channels)
    weights = layer.weights if layer.kind == "conv" else np.ascontiguousarray(layer.weights.transpose(3, 1, 2, 0))
    w = graph.constant(
        f"{layer.name}/weights", weights, stored_scales(layer.weight_scale), 0 if layer.kind == "conv" else 3
    )
    b = graph.constant(f"{layer.name}/bias", layer.bias, _bias_scale(layer))
    y = graph.activation(layer.name, (1, steps, bands, layer.channels), layer.output)
    common = {
        "padding": _SAME if same else _VALID, "strideH": layer.stride, "strideW": layer.band_stride,
        "dilationHFactor": 1, "dilationWFactor": 1, "fusedActivationFunction": _RELU if layer.relu else 0,
    }  # fmt: skip
    if layer.kind == "conv":
        graph.operator("CONV_2D", [window, w, b], [y], "Conv2DOptions", **common)
    else:
        graph.operator("DEPTHWISE_CONV_2D", [window, w, b], [y], "DepthwiseConv2DOptions", depthMultiplier=1, **common)
    return Value(y, steps, layer.channels, bands)


def _padded(graph: SubgraphBuilder, layer: QuantizedLayer, source: Value, pads: tuple[int, int]) -> Value:
    """Zeros beside the bands of the new steps."""
    bands, name = source.bands + sum(pads), f"{layer.name}/padded"
    amounts = graph.constant(f"{name}/pads", np.asarray([[0, 0], [0, 0], pads, [0, 0]], np.int32))
    y = graph.activation(name, (1, source.steps, bands, source.channels), layer.input)
    graph.operator("PAD", [source.tensor, amounts], [y], "PadOptions")
    return Value(y, source.steps, source.channels, bands)


def _sum(graph: SubgraphBuilder, initial: SubgraphBuilder, layer: QuantizedSum, x: Value, skip: Value) -> Value:
    bands, function = max(x.bands, skip.bands), _RELU if layer.relu else 0
    y = graph.activation(layer.name, (1, x.steps, bands, layer.channels), layer.output)
    sources = [x.tensor, skip.tensor]
    graph.operator("ADD", sources, [y], "AddOptions", fusedActivationFunction=function, potScaleInt16=False)
    return Value(y, x.steps, layer.channels, bands)


def _gate(graph: SubgraphBuilder, initial: SubgraphBuilder, layer: QuantizedGate, x: Value, skip: Value) -> Value:
    factor = graph.activation(f"{layer.name}/factor", (1, x.steps, x.bands, x.channels), PROBABILITY_SCALE)
    graph.operator("LOGISTIC", [x.tensor], [factor])
    bands = max(x.bands, skip.bands)
    y = graph.activation(layer.name, (1, x.steps, bands, layer.channels), layer.output)
    graph.operator("MUL", [skip.tensor, factor], [y], "MulOptions")
    return Value(y, x.steps, layer.channels, bands)


def _mean(graph: SubgraphBuilder, initial: SubgraphBuilder, layer: QuantizedMean, x: Value) -> Value:
    axes = graph.constant(f"{layer.name}/axes", np.asarray([2], np.int32))
    y = graph.activation(layer.name, (1, x.steps, 1, layer.channels), layer.output)
    graph.operator("MEAN", [x.tensor, axes], [y], "ReducerOptions", keepDims=True)
    return Value(y, x.steps, layer.channels)


def _fully_connected(graph: SubgraphBuilder, layer: QuantizedLayer, flat: int) -> int:
    weights = layer.weights.reshape(layer.channels, -1)
    w = graph.constant(f"{layer.name}/weights", weights, stored_scales(layer.weight_scale))
    b = graph.constant(f"{layer.name}/bias", layer.bias, _bias_scale(layer))
    y = graph.activation(layer.name, (1, layer.channels), layer.output)
    graph.operator("FULLY_CONNECTED", [flat, w, b], [y], "FullyConnectedOptions")
    return y


def _bias_scale(layer: QuantizedLayer) -> npt.NDArray[np.float32]:
    return np.asarray(np.float32(layer.input.scale) * stored_scales(layer.weight_scale), np.float32)


def _streaming_window(
    graph: SubgraphBuilder,
    initial: SubgraphBuilder,
    layer: QuantizedLayer,
    source: Value,
    keep: int,
) -> int:
    """Joins the last ``keep`` steps from a variable with the new ones; the variable then keeps the newest."""
    name, x, steps = f"{layer.name}/state", source.tensor, source.steps
    rest = source.bands, source.channels
    handle = graph.variable(name)
    old = graph.activation(f"{layer.name}/old", (1, keep, *rest), layer.input)
    graph.operator("READ_VARIABLE", [handle], [old], "ReadVariableOptions")
    window = graph.activation(f"{layer.name}/window", (1, keep + steps, *rest), layer.input)
    graph.operator("CONCATENATION", [old, x], [window], "ConcatenationOptions", axis=1)
    bounds = [
        graph.constant(f"{layer.name}/{label}", np.asarray(values, np.int32))
        for label, values in (("begin", [0, -keep, 0, 0]), ("end", [0, 0, 0, 0]), ("strides", [1, 1, 1, 1]))
    ]
    newest = graph.activation(f"{layer.name}/newest", (1, keep, *rest), layer.input)
    # Masks: only the time axis has a begin (bit 1 clear), no axis has an end.
    graph.operator(
        "STRIDED_SLICE", [window, *bounds], [newest], "StridedSliceOptions", beginMask=0b1101, endMask=0b1111
    )
    graph.operator("ASSIGN_VARIABLE", [handle, newest], [], "AssignVariableOptions")
    zeros = np.full((1, keep, *rest), layer.input.zero_point, np.int8)
    start = initial.constant(f"{layer.name}/start", zeros, layer.input.scale, zero_point=layer.input.zero_point)
    initial.operator("ASSIGN_VARIABLE", [initial.variable(name), start], [], "AssignVariableOptions")
    return window


ADDITIONS: dict[type, Addition] = {
    QuantizedLayer: _layer, QuantizedSum: _sum, QuantizedGate: _gate, QuantizedMean: _mean,
    QuantizedRecurrence: add_cell,
}  # fmt: skip
"""What adds a layer behind the values that it reads; the second subgraph sets its state at the start."""
