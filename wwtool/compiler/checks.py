"""What several lowerings ask of an operator's tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wwtool.activations import Format
from wwtool.compiler.graph import Operator, Tensor
from wwtool.errors import InputError

Result = TypeVar("Result")


def require_int8(op: Operator, *tensors: Tensor) -> None:
    """Every tensor is quantized int8, with one scale."""
    for t in tensors:
        if t.dtype != "int8" or t.quantization is None or t.quantization.per_channel:
            raise InputError(
                f"{op.where()} works on tensor {t.index} ({t.name}) of type {t.dtype}; "
                "only int8 with one scale a tensor is supported"
            )


def require_same_shape(op: Operator, x: Tensor, y: Tensor) -> None:
    if x.size != y.size:
        raise InputError(f"{op.where()} changes the number of elements from {x.size} to {y.size}")
    if x.shape != y.shape:
        raise InputError(f"{op.where()} turns the shape {list(x.shape)} into {list(y.shape)}, which is not valid")


def format_of(t: Tensor) -> Format:
    return t.scale, t.zero_point


def scaled(op: Operator, make: Callable[[], Result]) -> Result:
    """``make()``, whose ValueError means that scales are too far apart."""
    try:
        return make()
    except ValueError as error:
        raise InputError(
            f"{op.where()} has an output scale too small for its inputs; export it with sane scales"
        ) from error
