"""Checks that several operators share: types, scales and shapes of their tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from wwtool.errors import InputError
from wwtool.int8.activations import Format
from wwtool.tflite.graph import Graph, Operator, Tensor

Result = TypeVar("Result")


def require_int8(op: Operator, *tensors: Tensor) -> None:
    """Checks that every tensor is quantized int8 with a single scale."""
    for t in tensors:
        if t.dtype != "int8" or t.quantization is None or t.quantization.per_channel:
            raise InputError(
                f"{op.where()} uses tensor {t.index} ({t.name}) of type {t.dtype}; "
                "only int8 tensors with a single scale are supported"
            )


EVERY_TYPE = ("int8", "uint8", "int16")


def require_type(op: Operator, *tensors: Tensor, types: tuple[str, ...] = EVERY_TYPE) -> str:
    """Returns the type that all tensors are quantized in.

    Raises:
        InputError: it is none of ``types``, a tensor has several scales, or an int16 tensor has a zero point.
    """
    for t in tensors:
        if t.dtype not in types or t.quantization is None or t.quantization.per_channel:
            raise InputError(
                f"{op.where()} uses tensor {t.index} ({t.name}) of type {t.dtype}; "
                f"only {', '.join(types)} tensors with a single scale are supported there"
            )
        if t.dtype != tensors[0].dtype:
            raise InputError(f"{op.where()} mixes {tensors[0].dtype} and {t.dtype}, which is not supported")
    require_symmetric_int16(op, *tensors)
    return tensors[0].dtype


def require_symmetric_int16(op: Operator, *tensors: Tensor) -> None:
    if any(t.dtype == "int16" and t.zero_point for t in tensors):
        raise InputError(f"{op.where()} has an int16 zero point other than 0, which is not supported")


def require_same_shape(op: Operator, x: Tensor, y: Tensor) -> None:
    if x.size != y.size:
        raise InputError(f"{op.where()} changes the number of elements from {x.size} to {y.size}")
    if x.shape != y.shape:
        raise InputError(f"{op.where()} turns the shape {list(x.shape)} into {list(y.shape)}, which is not valid")


def format_of(t: Tensor) -> Format:
    return t.scale, t.zero_point


def with_sane_scales(op: Operator, make: Callable[[], Result]) -> Result:
    """Returns ``make()``; reports its ValueError, which means that scales are too far apart, as an InputError."""
    try:
        return make()
    except ValueError as error:
        raise InputError(
            f"{op.where()} has an output scale too small for its inputs; export it with sane scales"
        ) from error


def require_shape(graph: Graph, op: Operator, shape: Sequence[int]) -> None:
    """Checks that the output has the shape that follows from the inputs, before anything of that size exists."""
    y = graph.tensor(op.outputs[0])
    if tuple(shape) != y.shape:
        raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, but its inputs give {list(shape)}")
