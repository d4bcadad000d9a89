"""Lowers the operators that keep a state of their own in variable tensors: SVDF."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.arithmetic import INT8_MAX, INT8_MIN, MAX_MULTIPLIER, quantize_multiplier
from wwtool.compiler.calls import Call, Constant, Field, Span, int8_array, int16_array, int32_array
from wwtool.compiler.graph import Graph, Operator, Tensor
from wwtool.errors import InputError

_RELU = 1
# Which inputs are variable tensors.
_STATES = {"SVDF": (4,)}


def variable_tensors(graph: Graph) -> list[Tensor]:
    """The variable tensors that operators keep their state in.

    Raises:
        InputError: one is used as anything but a state, or a state is no variable tensor.
    """
    found: dict[int, Tensor] = {}
    for op in graph.operators:
        slots = _STATES.get(op.kind, ())
        for slot, index in enumerate(op.inputs):
            t = graph.tensor(index) if index >= 0 else None
            if t is not None and t.is_variable and slot not in slots:
                raise InputError(
                    f"{op.where()} reads the variable tensor {index} ({t.name}); only {', '.join(_STATES)} have such "
                    "tensors, for their states"
                )
            if slot in slots:
                if t is None or not t.is_variable:
                    raise InputError(f"{op.where()} needs a variable tensor for its state as input {slot}")
                found[index] = t
    for index in (*graph.inputs, *graph.outputs):
        if graph.tensor(index).is_variable:
            raise InputError(
                f"tensor {index} is an input or output of the model and a variable, which is not supported"
            )
    return list(found.values())


def initial_value(variable: Tensor) -> npt.NDArray[Any]:
    """What a variable tensor holds at first: zeros of its type, for int8 its zero point."""
    return np.full(variable.shape, variable.zero_point if variable.dtype == "int8" else 0, variable.dtype)


def lower_svdf(graph: Graph, op: Operator) -> list[Call]:
    x, feature, time, state = (graph.tensor(op.inputs[i]) for i in (0, 1, 2, 4))
    y, rank = graph.tensor(op.outputs[0]), int(op.options["rank"])
    for t, dtype in ((x, "int8"), (feature, "int8"), (time, "int16"), (state, "int16"), (y, "int8")):
        _require(op, t, dtype)
    _require_symmetric(op, feature, time, state)
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
            f"{list(state.shape)} and {list(y.shape)}, which do not fit each other or batch 1"
        )
    if int(op.options["fusedActivationFunction"]) != _RELU:
        raise InputError(f"{op.where()} has a fused activation other than RELU, the only one that int8 SVDF has")
    weights = _data(op, feature)
    fields: dict[str, Field] = {
        "feature_weights": int8_array(f"op{op.index}_feature_weights", weights),
        "feature_bias": _folded(op, "feature_bias", np.zeros(filters, np.int64), weights, x.zero_point),
        "time_weights": int16_array(f"op{op.index}_time_weights", _data(op, time)),
        "bias": int32_array(f"op{op.index}_bias", _bias(graph, op, 3, units)),
        # TFLite multiplies and divides the scales in float32.
        "feature_multiplier": _multiplier(op, _f32(x.scale) * _f32(feature.scale) / _f32(state.scale)),
        "output_multiplier": _multiplier(op, _f32(state.scale) * _f32(time.scale) / _f32(y.scale)),
        "inputs": inputs,
        "units": units,
        "rank": rank,
        "memory": memory,
        "output_zero_point": y.zero_point,
    }
    arguments = (Span(x.index), Span(state.index), Span(y.index))
    macs = filters * (inputs + memory)
    reads, writes = (x.index, state.index), (y.index, state.index)
    return [Call(op.index, op.kind, "ww_svdf", arguments, reads, writes, "ww_svdf", fields, macs)]


def _f32(value: float) -> np.float32:
    return np.float32(value)


def _require(op: Operator, t: Tensor, dtype: str) -> None:
    if t.dtype != dtype or t.quantization is None or t.quantization.per_channel:
        raise InputError(
            f"{op.where()} works on tensor {t.index} ({t.name}) of type {t.dtype}; "
            f"only {dtype} with one scale is supported there"
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
    """An int32 bias, zeros if it is left out."""
    if op.inputs[slot] < 0:
        return np.zeros(size, np.int64)
    t = graph.tensor(op.inputs[slot])
    if t.dtype != "int32" or t.shape != (size,):
        raise InputError(f"{op.where()} needs a bias of {size} int32 values as input {slot}")
    return _data(op, t).astype(np.int64)


def _folded(
    op: Operator, name: str, bias: npt.NDArray[np.int64], weights: npt.NDArray[Any], zero_point: int
) -> Constant:
    """bias - zero_point * sum(weights) for weights (outputs, inputs); refuses sums that may leave int32."""
    total = weights.astype(np.int64)
    folded = bias - zero_point * total.sum(axis=1)
    reach = np.abs(folded) + max(INT8_MAX, -INT8_MIN) * np.abs(total).sum(axis=1)
    if reach.max(initial=0) >= 2**31:
        raise InputError(
            f"{op.where()} has a bias so large that 32 bits do not hold the sums; export it with sane scales"
        )
    return int32_array(f"op{op.index}_{name}", folded)


def _multiplier(op: Operator, real: Any) -> dict[str, Field]:
    """struct ww_multiplier of ww_kernels.h."""
    if not float(real) < MAX_MULTIPLIER:
        raise InputError(f"{op.where()} has a scale too small for the others; export it with sane scales")
    mantissa, shift = quantize_multiplier(float(real))
    return {"mantissa": int(mantissa[0]), "shift": int(shift[0])}
