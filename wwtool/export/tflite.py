"""Writes a QuantizedModel as the streaming INT8 .tflite that ESPHome runs, and proves it against LiteRT.

The input is int8 [1, stride, channels], the output uint8 [1, 1]. Each layer keeps its past inputs in a resource
variable: READ_VARIABLE, CONCATENATION with the new steps, STRIDED_SLICE of the newest, ASSIGN_VARIABLE, and an unpadded
convolution. The values that a recurrent cell remembers are variables of their own.
"""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.export.builder import ModelBuilder
from wwtool.export.tflite_layers import ADDITIONS
from wwtool.export.value import Value, reshape
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.layers import PREVIOUS
from wwtool.models.quantized import INPUT_SCALE, PROBABILITY_SCALE, QuantizedModel, Scale
from wwtool.tflite.front_end import FRONT_END


def to_tflite(model: QuantizedModel, description: str) -> tuple[bytes, dict[str, int]]:
    """Returns the file, and the tensor index of every layer's output by layer name (and ``probability``)."""
    builder = ModelBuilder(description)
    if model.front_end != DEFAULT_FRONT_END:
        builder.metadata(FRONT_END, json.dumps(model.front_end.as_dict()).encode())
    graph, initial = builder.subgraph("main"), builder.subgraph("initial")
    graph.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=initial.index)
    stride, channels = model.stride, model.channels
    source = graph.activation("features", (1, stride, channels), INPUT_SCALE)
    shape = (channels, 1) if model.picture else (1, channels)
    x = reshape(graph, "steps", source, (1, stride, *shape), INPUT_SCALE)
    values = {PREVIOUS: Value(x, stride, channels=shape[1], bands=shape[0])}
    for layer in model.layers:
        read = [values[name] for name in layer.reads]
        values[PREVIOUS] = values[layer.name] = ADDITIONS[type(layer)](graph, initial, layer, *read)
    outputs = {layer.name: values[layer.name].tensor for layer in model.layers}
    x = values[PREVIOUS].tensor
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
            got, want = engine.tensor(index).ravel(), expected[name][step].ravel()
            if not np.array_equal(got, want):
                wrong = int(np.flatnonzero(got != want)[0])
                raise InputError(
                    f"export: layer '{name}' differs from LiteRT at step {step}, channel {wrong}: "
                    f"{int(want[wrong])} in PyTorch, {int(got[wrong])} in LiteRT; the model was not written"
                )
