"""Lowers AVERAGE_POOL_2D, MAX_POOL_2D and MEAN."""

from __future__ import annotations

from dataclasses import asdict

from wwtool.compiler.calls import Call, Field, Span, kernel_name
from wwtool.compiler.operators.elementwise import multiplier_fields, range_fields
from wwtool.compiler.operators.walks import merged, strides, walk_fields
from wwtool.errors import InputError
from wwtool.int8 import elementwise
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import format_of, require_type, with_sane_scales
from wwtool.tflite.operators.reductions import mean_axes
from wwtool.tflite.operators.windows import activation_range, window_of


def lower_pool_2d(graph: Graph, op: Operator) -> list[Call]:
    """AVERAGE_POOL_2D, MAX_POOL_2D."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, y)
    if format_of(x) != format_of(y) and dtype != "int16":  # LiteRT does not look at int16 scales here
        raise InputError(f"{op.where()} changes the scale, which {op.kind} cannot; export it with equal scales")
    window = window_of(op, x, y, int(op.options["filterHeight"]), int(op.options["filterWidth"]))
    if x.shape[3] != y.shape[3]:
        raise InputError(f"{op.where()} has {x.shape[3]} input channels and {y.shape[3]} output channels")
    if window.kernel_height * window.kernel_width >= 1 << (15 if dtype == "int16" else 23):
        raise InputError(f"{op.where()} sums a window of more values than 32 bits hold")
    low, high = activation_range(op, y)
    fields: dict[str, Field] = {"window": asdict(window), "output_min": low, "output_max": high}
    arguments = (Span(x.index), Span(y.index))
    struct = f"ww_{op.kind.lower()}"
    return [Call(op.index, op.kind, kernel_name(struct, dtype), arguments, (x.index,), (y.index,), struct, fields)]


def lower_mean(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, y)
    axes = mean_axes(graph, op)
    count = x.size // y.size
    if count >= 1 << (15 if dtype == "int16" else 23):
        raise InputError(f"{op.where()} sums over {count} values, more than 32 bits hold")
    multiplier = with_sane_scales(op, lambda: elementwise.mean_multiplier(format_of(x), format_of(y), count))
    kept_axes = [axis for axis in range(len(x.shape)) if axis not in axes]
    fields: dict[str, Field] = {
        "kept": walk_over(op, x, kept_axes),
        "summed": walk_over(op, x, list(axes)),
        "multiplier": multiplier_fields(multiplier),
        "bias": -x.zero_point * count,
        "output": range_fields(y),
    }
    arguments = (Span(x.index), Span(y.index))
    function = kernel_name("ww_mean", dtype)
    return [Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), "ww_mean", fields)]


def walk_over(op: Operator, x: Tensor, axes: list[int]) -> dict[str, Field]:
    """struct ww_walk along some axes of a tensor; the other tensor is not walked."""
    step = strides(x.shape)
    steps = [step[axis] for axis in axes]
    return walk_fields(op, merged([x.shape[axis] for axis in axes], steps, [0] * len(steps)))
