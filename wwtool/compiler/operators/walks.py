"""Walks over tensors: strides, and axes merged to as few as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wwtool.compiler.calls import Field
from wwtool.errors import InputError
from wwtool.tflite.graph import Operator

MAX_AXES = 6  # WW_AXES of ww_kernels.h


@dataclass(frozen=True)
class Axis:
    """``size`` steps of ``a`` elements in one tensor and of ``b`` in another."""

    size: int
    a: int
    b: int


def strides(shape: Sequence[int]) -> list[int]:
    """The distance in elements between neighbours along each axis.

    >>> strides((2, 3, 4))
    [12, 4, 1]
    """
    result = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        result[axis] = result[axis + 1] * shape[axis + 1]
    return result


def broadcast_strides(shape: Sequence[int], to: Sequence[int]) -> list[int]:
    """The strides of a tensor that is broadcast to the shape ``to``: 0 along axes where it is repeated.

    >>> broadcast_strides((3, 1), (2, 3, 5))
    [0, 1, 0]
    """
    steps = strides(shape)
    missing = len(to) - len(shape)
    return [0] * missing + [0 if size == 1 else step for size, step in zip(shape, steps, strict=True)]


def merged(sizes: Sequence[int], a: Sequence[int], b: Sequence[int]) -> list[Axis]:
    """The axes without those of size 1; axes that can be walked as one are merged.

    >>> merged((2, 3, 1, 5), (15, 5, 5, 1), (30, 5, 5, 1))
    [Axis(size=2, a=15, b=30), Axis(size=15, a=1, b=1)]
    """
    result: list[Axis] = []
    for axis in reversed([Axis(*of) for of in zip(sizes, a, b, strict=True) if of[0] != 1]):
        inner = result[0] if result else None
        if inner is not None and axis.a == inner.a * inner.size and axis.b == inner.b * inner.size:
            result[0] = Axis(axis.size * inner.size, inner.a, inner.b)
        else:
            result.insert(0, axis)
    return result


def walk_fields(op: Operator, axes: list[Axis]) -> dict[str, Field]:
    """struct ww_walk of ww_kernels.h."""
    axes = axes or [Axis(1, 1, 1)]
    if len(axes) > MAX_AXES:
        raise InputError(f"{op.where()} walks over {len(axes)} axes, more than the {MAX_AXES} that are supported")
    return {
        "rank": len(axes),
        "sizes": tuple(axis.size for axis in axes),
        "a": tuple(axis.a for axis in axes),
        "b": tuple(axis.b for axis in axes),
    }
