"""Writes a QuantizedModel as the streaming INT8 .tflite that ESPHome runs, and proves it against LiteRT.

The input is int8 [1, stride, channels], the output uint8 [1, 1]. Each layer keeps its past inputs in a resource
variable: READ_VARIABLE, CONCATENATION with the new steps, STRIDED_SLICE of the newest, ASSIGN_VARIABLE, and an unpadded
convolution. A sum needs no state: both of its inputs are of the current step.
"""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.export.builder import ModelBuilder, SubgraphBuilder
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.quantized import (
    INPUT_SCALE,
    PROBABILITY_SCALE,
    QuantizedLayer,
    QuantizedModel,
    QuantizedSum,
    Scale,
)
from wwtool.tflite.front_end import FRONT_END

_VALID = 1
_RELU = 1


def to_tflite(model: QuantizedModel, description: str) -> tuple[bytes, dict[str, int]]:
    """Returns the file, and the tensor index of every layer's output by layer name (and ``probability``)."""
    builder = ModelBuilder(description)
    if model.front_end != DEFAULT_FRONT_END:
        builder.metadata(FRONT_END, json.dumps(model.front_end.as_dict()).encode())
    graph, initial = builder.subgraph("main"), builder.subgraph("initial")
    graph.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=initial.index)
    stride, channels = model.stride, int(model.convolutions[0].weights.shape[3])
    source = graph.activation("features", (1, stride, channels), INPUT_SCALE)
    x = _reshape(graph, "steps", source, (1, stride, 1, channels), INPUT_SCALE)
    outputs: dict[str, int] = {}
    steps = stride
    for layer in model.layers:
        if isinstance(layer, QuantizedSum):
            x = _sum(graph, layer, x, outputs[layer.skip], steps)
        else:
            x, steps = _layer(graph, initial, layer, x, steps, channels)
        outputs[layer.name], channels = x, layer.channels
    probability = graph.activation("probability_int8", (1, 1), PROBABILITY_SCALE)
    graph.operator("LOGISTIC", [x], [probability])
    outputs["probability"] = probability
    result = graph.activation("probability", (1, 1), Scale(1.0 / 256.0, 0), "uint8")
    graph.operator("QUANTIZE", [probability], [result], "QuantizeOptions")
    graph.interface([source], [result])
    return builder.pack(), outputs


