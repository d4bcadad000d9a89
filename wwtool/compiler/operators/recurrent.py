"""Lowers the operators that keep their state in variable tensors: SVDF and the LSTM."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Constant, Field, Scratch, Span, int8_array, int16_array, int32_array
from wwtool.errors import InputError
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, MAX_MULTIPLIER, quantize_multiplier
from wwtool.tflite.graph import Graph, Operator, Tensor

_RELU, _TANH = 1, 4
_GATES = ("input", "forget", "cell", "output")
# The LSTM's inputs (lstm_shared.h); gates come in the order of _GATES, and the cell gate has no peephole.
_WEIGHTS, _RECURRENT, _PEEPHOLES, _BIASES = 1, 5, {"input": 9, "forget": 10, "output": 11}, 12
_PROJECTION, _PROJECTION_BIAS, _STATE, _CELL_STATE, _NORMS = 16, 17, 18, 19, 20
_HIDDEN = 4  # of the intermediates
_GATE_SCALE = 2.0**-12  # of the inputs of a gate's activation: Q3.12


def lower_svdf(graph: Graph, op: Operator) -> list[Call]:
    x, feature, time, state = (graph.tensor(op.inputs[i]) for i in (0, 1, 2, 4))
    y, rank = graph.tensor(op.outputs[0]), int(op.options["rank"])
    memory_type = "int8" if time.dtype == state.dtype == "int8" else "int16"  # TFLM has both, LiteRT only int16
    for t, dtype in ((x, "int8"), (feature, "int8"), (time, memory_type), (state, memory_type), (y, "int8")):
        _require(op, t, dtype)
    _require_symmetric(op, feature, time, *(() if memory_type == "int8" else (state,)))
    if len(feature.shape) != 2 or len(time.shape) != 2 or rank < 1 or feature.shape[0] % rank:
        raise InputError(
            f"{op.where()} has weights of shapes {list(feature.shape)} and {list(time.shape)} for rank {rank}, "
            "which do not fit each other"
        )
    (filters, inputs), memory = feature.shape, time.shape[1]
    units = filters // rank
    shapes = (time.shape[0], x.shape, y.shape, state.shape)
    if shapes != (filters, (1, inputs), (1, units), (1, filters * memory)):
        raise InputError(
            f"{op.where()} has tensors of shapes {list(x.shape)}, {list(feature.shape)}, {list(time.shape)}, "
            f"{list(state.shape)} and {list(y.shape)}, which do not fit each other or are not of batch 1"
        )
    if int(op.options["fusedActivationFunction"]) != _RELU:
        raise InputError(f"{op.where()} has a fused activation other than RELU, the only one that int8 SVDF has")
    weights = _data(op, feature)
    fields: dict[str, Field] = {
        "feature_weights": int8_array(f"op{op.index}_feature_weights", weights),
        "feature_bias": _folded(op, "feature_bias", np.zeros(filters, np.int64), weights, x.zero_point),
        "time_weights": Constant(f"op{op.index}_time_weights", f"{memory_type}_t", _data(op, time).ravel()),
        "bias": int32_array(f"op{op.index}_bias", _bias(graph, op, 3, units)),
        "feature_multiplier": _multiplier(op, x.scale, feature.scale, state.scale),
        "output_multiplier": _multiplier(op, state.scale, time.scale, y.scale),
        "inputs": inputs,
        "units": units,
        "rank": rank,
        "memory": memory,
        "output_zero_point": y.zero_point,
    }
    function = "ww_svdf"
    if memory_type == "int8":
        function, fields["state_zero_point"] = "ww_svdf_8", state.zero_point
    arguments = (Span(x.index), Span(state.index), Span(y.index))
    macs = filters * (inputs + memory)
    reads, writes = (x.index, state.index), (y.index, state.index)
    return [Call(op.index, op.kind, function, arguments, reads, writes, function, fields, macs)]


def lower_lstm(graph: Graph, op: Operator) -> list[Call]:
    x, state, cell_state = (graph.tensor(op.inputs[i]) for i in (0, _STATE, _CELL_STATE))
    y, hidden = graph.tensor(op.outputs[0]), _lstm_hidden(graph, op)
    _check_lstm(graph, op, x, y, state, cell_state)
    inputs, cells, outputs = x.shape[-1], cell_state.size, state.size
    steps = x.size // inputs
    projected = op.inputs[_PROJECTION] >= 0
    # TFLite negates the zero point of the projected values.
    zero_point = -hidden.zero_point if projected else hidden.zero_point
    fields: dict[str, Field] = {
        **{name: _lstm_gate(graph, op, name, x, state, cell_state) for name in _GATES},
        **_lstm_projection(graph, op, hidden, state),
        "hidden_multiplier": _struct(op, np.float64(2.0**-15) / np.float32(hidden.scale) * 2.0**-15),
        "hidden_zero_point": zero_point,
        "output_zero_point": state.zero_point,
        "steps": steps,
        "inputs": inputs,
        "cells": cells,
        "outputs": outputs,
        "cell_bits": 15 + round(math.log2(cell_state.scale)),
        "cell_clip": _clip(op, "cellClip", cell_state, 2**15 - 1),
        "output_clip": _clip(op, "projClip", y, INT8_MAX) if projected else 0,
    }
    scratch = Scratch(cells) if projected else 0
    arguments = (Span(x.index), Span(state.index), Span(cell_state.index), scratch, Span(y.index))
    gates = 4 - (op.inputs[_WEIGHTS] < 0)
    macs = steps * (gates * cells * (inputs + outputs) + outputs * cells * projected)
    reads, states = (x.index, state.index, cell_state.index), (state.index, cell_state.index)
    return [
        Call(
            op.index, op.kind, "ww_lstm", arguments, reads, (y.index, *states), "ww_lstm", fields, macs,
        )
    ]  # fmt: skip


def _lstm_hidden(graph: Graph, op: Operator) -> Tensor:
    """The intermediate tensor with the quantization of the product of cells and output gate."""
    if len(op.intermediates) != 5 or op.intermediates[_HIDDEN] < 0:
        raise InputError(
            f"{op.where()} has {len(op.intermediates)} intermediate tensors; only int8 with all 5 of them is supported"
        )
    hidden = graph.tensor(op.intermediates[_HIDDEN])
    _require(op, hidden, "int8")
    return hidden


def _check_lstm(graph: Graph, op: Operator, x: Tensor, y: Tensor, state: Tensor, cell_state: Tensor) -> None:
    if len(op.inputs) not in (20, 24) or any(i >= 0 for i in op.inputs[_NORMS:]):
        raise InputError(f"{op.where()} has layer normalization or {len(op.inputs)} inputs; only 20 are supported")
    if int(op.options["fusedActivationFunction"]) != _TANH:
        raise InputError(f"{op.where()} has a fused activation other than TANH, which is not supported")
    for t, dtype in ((x, "int8"), (y, "int8"), (state, "int8"), (cell_state, "int16")):
        _require(op, t, dtype)
    _require_symmetric(op, cell_state)
    cells, outputs = cell_state.size, state.size
    batch_axis = 1 if op.options["timeMajor"] else 0
    if len(x.shape) != 3 or x.shape[batch_axis] != 1 or y.shape != (*x.shape[:2], outputs):
        raise InputError(
            f"{op.where()} turns {list(x.shape)} into {list(y.shape)}; "
            "only batch 1 with an output for every step is supported"
        )
    fraction, exponent = math.frexp(cell_state.scale)
    if fraction != 0.5 or not -15 <= exponent - 1 <= -9:
        raise InputError(f"{op.where()} has the cell scale {cell_state.scale}; only 2^-15 to 2^-9 are supported")
    present = {slot: op.inputs[slot] >= 0 for slot in range(20)}
    coupled = not present[_WEIGHTS]
    peepholes = {present[slot] for name, slot in _PEEPHOLES.items() if not (coupled and name == "input")}
    if (present[_RECURRENT], present[_BIASES]) != (not coupled, not coupled) or len(peepholes) > 1:
        raise InputError(f"{op.where()} has only some tensors of its input gate or its peepholes, or too many of them")
    if coupled and present[_PEEPHOLES["input"]]:
        raise InputError(f"{op.where()} has a peephole of an input gate that it does not have")
    if present[_PROJECTION_BIAS] and not present[_PROJECTION]:
        raise InputError(f"{op.where()} has a bias of a projection that it does not have")
    if outputs != cells and (not present[_PROJECTION] or True in peepholes):
        raise InputError(
            f"{op.where()} has {cells} cells and {outputs} outputs; "
            "that is supported with a projection and without peepholes only"
        )


def _lstm_gate(graph: Graph, op: Operator, name: str, x: Tensor, state: Tensor, cell_state: Tensor) -> dict[str, Field]:
    """struct ww_lstm_gate of ww_kernels.h."""
    gate = _GATES.index(name)
    if op.inputs[_WEIGHTS + gate] < 0:
        return {"input_weights": 0}
    cells, prefix = cell_state.size, f"op{op.index}_{name}"
    w = _weights(graph, op, _WEIGHTS + gate, (cells, x.shape[-1]))
    r = _weights(graph, op, _RECURRENT + gate, (cells, state.size))
    bias, none = _bias(graph, op, _BIASES + gate, cells), np.zeros(cells, np.int64)
    fields: dict[str, Field] = {
        "input_weights": int8_array(f"{prefix}_weights", _data(op, w)),
        "recurrent_weights": int8_array(f"{prefix}_recurrent_weights", _data(op, r)),
        "peephole_weights": 0,
        "input_bias": _folded(op, f"{name}_bias", bias, _data(op, w), x.zero_point),
        "recurrent_bias": _folded(op, f"{name}_recurrent_bias", none, _data(op, r), state.zero_point),
        "input_multiplier": _multiplier(op, w.scale, x.scale, _GATE_SCALE),
        "recurrent_multiplier": _multiplier(op, r.scale, state.scale, _GATE_SCALE),
    }
    slot = _PEEPHOLES.get(name)
    if slot is not None and op.inputs[slot] >= 0:
        p = _weights(graph, op, slot, (cells,), "int16")
        fields["peephole_weights"] = int16_array(f"{prefix}_peephole", _data(op, p))
        fields["peephole_multiplier"] = _struct(op, cell_state.scale * p.scale / _GATE_SCALE)
    return fields


def _lstm_projection(graph: Graph, op: Operator, hidden: Tensor, state: Tensor) -> dict[str, Field]:
    if op.inputs[_PROJECTION] < 0:
        return {"projection_weights": 0}
    cells, outputs = graph.tensor(op.inputs[_CELL_STATE]).size, state.size
    w = _weights(graph, op, _PROJECTION, (outputs, cells))
    bias = _bias(graph, op, _PROJECTION_BIAS, outputs)
    return {
        "projection_weights": int8_array(f"op{op.index}_projection_weights", _data(op, w)),
        "projection_bias": _folded(op, "projection_bias", bias, _data(op, w), -hidden.zero_point),
        "projection_multiplier": _multiplier(op, w.scale, hidden.scale, state.scale),
    }


def _weights(graph: Graph, op: Operator, slot: int, shape: tuple[int, ...], dtype: str = "int8") -> Tensor:
    t = graph.tensor(op.inputs[slot])
    _require(op, t, dtype)
    _require_symmetric(op, t)
    if t.shape != shape:
        raise InputError(f"{op.where()} needs weights of shape {list(shape)} as input {slot}, not {list(t.shape)}")
    return t


def _clip(op: Operator, option: str, t: Tensor, most: int) -> int:
    """The limit of a tensor's values without its fraction; 0 for no limit."""
    real = float(op.options[option])
    if not 0.0 <= real < math.inf:
        raise InputError(f"{op.where()} has the option {option} {real}; it must be 0 or a positive number")
    with np.errstate(over="ignore"):
        return int(min(np.float32(real) / np.float32(t.scale), np.float32(most)))


