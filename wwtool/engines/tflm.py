"""TFLM's interpreter with its reference kernels, which ESPHome and the tflm format run on the device."""

from __future__ import annotations

import numpy as np

from wwtool.engines.interface import Array, as_inputs, ports
from wwtool.errors import InputError, ToolError
from wwtool.tflite.reader import parse_model

# Enough for any model of a microcontroller. The interpreter's own guess is ten times the model's file.
_ARENA_BYTES = 16 * 1024 * 1024


def run_in_tflm(content: bytes, rows: list[Array]) -> list[Array]:
    """Runs rows of the inputs from a fresh state and returns the rows of every output (see interface.py).

    Raises:
        ToolError: tflite-micro is not installed.
        InputError: TFLM cannot run the model.
    """
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError as error:
        raise ToolError("the engine tflm needs TFLM's interpreter: pip install tflite-micro") from error
    graph = parse_model(content)
    inputs = as_inputs(ports(graph, graph.inputs), rows)
    outputs = ports(graph, graph.outputs)
    out = [np.empty((len(inputs[0]), *port.row), port.dtype) for port in outputs]
    try:
        interpreter = runtime.Interpreter.from_bytes(content, arena_size=_ARENA_BYTES)
        for i, row in enumerate(zip(*inputs, strict=True)):
            for index, value in enumerate(row):
                interpreter.set_input(value, index)
            interpreter.invoke()
            for index, values in enumerate(out):
                values[i] = interpreter.get_output(index).reshape(values.shape[1:])
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"TFLM cannot run this model: {reason}") from error
    return out
