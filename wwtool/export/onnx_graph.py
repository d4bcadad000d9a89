"""A model as an ONNX graph: in floats, or with a QuantizeLinear and a DequantizeLinear around every tensor (QDQ).

The graph takes whole clips, ``features`` (1, frames, channels) in real units, as many frames as there are, and gives
``probability`` (1, outputs), one for every stride of frames. Silence precedes the clip: a padding of zeros in front of
every convolution is the state of a stream that has heard nothing. So both graphs answer as ``QuantizedModel.evaluate``.

A QDQ graph keeps every learned scale. Operators: ONNX specification, Conv-11, QuantizeLinear-13, DequantizeLinear-13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.tools import missing
from wwtool.models.quantized import (
    INPUT_SCALE,
    PROBABILITY_SCALE,
    QuantizedLayer,
    QuantizedModel,
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


LAYERS = (QuantizedLayer, QuantizedSum)
"""What the graph can hold."""


class GraphBuilder:
    """Nodes and constants of a graph in the making."""

    def __init__(self, quantized: bool) -> None:
        self._onnx = import_onnx()
        self._quantized = quantized
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add_layer(self, layer: QuantizedLayer, source: str) -> str:
        """A convolution over time of ``source`` (1, C, steps, 1); returns the name of its real output."""
        weights = self._weights(layer)
        groups = len(layer.weights) if layer.kind == "depthwise" else 1
        pads = [layer.kernel - layer.stride, 0, 0, 0]
        y = self._node("Conv", [source, *weights], f"{layer.name}/conv", group=groups, pads=pads,
                       strides=[layer.stride, 1], kernel_shape=[layer.kernel, 1])  # fmt: skip
        if layer.relu:
            y = self._node("Relu", [y], f"{layer.name}/relu")
        return self.cut(y, layer.name, layer.output)

    def add_sum(self, layer: QuantizedSum, source: str, skip: str) -> str:
        """The sum of two tensors and a ReLU."""
        y = self._node("Add", [source, skip], f"{layer.name}/add")
        return self.cut(self._node("Relu", [y], f"{layer.name}/relu"), layer.name, layer.output)

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

    def over_time(self, source: str) -> str:
        """(1, frames, C) to (1, C, frames, 1)."""
        y = self._node("Transpose", [source], "channels_first", perm=[0, 2, 1])
        return self._node("Unsqueeze", [y, self._constant("last_axis", np.array([3], np.int64))], "over_time")

    def add(self, kind: str, source: str, name: str, **attributes: Any) -> str:
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
        """The names of weights (O, I, K, 1) and bias in real numbers."""
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

    def _dequantized(self, name: str, values: npt.NDArray[Any], scale: npt.NDArray[np.float32]) -> str:
        parts = [
            self._constant(quantized_name(name), values),
            self._constant(f"{name}/scale", scale),
            self._constant(f"{name}/zero_point", np.zeros(len(scale), values.dtype)),
        ]
        return self._node("DequantizeLinear", parts, name, axis=0)

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
    channels = int(model.convolutions[0].weights.shape[3 if model.convolutions[0].kind != "depthwise" else 0])
    source = helper.make_tensor_value_info(INPUT, types.FLOAT, [1, "frames", channels])
    result = helper.make_tensor_value_info(OUTPUT, types.FLOAT, [1, "outputs"])
    x = builder.cut(INPUT, "input", INPUT_SCALE)
    x = builder.over_time(x)
    values: dict[str, str] = {}
    for layer in model.layers:
        if isinstance(layer, QuantizedSum):
            x = builder.add_sum(layer, x, values[layer.skip])
        else:
            assert isinstance(layer, QuantizedLayer)
            x = builder.add_layer(layer, x)
        values[layer.name] = x
    x = builder.cut(builder.add("Sigmoid", x, "sigmoid"), "score", PROBABILITY_SCALE)
    builder.add("Flatten", x, OUTPUT, axis=1)
    content: bytes = builder.model([source], [result], description).SerializeToString()
    return content


def proof_features(model: QuantizedModel, frames: int = 300) -> npt.NDArray[np.int8]:
    """A clip of int8 features that wander as those of speech do, (frames, channels), held to whole strides."""
    steps = np.random.default_rng(0).normal(0.0, 12.0, (frames // model.stride * model.stride, model.channels))
    return np.clip(np.cumsum(steps, axis=0) % 256 - 128, -128, 127).astype(np.int8)
