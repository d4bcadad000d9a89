"""Operators that cut, permute and pad tensors: their bounds, axes and paddings, from constants and masks."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.tflite.graph import MAX_DIMENSIONS, Graph, Operator


@dataclass(frozen=True)
class Cut:
    """A slice along each axis of a tensor: ``count`` elements from ``begin`` on, ``step`` apart."""

    begin: tuple[int, ...]
    step: tuple[int, ...]
    count: tuple[int, ...]

    def indices(self) -> tuple[npt.NDArray[np.int64], ...]:
        """The elements as an open mesh for NumPy."""
        axes = [b + s * np.arange(n) for b, s, n in zip(self.begin, self.step, self.count, strict=True)]
        return np.ix_(*axes) if axes else ()


def constants(graph: Graph, op: Operator, slot: int, count: int | None = None) -> list[int]:
    """The constant integers of an input, ``count`` of them.

    Raises:
        InputError: they are not constant, not integers, or of another number.
    """
    t = graph.tensor(op.inputs[slot])
    if t.data is None or t.dtype not in ("int32", "int64") or (count is not None and t.data.size != count):
        many = "" if count is None else f" of {count} values"
        raise InputError(f"{op.where()} needs constant integers{many} as input {slot}; other forms are not supported")
    return [int(v) for v in t.data.ravel()]


def axis_of(op: Operator, value: Any, rank: int) -> int:
    """An axis from 0 on; a negative one counts from the end."""
    axis = int(value)
    if not -rank <= axis < rank:
        raise InputError(f"{op.where()} names axis {axis} of a tensor with {rank} dimensions")
    return axis % rank


def strided_cut(graph: Graph, op: Operator) -> tuple[Cut, tuple[int, ...]]:
    """The cut of a STRIDED_SLICE, and its output shape with new and dropped axes (BuildStridedSliceParams).

    Raises:
        InputError: the bounds are not constant, or select nothing.
    """
    x = graph.tensor(op.inputs[0])
    bounds = len(constants(graph, op, 1))  # how many the operator has
    begins, ends, steps = (constants(graph, op, slot, bounds) for slot in (1, 2, 3))
    mask = {m: int(op.options.get(f"{m}Mask", 0)) for m in ("begin", "end", "ellipsis", "newAxis", "shrinkAxis")}
    if op.options.get("offset") or mask["ellipsis"] & (mask["ellipsis"] - 1):
        raise InputError(f"{op.where()} has an offset or several ellipses, which is not supported")
    new = sum(1 for i in range(bounds) if mask["newAxis"] >> i & 1 and not mask["ellipsis"] >> i & 1)
    dots = sum(1 for i in range(bounds) if mask["ellipsis"] >> i & 1)
    hidden = len(x.shape) - (bounds - new - dots)
    if dots and hidden < 1:
        raise InputError(f"{op.where()} has an ellipsis that stands for no axis, which LiteRT counts as one")
    if hidden < 0:
        raise InputError(f"{op.where()} has bounds for more dimensions than the {len(x.shape)} of its input")
    begin: list[int] = []
    step: list[int] = []
    count: list[int] = []
    shape: list[int] = []

    def take(b: int, s: int, n: int) -> None:
        begin.append(b)
        step.append(s)
        count.append(n)
        shape.append(n)

    for i in range(bounds):
        if mask["ellipsis"] >> i & 1:
            for size in x.shape[len(begin) : len(begin) + hidden]:
                take(0, 1, size)
        elif mask["newAxis"] >> i & 1:
            shape.append(1)
        else:
            size = x.shape[len(begin)]
            if mask["shrinkAxis"] >> i & 1:
                first = 0 if mask["begin"] >> i & 1 else begins[i]
                if not -size <= first < size:
                    raise InputError(f"{op.where()} selects element {first} of an axis of {size}")
                take(first % size, 1, 1)
                shape.pop()
            else:
                take(*_bounds(op, i, size, begins[i], ends[i], steps[i], mask))
    for size in x.shape[len(begin) :]:
        take(0, 1, size)
    return Cut(tuple(begin), tuple(step), tuple(count)), tuple(shape)


def _bounds(
    op: Operator, i: int, size: int, begin: int, end: int, step: int, mask: dict[str, int]
) -> tuple[int, int, int]:
    if step == 0:
        raise InputError(f"{op.where()} has a stride of 0")
    elements = range(size)[
        slice(None if mask["begin"] >> i & 1 else begin, None if mask["end"] >> i & 1 else end, step)
    ]  # TFLite clamps bounds as Python does
    if not elements:
        raise InputError(f"{op.where()} selects nothing along an axis of {size}, which is not supported")
    return elements.start, step, len(elements)


def plain_cut(graph: Graph, op: Operator) -> Cut:
    """The cut of a SLICE; a size of -1 reaches to the end of the axis."""
    x = graph.tensor(op.inputs[0])
    begins, sizes = (constants(graph, op, slot, len(x.shape)) for slot in (1, 2))
    sizes = [whole - b if n == -1 else n for whole, b, n in zip(x.shape, begins, sizes, strict=True)]
    if any(b < 0 or n < 1 or b + n > whole for whole, b, n in zip(x.shape, begins, sizes, strict=True)):
        raise InputError(f"{op.where()} cuts {sizes} from {begins} out of {list(x.shape)}, which is not valid")
    return Cut(tuple(begins), (1,) * len(x.shape), tuple(sizes))


def pieces(graph: Graph, op: Operator) -> tuple[int, list[int]]:
    """The axis that SPLIT, SPLIT_V or UNPACK cuts, and the size of each output along it."""
    split = op.kind == "SPLIT"
    x = graph.tensor(op.inputs[1 if split else 0])
    outputs = len(op.outputs)
    if op.kind == "UNPACK":
        axis = axis_of(op, op.options["axis"], len(x.shape))
        sizes = [1] * outputs
    else:
        axis = axis_of(op, constants(graph, op, 0 if split else 2, 1)[0], len(x.shape))
        if split:
            sizes = [x.shape[axis] // outputs] * outputs
        else:
            sizes = constants(graph, op, 1, outputs)
            if sizes.count(-1) == 1:
                sizes[sizes.index(-1)] = x.shape[axis] - sum(sizes) - 1
    if sum(sizes) != x.shape[axis] or min(sizes) < 1 or len(sizes) != outputs:
        raise InputError(f"{op.where()} cuts an axis of {x.shape[axis]} into {outputs} pieces {sizes}")
    return axis, sizes


def permutation(graph: Graph, op: Operator) -> tuple[int, ...]:
    """The axes of a TRANSPOSE."""
    rank = len(graph.tensor(op.inputs[0]).shape)
    order = tuple(axis + rank * (axis < 0) for axis in constants(graph, op, 1, rank))
    if sorted(order) != list(range(rank)):
        raise InputError(f"{op.where()} permutes {rank} axes by {list(order)}, which is not valid")
    return order


def paddings(graph: Graph, op: Operator) -> list[tuple[int, int]]:
    """How many elements PAD or PADV2 adds before and after the input along each axis."""
    rank = len(graph.tensor(op.inputs[0]).shape)
    values = constants(graph, op, 1, 2 * rank)
    pairs = [(values[2 * i], values[2 * i + 1]) for i in range(rank)]
    if any(min(pair) < 0 for pair in pairs):
        raise InputError(f"{op.where()} has a negative padding")
    return pairs


def pad_value(graph: Graph, op: Operator) -> int | float:
    """The value that PAD and PADV2 add. PAD adds the zero point, or 0 to tensors without one.

    Raises:
        InputError: the value is not constant, or does not have the tensor's scale.
    """
    x = graph.tensor(op.inputs[0])
    if op.kind == "PAD":
        return x.zero_point if x.dtype in ("int8", "uint8", "int16") else 0
    value = graph.tensor(op.inputs[2])
    if value.data is None or value.size != 1 or value.dtype != x.dtype:
        raise InputError(f"{op.where()} needs one constant {x.dtype} value to pad with")
    quantized = x.dtype in ("int8", "uint8", "int16") and value.quantization is not None
    if quantized and (value.scale, value.zero_point) != (x.scale, x.zero_point):
        raise InputError(f"{op.where()} pads with a value of another scale; export it with equal scales")
    return value.data.ravel()[0].item()  # type: ignore[no-any-return]


def dimensions(graph: Graph, op: Operator, slot: int) -> tuple[int, ...]:
    """The shape that BROADCAST_TO, FILL or TRANSPOSE_CONV reads from an input.

    Raises:
        InputError: the input is not constant, or is not a shape.
    """
    shape = tuple(constants(graph, op, slot))
    if len(shape) > MAX_DIMENSIONS or any(n < 1 for n in shape):
        raise InputError(f"{op.where()} makes the shape {list(shape[: MAX_DIMENSIONS + 1])}, which is not supported")
    return shape


def repeats(graph: Graph, op: Operator) -> tuple[int, ...]:
    """How many times a TILE repeats its input along each axis."""
    counts = tuple(constants(graph, op, 1, len(graph.tensor(op.inputs[0]).shape)))
    if any(n < 1 for n in counts):
        raise InputError(f"{op.where()} repeats an axis {min(counts)} times; it must be at least once")
    return counts


def reshaped(graph: Graph, op: Operator) -> tuple[int, ...]:
    """The output shape of a RESHAPE, with the size that -1 stands for (GetOutputShape in reshape.cc)."""
    size = graph.tensor(op.inputs[0]).size
    if len(op.inputs) > 1:
        shape = constants(graph, op, 1)
    else:
        option = op.options.get("newShape")
        shape = [] if option is None else [int(n) for n in option]
    if -1 in shape:
        product = abs(prod(shape))
        shape[shape.index(-1)] = size // product if product else -1
    if len(shape) > MAX_DIMENSIONS or any(n < 1 for n in shape) or prod(shape) != size:
        shown = shape[: MAX_DIMENSIONS + 1]
        raise InputError(f"{op.where()} makes {size} elements the shape {shown}, which is not valid")
    return tuple(shape)