def verify(content: bytes, model: QuantizedModel, outputs: dict[str, int], features: npt.NDArray[np.int8]) -> None:
    """Checks that every layer equals LiteRT's reference kernels on a clip of int8 features (frames, channels).

    Raises:
        InputError: a layer differs; the message names the first one and the difference.
    """
    frames = len(features) // model.stride * model.stride
    expected = model.evaluate(features[:frames])
    engine = LiteRtEngine(content, keep_tensors=True)
    for step in range(frames // model.stride):
        engine.step(features[None, step * model.stride : (step + 1) * model.stride])
        for name, index in outputs.items():
            got, want = engine.tensor(index).ravel(), expected[name][step]
            if not np.array_equal(got, want):
                wrong = int(np.flatnonzero(got != want)[0])
                raise InputError(
                    f"export: layer '{name}' differs from LiteRT at step {step}, channel {wrong}: "
                    f"{int(want[wrong])} in PyTorch, {int(got[wrong])} in LiteRT; the model was not written"
                )


def _layer(
    graph: SubgraphBuilder, initial: SubgraphBuilder, layer: QuantizedLayer, x: int, steps: int, channels: int
) -> tuple[int, int]:
    """Adds a layer after tensor x, which has ``steps`` new steps; returns its output tensor and the steps of that."""
    keep = layer.kernel - layer.stride
    window = _streaming_window(graph, initial, layer, x, keep, steps, channels) if keep else x
    out_steps = (keep + steps - layer.kernel) // layer.stride + 1
    if layer.kind == "dense":
        flat = _reshape(graph, f"{layer.name}/flat", window, (1, layer.kernel * channels), layer.input)
        return _fully_connected(graph, layer, flat), 1
    weights = layer.weights if layer.kind == "conv" else np.ascontiguousarray(layer.weights.transpose(3, 1, 2, 0))
    w = graph.constant(f"{layer.name}/weights", weights, layer.weight_scale, 0 if layer.kind == "conv" else 3)
    b = graph.constant(f"{layer.name}/bias", layer.bias, _bias_scale(layer))
    y = graph.activation(layer.name, (1, out_steps, 1, layer.channels), layer.output)
    common = {
        "padding": _VALID, "strideH": layer.stride, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1,
        "fusedActivationFunction": _RELU if layer.relu else 0,
    }  # fmt: skip
    if layer.kind == "conv":
        graph.operator("CONV_2D", [window, w, b], [y], "Conv2DOptions", **common)
    else:
        graph.operator("DEPTHWISE_CONV_2D", [window, w, b], [y], "DepthwiseConv2DOptions", depthMultiplier=1, **common)
    return y, out_steps


def _sum(graph: SubgraphBuilder, layer: QuantizedSum, x: int, skip: int, steps: int) -> int:
    y = graph.activation(layer.name, (1, steps, 1, layer.channels), layer.output)
    graph.operator("ADD", [x, skip], [y], "AddOptions", fusedActivationFunction=_RELU, potScaleInt16=False)
    return y


def _fully_connected(graph: SubgraphBuilder, layer: QuantizedLayer, flat: int) -> int:
    weights = layer.weights.reshape(layer.channels, -1)
    w = graph.constant(f"{layer.name}/weights", weights, layer.weight_scale)
    b = graph.constant(f"{layer.name}/bias", layer.bias, _bias_scale(layer))
    y = graph.activation(layer.name, (1, layer.channels), layer.output)
    graph.operator("FULLY_CONNECTED", [flat, w, b], [y], "FullyConnectedOptions")
    return y


def _bias_scale(layer: QuantizedLayer) -> npt.NDArray[np.float32]:
    return np.asarray(np.float32(layer.input.scale) * layer.weight_scale, np.float32)


def _streaming_window(
    graph: SubgraphBuilder,
    initial: SubgraphBuilder,
    layer: QuantizedLayer,
    x: int,
    keep: int,
    steps: int,
    channels: int,
) -> int:
    """Joins the last ``keep`` steps from a variable with the new ones; the variable then keeps the newest."""
    name = f"{layer.name}/state"
    handle = graph.variable(name)
    old = graph.activation(f"{layer.name}/old", (1, keep, 1, channels), layer.input)
    graph.operator("READ_VARIABLE", [handle], [old], "ReadVariableOptions")
    window = graph.activation(f"{layer.name}/window", (1, keep + steps, 1, channels), layer.input)
    graph.operator("CONCATENATION", [old, x], [window], "ConcatenationOptions", axis=1)
    bounds = [
        graph.constant(f"{layer.name}/{label}", np.asarray(values, np.int32))
        for label, values in (("begin", [0, -keep, 0, 0]), ("end", [0, 0, 0, 0]), ("strides", [1, 1, 1, 1]))
    ]
    newest = graph.activation(f"{layer.name}/newest", (1, keep, 1, channels), layer.input)
    # Masks: only the time axis has a begin (bit 1 clear), no axis has an end.
    graph.operator(
        "STRIDED_SLICE", [window, *bounds], [newest], "StridedSliceOptions", beginMask=0b1101, endMask=0b1111
    )
    graph.operator("ASSIGN_VARIABLE", [handle, newest], [], "AssignVariableOptions")
    zeros = np.full((1, keep, 1, channels), layer.input.zero_point, np.int8)
    start = initial.constant(f"{layer.name}/start", zeros, layer.input.scale, zero_point=layer.input.zero_point)
    initial.operator("ASSIGN_VARIABLE", [initial.variable(name), start], [], "AssignVariableOptions")
    return window


def _reshape(graph: SubgraphBuilder, name: str, x: int, shape: tuple[int, ...], scale: Scale) -> int:
    dims = graph.constant(f"{name}/shape", np.asarray(shape, np.int32))
    y = graph.activation(name, shape, scale)
    graph.operator("RESHAPE", [x, dims], [y], "ReshapeOptions", newShape=np.asarray(shape, np.int32))
    return y
