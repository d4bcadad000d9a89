"""The operators that only move data, and what lowers each."""

from __future__ import annotations

from collections.abc import Callable

from wwtool.compiler.calls import Call
from wwtool.compiler.graph import Operator
from wwtool.compiler.movement import (
    lower_cut,
    lower_join,
    lower_pad,
    lower_pieces,
    lower_reshape,
    lower_transpose,
)
from wwtool.compiler.pick import lower_pick
from wwtool.compiler.picks import PICKS
from wwtool.compiler.program import Program

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
    **dict.fromkeys(PICKS, lower_pick),
}
