"""A model as an ONNX graph: in floats, or with a QuantizeLinear and a DequantizeLinear around every tensor (QDQ).

The graph takes whole clips, ``features`` (1, frames, channels) in real units, as many frames as there are, and gives
``probability`` (1, outputs), one for every stride of frames. Silence precedes the clip: a padding of zeros in front of
every convolution is the state of a stream that has heard nothing. So both graphs answer as ``QuantizedModel.evaluate``.

A QDQ graph keeps every learned scale. Operators: ONNX specification, Conv-11, QuantizeLinear-13, DequantizeLinear-13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.tools import missing
from wwtool.export.value import stored_scales
from wwtool.models.layers import PREVIOUS
from wwtool.models.quantized import (
    INPUT_SCALE,
    PROBABILITY_SCALE,
    QuantizedGate,
    QuantizedLayer,
    QuantizedMean,
    QuantizedModel,
    QuantizedPart,
    QuantizedSum,
    Scale,
)

OPSET, IR_VERSION = 13, 8  # of 2020 and 2021, which every runtime reads
INSTALL = "pip install onnx onnxruntime"
INPUT, OUTPUT = "features", "probability"
_QUANTIZED = "/int8"  # ends the name of a tensor in integers


def import_onnx() -> Any:
    """The package onnx.

    Raises:
        ToolError: it is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise missing("onnx", INSTALL) from error
    return onnx


def quantized_name(layer: str) -> str:
    """The name of a layer's int8 output in a QDQ graph."""
    return layer + _QUANTIZED


LAYERS = (QuantizedLayer, QuantizedSum, QuantizedGate, QuantizedMean)
"""What the graph can hold."""


@dataclass(frozen=True)
class Value:
    """A tensor (1, channels, steps, bands) by its name."""

    name: str
    bands: int


