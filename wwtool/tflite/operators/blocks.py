"""Blocks of a picture that move to other axes and back: SPACE_TO_DEPTH, SPACE_TO_BATCH_ND."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.checks import require_shape
from wwtool.tflite.operators.slices import constants


def depth_block(graph: Graph, op: Operator) -> int:
    """The block size of SPACE_TO_DEPTH or DEPTH_TO_SPACE.

    Raises:
        InputError: the shapes do not fit it.
    """
    x, y, size = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0]), int(op.options["blockSize"])
    flat, deep = (x, y) if op.kind == "SPACE_TO_DEPTH" else (y, x)
    fits = len(x.shape) == len(y.shape) == 4 and size > 0
    if not fits or flat.shape != (
        deep.shape[0], deep.shape[1] * size, deep.shape[2] * size, deep.shape[3] // size**2
    ) or deep.shape[3] % size**2:  # fmt: skip
        raise InputError(f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which does not fit its block")
    return size


@dataclass(frozen=True)
class BatchBlocks:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: a picture with a border, and the batches that its blocks become.

    Shapes are (batch, height, width, depth); the width is 1 for tensors of three dimensions. ``border`` is the padding
    around the picture, or the part that is cropped.
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
    """Reads the blocks of a SPACE_TO_BATCH_ND or BATCH_TO_SPACE_ND.

    Raises:
        InputError: the shapes do not fit the block, or the border would have a value other than zero.
    """
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    rank = len(x.shape)
    picture, dealt = (x, y) if op.kind == "SPACE_TO_BATCH_ND" else (y, x)
    if rank not in (3, 4) or len(y.shape) != rank or (x.scale, x.zero_point) != (y.scale, y.zero_point):
        raise InputError(
            f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, or another scale, which is not valid"
        )
    block = (*constants(graph, op, 1, rank - 2), 1)[:2]
    border_sizes = [*constants(graph, op, 2, 2 * (rank - 2)), 0, 0]
    border = ((border_sizes[0], border_sizes[1]), (border_sizes[2], border_sizes[3]))
    batch, height, width, depth = picture.shape if rank == 4 else (*picture.shape[:2], 1, picture.shape[2])
    result = BatchBlocks((batch, height, width, depth), (block[0], block[1]), border)
    whole = all(
        size > 0 and min(pair) >= 0 and (n + sum(pair)) % size == 0
        for n, pair, size in zip((height, width), border, result.block, strict=True)
    )
    if not whole or (result.dealt if rank == 4 else (*result.dealt[:2], depth)) != dealt.shape:
        raise InputError(f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which does not fit its blocks")
    return result


def require_fill(graph: Graph, op: Operator) -> None:
    """Checks a FILL.

    Raises:
        InputError: it does not fill with a single value of its output's type and scale.
    """
    value, y = graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    require_shape(graph, op, constants(graph, op, 0))
    if value.size != 1 or value.dtype != y.dtype or (value.scale, value.zero_point) != (y.scale, y.zero_point):
        raise InputError(f"{op.where()} must fill with a single value of its output's type and scale")
