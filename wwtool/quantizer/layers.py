"""Layers: int8 weights, and biases at the scale of the products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import (
    MOST_INT16,
    bias_scales,
    quantized_bias,
    quantized_weights,
    symmetric,
    time_scale,
    weight_scales,
)
from wwtool.quantizer.rules import RULES
from wwtool.quantizer.writer import Writer
from wwtool.tflite.graph import Operator

_HIDDEN = Scale(1 / 128, 0)  # of products of two numbers between -1 and 1
_PEEPHOLES = (9, 10, 11)  # the LSTM's inputs, as lstm_shared.h numbers them
_BIAS_OF = {1: 12, 2: 13, 3: 14, 4: 15}  # of the weights of a gate
_RECURRENT = (5, 6, 7, 8)
_PROJECTION, _PROJECTION_BIAS, _STATE, _CELLS, _NORMS, _INPUTS = 16, 17, 18, 19, range(20, 24), 24


def _has(op: Operator, slot: int) -> bool:
    return len(op.inputs) > slot and op.inputs[slot] >= 0


def _pair(
    writer: Writer, op: Operator, slot: int, bias_slot: int | None, axis: int | None, source: float
) -> dict[int, int]:
    """Weights and, if there is one, their bias, by slot; ``source``: the scale of what the weights multiply."""
    name, weights = writer.weights(op, slot)
    if axis is not None and weights.ndim <= axis:
        raise InputError(f"{op.where()} has weights of shape {list(weights.shape)}, which is not valid")
    if bias_slot is None or not _has(op, bias_slot):
        scales = weight_scales(weights, axis, None, source)
        return {slot: writer.main.constant(name, quantized_weights(weights, axis, scales), scales, axis or 0)}
    bias_name, bias = writer.weights(op, bias_slot)
    if axis is not None and bias.size != weights.shape[axis]:
        raise InputError(f"{op.where()} has a bias of shape {list(bias.shape)} for weights of {list(weights.shape)}")
    scales = weight_scales(weights, axis, bias.ravel(), source)
    products = bias_scales(source, scales)
    return {
        slot: writer.main.constant(name, quantized_weights(weights, axis, scales), scales, axis or 0),
        bias_slot: writer.main.constant(bias_name, quantized_bias(bias, products), products),
    }


def _layer(writer: Writer, op: Operator) -> None:
    """A convolution or a matrix."""
    rule = RULES[op.kind].weights
    assert rule is not None
    source = writer.format(op, op.inputs[rule.source]).scale
    made = _pair(writer, op, rule.weights, rule.bias, rule.axis, source)
    inputs = [made[slot] if slot in made else writer.operand(index) for slot, index in enumerate(op.inputs)]
    writer.emit(op, op.kind, inputs)


def _svdf(writer: Writer, op: Operator) -> None:
    """Int8 weights of features, int16 weights over time and an int16 state."""
    x, state = writer.format(op, op.inputs[0]), writer.formats.wide[op.inputs[4]]
    features = _pair(writer, op, 1, None, None, x.scale)[1]
    name, weights = writer.weights(op, 2)
    bias_name, bias = writer.weights(op, 3) if _has(op, 3) else ("", None)
    rank = int(op.options["rank"])
    if rank < 1 or not weights.size or len(weights) % rank:
        raise InputError(f"{op.where()} has weights of shape {list(weights.shape)} for rank {rank}, which do not fit")
    scale = time_scale(weights, bias, state.scale, rank)
    times = writer.main.constant(name, symmetric(weights, scale, MOST_INT16).astype(np.int16), scale)
    products = bias_scales(state.scale, np.asarray([scale], np.float32))
    biases = -1 if bias is None else writer.main.constant(bias_name, quantized_bias(bias, products), products)
    memory = writer.state(op.inputs[4], state, "int16")
    writer.emit(op, op.kind, [writer.operand(op.inputs[0]), features, times, biases, memory])


def _lstm(writer: Writer, op: Operator) -> None:
    """Int8 weights with an int16 cell state; its activations have fixed formats, so only states are calibrated."""
    if any(_has(op, slot) for slot in _NORMS):
        raise InputError(f"{op.where()} has layer normalization, which cannot be quantized; train it without")
    x, cells = writer.format(op, op.inputs[0]), writer.formats.wide[op.inputs[_CELLS]]
    output = writer.format(op, op.outputs[0])
    projected = _has(op, _PROJECTION)
    hidden = _HIDDEN if projected else output
    made = {0: writer.operand(op.inputs[0])}
    for slot, bias in _BIAS_OF.items():
        made |= _pair(writer, op, slot, bias, None, x.scale) if _has(op, slot) else {}
    for slot in _RECURRENT:
        made |= _pair(writer, op, slot, None, None, output.scale) if _has(op, slot) else {}
    for slot in filter(lambda slot: _has(op, slot), _PEEPHOLES):
        name, weights = writer.weights(op, slot)
        scale = float(np.float32(np.abs(weights).max() / MOST_INT16)) or 1.0
        made[slot] = writer.main.constant(name, symmetric(weights, scale, MOST_INT16).astype(np.int16), scale)
    if projected:
        made |= _pair(writer, op, _PROJECTION, _PROJECTION_BIAS, None, hidden.scale)
    made[_STATE] = writer.state(op.inputs[_STATE], output, "int8")
    made[_CELLS] = writer.state(op.inputs[_CELLS], cells, "int16")
    writer.emit(op, op.kind, [made.get(slot, -1) for slot in range(_INPUTS)])
    # As TensorFlow's converter writes them: tensors without elements, of which only the last has a meaning.
    none = [writer.main.activation(f"none{i}", (0,), None, "float32") for i in range(4)]
    writer.main.intermediates([*none, writer.main.activation("hidden", (0,), hidden)])


LAYERS: dict[str, Callable[[Writer, Operator], None]] = {
    **{kind: _layer for kind, rule in RULES.items() if rule.weights is not None},
    "SVDF": _svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
