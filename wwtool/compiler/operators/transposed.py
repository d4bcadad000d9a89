"""Lowers TRANSPOSE_CONV."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from wwtool.compiler.calls import Call, Field, int8_array
from wwtool.compiler.operators.convolutions import bias_of, call_of, operands, requantize_fields, require_32_bits
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.layers import constant_data
from wwtool.tflite.operators.windows import as_convolution, transposed_window


def lower_transpose_conv(graph: Graph, op: Operator) -> list[Call]:
    plain = as_convolution(op)
    x, w, y = operands(graph, plain, 4)
    window = transposed_window(graph, op)
    weights = constant_data(plain, w)
    bias = bias_of(graph, plain, w.shape[0])
    require_32_bits(plain, bias, weights.reshape(w.shape[0], -1), x.zero_point)
    macs = window.input_height * window.input_width * int(np.prod(w.shape))
    fields: dict[str, Field] = {
        "requantize": requantize_fields(plain, x, w, y, bias),
        "weights": int8_array(f"op{op.index}_weights", weights),
        "window": asdict(window),
        "input_zero_point": x.zero_point,
    }
    return [call_of(plain, "ww_transpose_conv", fields, x, y, macs)]