def _require(op: Operator, t: Tensor, dtype: str) -> None:
    if t.dtype != dtype or t.quantization is None or t.quantization.per_channel:
        raise InputError(
            f"{op.where()} uses tensor {t.index} ({t.name}) of type {t.dtype}; "
            f"only {dtype} with a single scale is supported there"
        )


def _require_symmetric(op: Operator, *tensors: Tensor) -> None:
    for t in tensors:
        if t.zero_point != 0:
            raise InputError(f"{op.where()} has tensor {t.index} ({t.name}) with a zero point; it must be 0 there")


def _data(op: Operator, t: Tensor) -> npt.NDArray[Any]:
    if t.data is None:
        raise InputError(f"{op.where()} has weights that are not constant, which is not supported")
    return t.data


def _bias(graph: Graph, op: Operator, slot: int, size: int) -> npt.NDArray[np.int64]:
    """The int32 bias, zeros without one."""
    if op.inputs[slot] < 0:
        return np.zeros(size, np.int64)
    t = graph.tensor(op.inputs[slot])
    if t.dtype != "int32" or t.shape != (size,):
        raise InputError(f"{op.where()} needs a bias of {size} int32 values as input {slot}")
    return _data(op, t).astype(np.int64)


def _folded(
    op: Operator, name: str, bias: npt.NDArray[np.int64], weights: npt.NDArray[Any], zero_point: int
) -> Constant:
    """bias - zero_point * sum(weights) for weights (outputs, inputs).

    Raises:
        InputError: sums could overflow int32.
    """
    total = weights.astype(np.int64)
    folded = bias - zero_point * total.sum(axis=1)
    reach = np.abs(folded) + max(INT8_MAX, -INT8_MIN) * np.abs(total).sum(axis=1)
    if reach.max(initial=0) >= 2**31:
        raise InputError(
            f"{op.where()} has a bias so large that 32 bits do not hold the sums; export it with sane scales"
        )
    return int32_array(f"op{op.index}_{name}", folded)


def _multiplier(op: Operator, a: float, b: float, divisor: float) -> dict[str, Field]:
    """a * b / divisor, computed in float32 as in TFLite."""
    with np.errstate(over="ignore", under="ignore"):
        return _struct(op, np.float32(a) * np.float32(b) / np.float32(divisor))


def _struct(op: Operator, real: float | np.floating[Any]) -> dict[str, Field]:
    """struct ww_multiplier of ww_kernels.h for a float32."""
    with np.errstate(over="ignore", under="ignore"):
        single = float(np.float32(real))
    if not single < MAX_MULTIPLIER:
        raise InputError(f"{op.where()} has a scale too small for the others; export it with sane scales")
    mantissa, shift = quantize_multiplier(single)
    return {"mantissa": int(mantissa[0]), "shift": int(shift[0])}
