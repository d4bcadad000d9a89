"""Lowers the operators that move blocks of a picture to other axes and back: SPACE_TO_DEPTH, SPACE_TO_BATCH_ND."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from wwtool.compiler.calls import Call, Constant, Span
from wwtool.compiler.operators.movement import ends, move, require_same_type
from wwtool.compiler.operators.walks import strides
from wwtool.compiler.program import Program
from wwtool.errors import InputError
from wwtool.tflite import limits
from wwtool.tflite.graph import ITEM_BYTES, Operator
from wwtool.tflite.operators.blocks import BatchBlocks, batch_blocks, depth_block, require_fill


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


def lower_batch_blocks(program: Program, op: Operator) -> list[Call]:
    """Copies once for each element of a block; a padded output is filled first."""
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
        in_picture = (at, [flat[0], flat[1] * blocks.block[0], flat[2] * blocks.block[1], 1])
        in_batches = (to, dealt)
        source_and_target = (in_picture, in_batches) if to_batch else (in_batches, in_picture)
        calls += move(program, op, x, y, sizes, *source_and_target, in_place=not calls)
    return calls


def _inside(blocks: BatchBlocks, axis: int, offset: int) -> tuple[int, int]:
    """The blocks along an axis whose element ``offset`` lies in the picture: the first one, and their number."""
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
