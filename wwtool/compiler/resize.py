"""Lowers RESIZE_BILINEAR."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from wwtool.compiler.calls import Call, Field, Span
from wwtool.compiler.checks import kernel, require_type
from wwtool.compiler.graph import Graph, Operator
from wwtool.compiler.picks import require_shape, resized_shape
from wwtool.errors import InputError

ONE = 1 << 10  # of a position, in fixed point


@dataclass(frozen=True)
class ResizeAxis:
    """struct ww_resize_axis of ww_kernels.h."""

    input: int
    output: int
    step: int
    start: int


def resize_axes(graph: Graph, op: Operator) -> tuple[ResizeAxis, ResizeAxis]:
    """Height and width, as reference_ops::ResizeBilinearInteger steps through them.

    Raises:
        InputError: LiteRT refuses the model, too, or would read beyond its input.
    """
    x = graph.tensor(op.inputs[0])
    shape = resized_shape(graph, op)
    corners, centers = bool(op.options["alignCorners"]), bool(op.options["halfPixelCenters"])
    if corners and centers:
        raise InputError(f"{op.where()} has both align_corners and half_pixel_centers; take one of them")
    require_shape(graph, op, shape)
    axes = []
    for size, target in zip(x.shape[1:3], shape[1:3], strict=True):
        intervals = (size - 1, target - 1) if corners and target > 1 else (size, target)
        step = (ONE * intervals[0] + intervals[1] // 2) // intervals[1]
        axis = ResizeAxis(size, target, step, step // 2 - ONE // 2 if centers else 0)
        if (axis.output - 1) * axis.step + axis.start >= size * ONE or size * ONE >= 2**30:
            raise InputError(
                f"{op.where()} resizes {size} to {target}, for which TFLite's 10 fractional bits are too few"
            )
        axes.append(axis)
    return axes[0], axes[1]


def lower_resize_bilinear(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, y, types=("int8", "int16"))  # LiteRT resizes uint8 in floats
    height, width = resize_axes(graph, op)
    fields: dict[str, Field] = {
        "height": asdict(height),
        "width": asdict(width),
        "batches": x.shape[0],
        "depth": x.shape[3],
    }
    arguments, struct = (Span(x.index), Span(y.index)), "ww_resize_bilinear"
    return [Call(op.index, op.kind, kernel(struct, dtype), arguments, (x.index,), (y.index,), struct, fields)]
