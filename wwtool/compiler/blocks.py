"""Lowers the operators that move blocks of a picture to other axes and back: SPACE_TO_DEPTH, SPACE_TO_BATCH_ND."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from wwtool.compiler import limits
from wwtool.compiler.calls import Call, Constant, Span
from wwtool.compiler.graph import ITEM_BYTES, Graph, Operator
from wwtool.compiler.movement import ends, move, require_same_type
from wwtool.compiler.picks import require_shape
from wwtool.compiler.program import Program
from wwtool.compiler.slices import constants
from wwtool.compiler.walks import strides
from wwtool.errors import InputError


def lower_space_to_depth(program: Program, op: Operator) -> list[Call]:
    x, y = ends(program, op)
    require_same_type(op, x, y)
    size = depth_block(program.graph, op)
    batch, height, width, depth = y.shape
    b, h, w, c = strides(x.shape)
    sizes = [batch, height, width, size, size, depth // size**2]
    return move(program, op, x, y, sizes, (0, [b, h * size, w * size, h, w, c]), (0, strides(sizes)))


def lower_depth_to_space(program: Program, op: Operator) -> list[Call]:
    x, y = ends(program, op)
    require_same_type(op, x, y)
    size = depth_block(program.graph, op)
    batch, height, width, _ = x.shape
    depth = y.shape[3]
    b, h, w, c = strides(x.shape)
    sizes = [batch, height, size, width, size, depth]
    return move(program, op, x, y, sizes, (0, [b, h, size * depth, w, depth, c]), (0, strides(sizes)))


def depth_block(graph: Graph, op: Operator) -> int:
    """The block of SPACE_TO_DEPTH or DEPTH_TO_SPACE, whose shapes fit it."""
    x, y, size = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0]), int(op.options["blockSize"])
    flat, deep = (x, y) if op.kind == "SPACE_TO_DEPTH" else (y, x)
    fits = len(x.shape) == len(y.shape) == 4 and size > 0
    if not fits or flat.shape != (
        deep.shape[0], deep.shape[1] * size, deep.shape[2] * size, deep.shape[3] // size**2
    ) or deep.shape[3] % size**2:  # fmt: skip
        raise InputError(f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which its block does not give")
    return size


@dataclass(frozen=True)
class BatchBlocks:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: a picture with a border, and the batches that its blocks are dealt to.

    Shapes are (batch, height, width, depth), where three dimensions lack the width; ``border`` is what lies around the
    picture: padding, or what is cropped.
    """

    picture: tuple[int, int, int, int]
    block: tuple[int, int]
    border: tuple[tuple[int, int], tuple[int, int]]

    @property
    def dealt(self) -> tuple[int, int, int, int]:
        batch, height, width, depth = self.picture
        rows, columns = (
            (a + n + b) // size
            for n, (a, b), size in zip((height, width), self.border, self.block, strict=True)
        )  # fmt: skip
        return batch * self.block[0] * self.block[1], rows, columns, depth


def batch_blocks(graph: Graph, op: Operator) -> BatchBlocks:
    """
    Raises:
        InputError: the shapes do not fit the block, or the border would be of another value than zero.
    """
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    rank = len(x.shape)
    picture, dealt = (x, y) if op.kind == "SPACE_TO_BATCH_ND" else (y, x)
    if rank not in (3, 4) or len(y.shape) != rank or (x.scale, x.zero_point) != (y.scale, y.zero_point):
        raise InputError(
            f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, or another scale, which is not valid"
        )
    block = (*constants(graph, op, 1, rank - 2), 1)[:2]
    ends_ = [*constants(graph, op, 2, 2 * (rank - 2)), 0, 0]
    border = ((ends_[0], ends_[1]), (ends_[2], ends_[3]))
    batch, height, width, depth = picture.shape if rank == 4 else (*picture.shape[:2], 1, picture.shape[2])
    result = BatchBlocks((batch, height, width, depth), (block[0], block[1]), border)
    whole = all(
        size > 0 and min(pair) >= 0 and (n + sum(pair)) % size == 0
        for n, pair, size in zip((height, width), border, result.block, strict=True)
    )
    if not whole or (result.dealt if rank == 4 else (*result.dealt[:2], depth)) != dealt.shape:
        raise InputError(f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which its blocks do not give")
    return result


def lower_batch_blocks(program: Program, op: Operator) -> list[Call]:
    """One copy for each element of a block; what is padded is filled before."""
    x, y = ends(program, op)
    require_same_type(op, x, y)
    blocks, calls = batch_blocks(program.graph, op), []
    if prod(blocks.block) > limits.BLOCK:
        raise InputError(
            f"{op.where()} has blocks of {prod(blocks.block)} elements, more than the {limits.BLOCK} supported"
        )
    to_batch = op.kind == "SPACE_TO_BATCH_ND"
    if to_batch and x.size != y.size:
        if x.zero_point and x.dtype not in ("int8", "uint8"):
            raise InputError(f"{op.where()} pads {x.dtype} with a zero point, which is not supported")
        value = np.asarray([x.zero_point], y.dtype).view(np.uint8)
        constant = Constant(f"op{op.index}_value", "uint8_t", value, weights=False)
        arguments = (Span(y.index), constant, ITEM_BYTES[y.dtype], y.size)
        calls.append(Call(op.index, op.kind, "ww_fill", arguments, (), (y.index,)))
    flat, dealt = strides(blocks.picture), strides(blocks.dealt)
    batch, depth = blocks.picture[0], blocks.picture[3]
    for number, shift in enumerate(product(range(blocks.block[0]), range(blocks.block[1]))):
        counts, at, to = [], 0, number * batch * dealt[0]
        for axis, offset in enumerate(shift):
            first, count = _inside(blocks, axis, offset)
            counts.append(count)
            at += (first * blocks.block[axis] + offset - blocks.border[axis][0]) * flat[1 + axis]
            to += first * dealt[1 + axis]
        if min(counts) < 1:
            continue
        sizes = [batch, *counts, depth]
        one = (at, [flat[0], flat[1] * blocks.block[0], flat[2] * blocks.block[1], 1])
        other = (to, dealt)
        ends_ = (one, other) if to_batch else (other, one)
        calls += move(program, op, x, y, sizes, *ends_, in_place=not calls)
    return calls


def _inside(blocks: BatchBlocks, axis: int, offset: int) -> tuple[int, int]:
    """Of the blocks along an axis those whose element ``offset`` lies in the picture: the first, and how many."""
    size, before = blocks.block[axis], blocks.border[axis][0]
    first = max(-(-(before - offset) // size), 0)
    behind = min(-(-(before + blocks.picture[1 + axis] - offset) // size), blocks.dealt[1 + axis])
    return first, behind - first


def lower_fill(program: Program, op: Operator) -> list[Call]:
    """FILL of constant dimensions with a value that is computed."""
    graph = program.graph
    value, y = graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    require_fill(graph, op)
    arguments = (Span(y.index), Span(value.index), ITEM_BYTES[y.dtype], y.size)
    return [Call(op.index, op.kind, "ww_fill", arguments, (value.index,), (y.index,))]


def require_fill(graph: Graph, op: Operator) -> None:
    """
    Raises:
        InputError: a FILL has not one value of its output's type and scale.
    """
    value, y = graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    require_shape(graph, op, constants(graph, op, 0))
    if value.size != 1 or value.dtype != y.dtype or (value.scale, value.zero_point) != (y.scale, y.zero_point):
        raise InputError(f"{op.where()} fills with a value of another type or scale, or with several")
