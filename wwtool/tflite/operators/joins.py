"""CONCATENATION and PACK: which tensors they can join, and how they bring scales together."""

from __future__ import annotations

import numpy as np

from wwtool.errors import InputError
from wwtool.int8.activations import rounded_away
from wwtool.int8.arithmetic import IntArray, limits
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import format_of

_LARGEST_RATIO = 2.0**22  # of scales; beyond it LiteRT's result depends on the machine


def check_join(graph: Graph, op: Operator) -> None:
    """Checks a CONCATENATION or PACK.

    Raises:
        InputError: the shapes, types or scales of its tensors do not fit together.
    """
    y = graph.tensor(op.outputs[0])
    inputs = [graph.tensor(index) for index in op.inputs]
    rank = len(y.shape)
    axis = int(op.options["axis"]) + rank * (int(op.options["axis"]) < 0)
    shapes = [t.shape for t in inputs]
    if op.kind == "PACK" and 0 <= axis < rank:
        shapes = [(*shape[:axis], 1, *shape[axis:]) for shape in shapes]
    fits = 0 <= axis < rank and all(
        len(s) == rank and s[:axis] + s[axis + 1 :] == y.shape[:axis] + y.shape[axis + 1 :] for s in shapes
    )
    if not fits or sum(s[axis] for s in shapes) != y.shape[axis] or int(op.options.get("fusedActivationFunction", 0)):
        raise InputError(
            f"{op.where()} joins {[list(t.shape) for t in inputs]} to {list(y.shape)}, which is not supported"
        )
    # LiteRT rescales uint8 to the output's scale, ignores the scales of int16, and refuses different scales of int8.
    strict = ("int8", "uint8", "int16") if op.kind == "PACK" else ("int8",)
    for x in inputs:
        if x.dtype != y.dtype or (format_of(x) != format_of(y) and y.dtype in strict) or y.dtype == "resource":
            raise InputError(f"{op.where()} joins tensors of different types or scales, which is not supported")
        if y.dtype == "uint8" and x.scale / y.scale >= _LARGEST_RATIO:
            raise InputError(f"{op.where()} has an output scale too small for its inputs; export it with sane scales")
        if y.dtype == "int16" and op.kind == "CONCATENATION" and (x.zero_point or y.zero_point):
            raise InputError(f"{op.where()} has an int16 zero point other than 0, which is not supported")


def joining_table(x: Tensor, y: Tensor) -> IntArray | None:
    """The value that CONCATENATION gives every uint8 value of an input, 0 first; None if values do not change.

    LiteRT computes it in float32 (reference_ops::ConcatenationWithScaling).
    """
    if y.dtype != "uint8" or format_of(x) == format_of(y):
        return None
    scale = np.float32(x.scale) * (np.float32(1.0) / np.float32(y.scale))
    bias = np.float32(-x.zero_point) * scale
    steps = rounded_away(np.arange(256, dtype=np.float32) * scale + bias)
    return np.asarray(np.clip(steps.astype(np.int64) + y.zero_point, *limits("uint8")))
