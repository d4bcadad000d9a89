"""The operators that only move data, and their lowerings."""

from __future__ import annotations

from collections.abc import Callable

from wwtool.compiler.calls import Call
from wwtool.compiler.operators.blocks import lower_batch_blocks, lower_depth_to_space, lower_fill, lower_space_to_depth
from wwtool.compiler.operators.movement import (
    lower_cut,
    lower_join,
    lower_pad,
    lower_pieces,
    lower_reshape,
    lower_transpose,
)
from wwtool.compiler.operators.positions import lower_by_position, lower_gather
from wwtool.compiler.program import Program
from wwtool.tflite.graph import Operator
from wwtool.tflite.operators.positions import POSITION_RULES

Movement = Callable[[Program, Operator], list[Call]]

MOVEMENTS: dict[str, Movement] = {
    "RESHAPE": lower_reshape,
    "EXPAND_DIMS": lower_reshape,
    "SQUEEZE": lower_reshape,
    "SLICE": lower_cut,
    "STRIDED_SLICE": lower_cut,
    "SPLIT": lower_pieces,
    "SPLIT_V": lower_pieces,
    "UNPACK": lower_pieces,
    "TRANSPOSE": lower_transpose,
    "CONCATENATION": lower_join,
    "PACK": lower_join,
    "PAD": lower_pad,
    "PADV2": lower_pad,
    "GATHER": lower_gather,
    "FILL": lower_fill,
    "SPACE_TO_DEPTH": lower_space_to_depth,
    "DEPTH_TO_SPACE": lower_depth_to_space,
    "SPACE_TO_BATCH_ND": lower_batch_blocks,
    "BATCH_TO_SPACE_ND": lower_batch_blocks,
    **dict.fromkeys(POSITION_RULES, lower_by_position),
}