class GraphBuilder:
    """Nodes and constants of a graph in the making."""

    def __init__(self, quantized: bool) -> None:
        self._onnx = import_onnx()
        self._quantized = quantized
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, layer: QuantizedPart, *sources: Value) -> Value:
        """A layer of one of the types ``LAYERS`` behind the values that it reads."""
        bands = max(source.bands for source in sources)
        if isinstance(layer, QuantizedLayer):
            return Value(self._convolution(layer, sources[0]), -(-bands // layer.band_stride))
        names = [source.name for source in sources]
        if isinstance(layer, QuantizedSum):
            y = self._node("Add", names, f"{layer.name}/add")
            y = self._node("Relu", [y], f"{layer.name}/relu") if layer.relu else y
        elif isinstance(layer, QuantizedGate):
            factor = self.cut(self.node("Sigmoid", names[0], f"{layer.name}/logistic"), f"{layer.name}/factor",
                              PROBABILITY_SCALE)  # fmt: skip
            y = self._node("Mul", [factor, names[1]], f"{layer.name}/mul")
        else:
            y, bands = self.node("ReduceMean", names[0], f"{layer.name}/mean", axes=[3], keepdims=1), 1
        return Value(self.cut(y, layer.name, layer.output), bands)

    def _convolution(self, layer: QuantizedLayer, source: Value) -> str:
        groups = len(layer.weights) if layer.kind == "depthwise" else 1
        below, above = layer.band_pads(source.bands)
        y = self._node("Conv", [source.name, *self._weights(layer)], f"{layer.name}/conv", group=groups,
                       pads=[layer.kernel - layer.stride, below, 0, above], strides=[layer.stride, layer.band_stride],
                       kernel_shape=[*layer.weights.shape[1:3]])  # fmt: skip
        if layer.relu:
            y = self._node("Relu", [y], f"{layer.name}/relu")
        return self.cut(y, layer.name, layer.output)

    def cut(self, source: str, name: str, scale: Scale) -> str:
        """What is left of a tensor in int8; the tensor itself in a graph of floats."""
        if not self._quantized:
            return self._node("Identity", [source], name)
        formats = [
            self._constant(f"{name}/scale", np.float32(scale.scale)),
            self._constant(f"{name}/zero_point", np.int8(scale.zero_point)),
        ]
        q = self._node("QuantizeLinear", [source, *formats], quantized_name(name))
        return self._node("DequantizeLinear", [q, *formats], name)

    def as_tensor(self, source: str, picture: bool) -> str:
        """(1, frames, C) to (1, C, frames, 1), or to a picture (1, 1, frames, C)."""
        if picture:
            return self._node("Unsqueeze", [source, self._constant("channel", np.array([1], np.int64))], "picture")
        y = self._node("Transpose", [source], "channels_first", perm=[0, 2, 1])
        return self._node("Unsqueeze", [y, self._constant("last_axis", np.array([3], np.int64))], "over_time")

    def node(self, kind: str, source: str, name: str, **attributes: Any) -> str:
        """A node with one input."""
        return self._node(kind, [source], name, **attributes)

    def model(self, inputs: Sequence[Any], outputs: Sequence[Any], description: str) -> Any:
        """The checked model."""
        helper = self._onnx.helper
        graph = helper.make_graph(self._nodes, "wakeword", list(inputs), list(outputs), self._constants)
        opset = [helper.make_opsetid("", OPSET)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, doc_string=description)
        self._onnx.checker.check_model(made, full_check=True)
        return made

    def _weights(self, layer: QuantizedLayer) -> list[str]:
        """The names of weights (O, I, K, B) and bias in real numbers."""
        weights = np.ascontiguousarray(np.moveaxis(layer.weights, 3, 1))
        bias_scale = np.float32(layer.input.scale) * layer.weight_scale
        if not self._quantized:
            real = weights * layer.weight_scale.reshape(-1, 1, 1, 1)
            return [
                self._constant(f"{layer.name}/weights", real.astype(np.float32)),
                self._constant(f"{layer.name}/bias", (layer.bias * bias_scale).astype(np.float32)),
            ]
        return [
            self._dequantized(f"{layer.name}/weights", weights, layer.weight_scale),
            self._dequantized(f"{layer.name}/bias", layer.bias, bias_scale.astype(np.float32)),
        ]

    def _dequantized(self, name: str, values: npt.NDArray[Any], scales: npt.NDArray[np.float32]) -> str:
        stored = stored_scales(scales)
        scale, axis = (scales, {"axis": 0}) if len(stored) == len(scales) else (stored[0], {})
        parts = [
            self._constant(quantized_name(name), values),
            self._constant(f"{name}/scale", scale),
            self._constant(f"{name}/zero_point", np.zeros(np.shape(scale), values.dtype)),
        ]
        return self._node("DequantizeLinear", parts, name, **axis)

    def _constant(self, name: str, value: Any) -> str:
        self._constants.append(self._onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def _node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [name], name, **attributes))
        return name


def to_onnx(model: QuantizedModel, quantized: bool, description: str) -> bytes:
    """The file of a model.

    Raises:
        ToolError: onnx is not installed.
    """
    helper, types = import_onnx().helper, import_onnx().TensorProto
    builder = GraphBuilder(quantized)
    channels = model.channels
    source = helper.make_tensor_value_info(INPUT, types.FLOAT, [1, "frames", channels])
    result = helper.make_tensor_value_info(OUTPUT, types.FLOAT, [1, "outputs"])
    x = builder.as_tensor(builder.cut(INPUT, "input", INPUT_SCALE), model.picture)
    values = {PREVIOUS: Value(x, channels if model.picture else 1)}
    for layer in model.layers:
        values[PREVIOUS] = values[layer.name] = builder.add(layer, *(values[name] for name in layer.reads))
    x = builder.cut(builder.node("Sigmoid", values[PREVIOUS].name, "sigmoid"), "score", PROBABILITY_SCALE)
    builder.node("Flatten", x, OUTPUT, axis=1)
    content: bytes = builder.model([source], [result], description).SerializeToString()
    return content


def proof_features(model: QuantizedModel, frames: int = 300) -> npt.NDArray[np.int8]:
    """A clip of int8 features that wander as those of speech do, (frames, channels), held to whole strides."""
    steps = np.random.default_rng(0).normal(0.0, 12.0, (frames // model.stride * model.stride, model.channels))
    return np.clip(np.cumsum(steps, axis=0) % 256 - 128, -128, 127).astype(np.int8)
