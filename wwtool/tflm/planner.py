"""TFLM's greedy memory planner: the largest buffer first, each at the lowest place that is free while it lives.

After greedy_memory_planner.cc. Buffers of one size keep the reverse of their order, as its sort leaves them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Buffer:
    """Bytes that are needed from the time ``first`` to the time ``last``, both included."""

    nbytes: int
    first: int
    last: int


def planned_bytes(buffers: Sequence[Buffer]) -> int:
    """The bytes that all buffers take together.

    >>> planned_bytes([Buffer(32, 0, 1), Buffer(64, 1, 2), Buffer(32, 2, 3)])
    96
    """
    placed: list[tuple[int, Buffer]] = []
    for _, buffer in sorted(enumerate(buffers), key=lambda entry: (-entry[1].nbytes, -entry[0])):
        offset = _lowest_gap(placed, buffer)
        # Behind those of the same offset.
        index = next((i for i, (other, _) in enumerate(placed) if other > offset), len(placed))
        placed.insert(index, (offset, buffer))
    return max((offset + buffer.nbytes for offset, buffer in placed), default=0)


def _lowest_gap(placed: Sequence[tuple[int, Buffer]], buffer: Buffer) -> int:
    """The lowest offset that no buffer of the same time takes; ``placed`` is in order of offset."""
    end = 0
    for offset, other in placed:
        if other.first > buffer.last or buffer.first > other.last:
            continue
        if offset - end >= buffer.nbytes:
            break
        end = max(end, offset + other.nbytes)
    return end
