"""Holds an ONNX file to the integer model, tensor by tensor, in onnxruntime.

onnxruntime computes a QDQ layer in float32 and rounds halves to even; TFLite multiplies by a fixed-point number and
rounds halves up. So an output that lies within a rounding error of a half may differ by one step. Each layer is given
the integer model's own input, so that no difference is handed on; a difference of more than one step is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.export.onnx_graph import INPUT, OUTPUT, GraphBuilder, import_onnx, quantized_name
from wwtool.models.quantized import INPUT_SCALE, QuantizedModel, QuantizedSum, Scale


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
    wanted = model.evaluate(features)
    rows, source, source_scale = [], features, INPUT_SCALE
    for layer in model.layers:
        inputs = {"x": (source, source_scale)}
        if isinstance(layer, QuantizedSum):
            inputs["skip"] = (wanted[layer.skip], layer.skip_input)
        rows.append(_compare(layer.name, _run_layer(layer, inputs), wanted[layer.name]))
        source, source_scale = wanted[layer.name], layer.output
    return rows


def _compare(name: str, got: npt.NDArray[np.int8], want: npt.NDArray[np.int8]) -> Parity:
    apart = np.abs(got.astype(np.int32) - want.astype(np.int32))
    if apart.max(initial=0) > 1:
        raise InputError(
            f"export: '{name}' differs from onnxruntime by {apart.max()} steps at value {int(apart.argmax())}, more "
            "than rounding explains; the model was not written"
        )
    return Parity(name, int(np.count_nonzero(apart)), want.size)


def _run_layer(layer: Any, inputs: dict[str, tuple[npt.NDArray[np.int8], Scale]]) -> npt.NDArray[np.int8]:
    """The int8 output (steps, C) of one layer in onnxruntime."""
    helper, types = import_onnx().helper, import_onnx().TensorProto
    builder = GraphBuilder(quantized=True)
    infos, feeds, names = [], {}, []
    for name, (values, scale) in inputs.items():
        real = (values.astype(np.float32) - np.float32(scale.zero_point)) * np.float32(scale.scale)
        feeds[name] = np.ascontiguousarray(real.T[None, :, :, None])
        infos.append(helper.make_tensor_value_info(name, types.FLOAT, [1, values.shape[1], len(values), 1]))
        names.append(builder.cut(name, f"{name}_cut", scale))
    if isinstance(layer, QuantizedSum):
        builder.add_sum(layer, names[0], names[1])
    else:
        builder.add_layer(layer, names[0])
    output = quantized_name(layer.name)
    result = helper.make_tensor_value_info(output, types.INT8, [1, layer.channels, "steps", 1])
    session = _session(builder.model(infos, [result], "").SerializeToString())
    return np.asarray(session.run([output], feeds)[0][0, :, :, 0].T, np.int8)


def probabilities(content: bytes, features: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """What a whole graph answers for a clip of int8 features (frames, channels): (outputs,)."""
    real = (features.astype(np.float32) - np.float32(INPUT_SCALE.zero_point)) * np.float32(INPUT_SCALE.scale)
    return np.asarray(_session(content).run([OUTPUT], {INPUT: real[None]})[0][0], np.float32)


def _session(content: bytes) -> Any:
    """Every node by itself, as the graph says; with optimisations onnxruntime would fuse them."""
    onnxruntime = runtime()
    assert onnxruntime is not None
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
