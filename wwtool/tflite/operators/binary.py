"""Functions of two tensors: arithmetic, comparisons, selection, products of matrices."""

from __future__ import annotations

import numpy as np

from wwtool.errors import InputError
from wwtool.int8 import elementwise
from wwtool.int8.arithmetic import IntArray, limits
from wwtool.int8.elementwise import Multiplier, multiplier
from wwtool.int8.int16 import checked_log2
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import format_of
from wwtool.tflite.operators.windows import activation_range


def binary_values(op: Operator, a: Tensor, b: Tensor, y: Tensor, x1: IntArray, x2: IntArray) -> IntArray:
    """Computes a binary operator for the values x1 and x2 of its operands, which are broadcast."""
    formats = format_of(a), format_of(b), format_of(y)
    if op.kind == "MINIMUM":
        return np.minimum(x1, x2)
    if op.kind == "MAXIMUM":
        return np.maximum(x1, x2)
    if op.kind == "PRELU":
        return np.clip(elementwise.prelu(x1, x2, formats), *limits(y.dtype))
    low, high = activation_range(op, y)
    if op.kind == "MUL":
        value = elementwise.mul(x1, x2, formats)
    else:
        sign, shifts = 1 if op.kind == "ADD" else -1, shifts_of_powers(op, a, b, y)
        if shifts is None:
            value = elementwise.add(x1, x2, formats, sign, fraction_bits(y))
        else:
            value = elementwise.add_powers(x1, x2, shifts, sign)
    return np.minimum(np.maximum(value, low), high)


def fraction_bits(t: Tensor) -> int:
    return elementwise.FRACTION_BITS_INT16 if t.dtype == "int16" else elementwise.FRACTION_BITS


def shifts_of_powers(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> tuple[int, int] | None:
    """The right shifts of both operands of an int16 ADD or SUB whose scales are all powers of two.

    None unless the operator asks for shifts by its option pot_scale_int16.
    """
    if op.kind not in ("ADD", "SUB") or y.dtype != "int16" or not op.options.get("potScaleInt16", False):
        return None
    of_a, of_b, of_y = (checked_log2(t.scale) for t in (a, b, y))
    if of_a is None or of_b is None or of_y is None:
        return None
    shifts = of_y - of_a, of_y - of_b
    if min(shifts) != 0 or max(shifts) > 15 or (op.kind == "ADD" and a.shape != b.shape):
        raise InputError(
            f"{op.where()} adds int16 tensors whose scales are powers of two; "
            "one of them must have the output's scale, "
            "none may have a larger one, and ADD cannot broadcast them; export the model with pot_scale_int16 off"
        )
    return shifts


COMPARED_BITS = 8  # values are shifted left by so many bits before they are compared


DIFFERENCE_BITS = 7


def compared_multiplier(op: Operator, t: Tensor) -> Multiplier:
    """The multiplier that brings a tensor to the scale 1, at which LiteRT compares."""
    if t.quantization is None or t.quantization.per_channel or not t.scale < 1.0:
        raise InputError(
            f"{op.where()} uses tensor {t.index} ({t.name}); a compared tensor needs a single scale below 1"
        )
    return multiplier(t.scale)


def select_shapes(graph: Graph, op: Operator) -> tuple[int, ...]:
    """The shape in which the condition is broadcast; SELECT also takes one bool for each slice of the first axis."""
    condition, a = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
    if op.kind == "SELECT" and len(condition.shape) == 1 and len(a.shape) > 1:
        return (*condition.shape, *(1,) * (len(a.shape) - 1))
    return condition.shape


def difference_multipliers(a: Tensor, b: Tensor, y: Tensor) -> tuple[Multiplier, Multiplier, Multiplier]:
    """Multipliers of SQUARED_DIFFERENCE.

    Returns:
        Two that bring the operands to twice the larger scale, and one from its square to the output.

    Raises:
        ValueError: the output scale is so small that TFLite refuses it as well.
    """
    common = 2.0 * max(a.scale, b.scale)
    last = common * common / float(np.float32(2 ** (2 * DIFFERENCE_BITS)) * np.float32(y.scale))
    if last >= 1.0:
        raise ValueError("the output multiplier must be below 1")
    return (
        elementwise.multiplier(a.scale / common),
        elementwise.multiplier(b.scale / common),
        elementwise.multiplier(last),
    )


def matmul_multiplier(a: Tensor, b: Tensor, y: Tensor) -> Multiplier:
    """The multiplier of BATCH_MATMUL; the scales are multiplied in float32 (GetQuantizedConvolutionMultipler)."""
    return multiplier(np.float64(np.float32(a.scale) * np.float32(b.scale)) / np.float64(y.scale))
