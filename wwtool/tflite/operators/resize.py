"""How the operators that resize a picture step through it."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.checks import require_shape
from wwtool.tflite.operators.slices import constants

ONE = 1 << 10  # the fixed-point unit of positions


@dataclass(frozen=True)
class ResizeAxis:
    """struct ww_resize_axis of ww_kernels.h."""

    input: int
    output: int
    step: int
    start: int


def resize_axes(graph: Graph, op: Operator) -> tuple[ResizeAxis, ResizeAxis]:
    """How RESIZE_BILINEAR steps through height and width (reference_ops::ResizeBilinearInteger).

    Raises:
        InputError: LiteRT refuses the model as well, or would read beyond its input.
    """
    x = graph.tensor(op.inputs[0])
    shape = resized_shape(graph, op)
    corners, centers = bool(op.options["alignCorners"]), bool(op.options["halfPixelCenters"])
    if corners and centers:
        raise InputError(f"{op.where()} has both align_corners and half_pixel_centers; use one of them")
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


def resized_shape(graph: Graph, op: Operator) -> tuple[int, int, int, int]:
    """The output shape of RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""
    x = graph.tensor(op.inputs[0])
    if len(x.shape) != 4:
        raise InputError(f"{op.where()} has an input of shape {list(x.shape)}; it must have four dimensions")
    height, width = constants(graph, op, 1, 2)
    if height < 1 or width < 1:
        raise InputError(f"{op.where()} resizes to {height} x {width}, which is not valid")
    return x.shape[0], height, width, x.shape[3]
