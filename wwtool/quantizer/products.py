"""Operators that int8 has no kernel for, or one that LiteRT misreads, as products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.quantizer.writer import Writer
from wwtool.tflite.graph import Operator


def _product(writer: Writer, op: Operator, factor: int) -> None:
    activation = int(op.options.get("fusedActivationFunction", 0))
    inputs = [writer.operand(op.inputs[0]), factor]
    writer.emit(op, "MUL", inputs, "MulOptions", fusedActivationFunction=activation)


def _square(writer: Writer, op: Operator) -> None:
    _product(writer, op, writer.operand(op.inputs[0]))


def _negative(writer: Writer, op: Operator) -> None:
    """Int8's NEG negates the stored number, whatever its zero point."""
    _product(writer, op, writer.number(op, -1.0))


def _quotient(writer: Writer, op: Operator) -> None:
    divisor = writer.graph.tensor(op.inputs[1]).data
    if divisor is None or not divisor.all():
        raise InputError(f"{op.where()} divides by a tensor that is not constant or by 0, which int8 has no kernel for")
    _product(writer, op, writer.number(op, 1.0 / divisor))


def _total(writer: Writer, op: Operator) -> None:
    """LiteRT's int8 SUM reads its input as uint8, so a sum is written as a mean and a product, which rounds as well."""
    x, y = writer.graph.tensor(op.inputs[0]), writer.graph.tensor(op.outputs[0])
    scale, count = writer.format(op, y.index), x.size // y.size
    mean = Scale(float(np.float32(scale.scale / count)), scale.zero_point)
    middle = writer.main.activation(f"{y.name}/mean", y.shape, mean)
    inputs = [writer.operand(i) for i in op.inputs]
    keep = bool(op.options.get("keepDims"))
    writer.main.operator("MEAN", inputs, [middle], "ReducerOptions", keepDims=keep)
    factor = writer.number(op, float(count))
    writer.emit(op, "MUL", [middle, factor], "MulOptions", fusedActivationFunction=0)


PRODUCTS: dict[str, Callable[[Writer, Operator], None]] = {
    "NEG": _negative, "SQUARE": _square, "DIV": _quotient, "SUM": _total,
}  # fmt: skip
