"""Holds an ONNX file to the integer model, tensor by tensor, in onnxruntime.

onnxruntime computes a QDQ layer in float32 and rounds halves to even; TFLite multiplies by a fixed-point number and
rounds halves up. So an output that lies within a rounding error of a half may differ by one step. Each layer is given
the integer model's own input, so that no difference is handed on; a difference of more than one step is a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.export.onnx_graph import INPUT, OUTPUT, GraphBuilder, Value, import_onnx, quantized_name
from wwtool.models.layers import PREVIOUS
from wwtool.models.quantized import INPUT_SCALE, QuantizedModel, QuantizedPart, Scale


@dataclass(frozen=True)
class Parity:
    """How a tensor compares: its name, how many of its values differ by one step, and how many it has."""

    name: str
    differ: int
    count: int


def runtime() -> Any | None:
    """The package onnxruntime; None if it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    return onnxruntime


def compare_layers(model: QuantizedModel, features: npt.NDArray[np.int8]) -> list[Parity]:
    """Runs every layer of the QDQ graph by itself on the integer model's own tensors, for a clip of int8 features.

    Raises:
        InputError: a value differs by more than one step.
    """
    wanted = {PREVIOUS: features[..., None] if model.picture else features, **model.evaluate(features)}
    scales, rows = {PREVIOUS: INPUT_SCALE}, []
    for layer in model.layers:
        inputs = [(wanted[name], scales[name]) for name in layer.reads]
        rows.append(_compare(layer.name, _run_layer(layer, inputs), wanted[layer.name]))
        wanted[PREVIOUS], scales[PREVIOUS] = wanted[layer.name], layer.output
        scales[layer.name] = layer.output
    return rows


def _compare(name: str, got: npt.NDArray[np.int8], want: npt.NDArray[np.int8]) -> Parity:
    apart = np.abs(got.astype(np.int32) - want.astype(np.int32))
    if apart.max(initial=0) > 1:
        raise InputError(
            f"export: '{name}' differs from onnxruntime by {apart.max()} steps at value {int(apart.argmax())}, more "
            "than rounding explains; the model was not written"
        )
    return Parity(name, int(np.count_nonzero(apart)), want.size)


def _run_layer(layer: QuantizedPart, inputs: Sequence[tuple[npt.NDArray[np.int8], Scale]]) -> npt.NDArray[np.int8]:
    """The int8 output of one layer in onnxruntime, of the shape of its inputs: (steps, C), or (steps, bands, C)."""
    helper, types = import_onnx().helper, import_onnx().TensorProto
    builder = GraphBuilder(quantized=True)
    infos, feeds, values = [], {}, []
    for number, (integers, scale) in enumerate(inputs):
        name = f"x{number}"
        real = (integers.astype(np.float32) - np.float32(scale.zero_point)) * np.float32(scale.scale)
        real = real[:, None] if real.ndim == 2 else real
        feeds[name] = np.ascontiguousarray(real.transpose(2, 0, 1)[None])
        infos.append(helper.make_tensor_value_info(name, types.FLOAT, feeds[name].shape))
        values.append(Value(builder.cut(name, f"{name}_cut", scale), real.shape[1]))
    made = builder.add(layer, *values)
    output = quantized_name(layer.name)
    result = helper.make_tensor_value_info(output, types.INT8, [1, layer.channels, "steps", made.bands])
    session = session_of(builder.model(infos, [result], "").SerializeToString())
    y = np.asarray(session.run([output], feeds)[0][0].transpose(1, 2, 0), np.int8)
    return y if inputs[0][0].ndim == 3 else y[:, 0]


def probabilities(content: bytes, features: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """What a whole graph answers for a clip of int8 features (frames, channels): (outputs,)."""
    real = (features.astype(np.float32) - np.float32(INPUT_SCALE.zero_point)) * np.float32(INPUT_SCALE.scale)
    return np.asarray(session_of(content).run([OUTPUT], {INPUT: real[None]})[0][0], np.float32)


def session_of(content: bytes) -> Any:
    """Every node by itself, as the graph says; with optimisations onnxruntime would fuse them."""
    onnxruntime = runtime()
    assert onnxruntime is not None
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
