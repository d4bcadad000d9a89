"""Lays out the arena: when each region is live, where it lies, and how close to the lower bound that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

ALIGNMENT = 4


@dataclass(frozen=True)
class Region:
    """Memory live from step ``first`` to step ``last``, both included."""

    key: int
    nbytes: int
    first: int
    last: int

    def overlaps(self, other: Region) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Layout:
    """Byte offsets by region key; ``total`` is the arena's size, ``lower_bound`` the most that is live at once."""

    offsets: dict[int, int]
    total: int
    lower_bound: int


def aligned(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def plan(regions: Iterable[Region]) -> Layout:
    """Places every region so that no two that are live together overlap.

    Each of several orders is placed greedily, every region at the lowest offset that is free for its whole life; the
    smallest result wins.
    """
    items = list(regions)
    orders: list[Callable[[Region], tuple[int, ...]]] = [
        lambda r: (-r.nbytes, r.first, r.key),
        lambda r: (-r.nbytes * (r.last - r.first + 1), r.first, r.key),
        lambda r: (r.first, -r.nbytes, r.key),
        lambda r: (-r.last, -r.nbytes, r.key),
        lambda r: (-(r.last - r.first), -r.nbytes, r.key),
    ]
    bound = _lower_bound(items)
    layouts = [_place(sorted(items, key=order), None) for order in orders]
    # A chain fits its lower bound if its tensors alternate between the arena's ends.
    from_both_ends: list[Callable[[Region], tuple[int, ...]]] = [
        lambda r: (r.first, -r.nbytes, r.key),
        lambda r: (-(r.last - r.first), r.first, -r.nbytes, r.key),
    ]
    layouts += [_place(sorted(items, key=order), bound) for order in from_both_ends]
    offsets = min(layouts, key=lambda placed: _total(items, placed))
    return Layout(offsets, _total(items, offsets), bound)


def _place(items: list[Region], ceiling: int | None) -> dict[int, int]:
    """Places in order, each region as low as it can lie; with a ceiling every second one as high below it."""
    offsets: dict[int, int] = {}
    placed: list[Region] = []
    for number, item in enumerate(items):
        taken = sorted((offsets[p.key], offsets[p.key] + aligned(p.nbytes)) for p in placed if p.overlaps(item))
        highest = None if ceiling is None or number % 2 == 0 else _highest(taken, aligned(item.nbytes), ceiling)
        offsets[item.key] = _lowest(taken, aligned(item.nbytes)) if highest is None else highest
        placed.append(item)
    return offsets


def _lowest(taken: list[tuple[int, int]], nbytes: int) -> int:
    offset = 0
    for start, end in taken:
        if offset + nbytes <= start:
            break
        offset = max(offset, end)
    return offset


def _highest(taken: list[tuple[int, int]], nbytes: int, ceiling: int) -> int | None:
    top = ceiling
    for start, end in sorted(taken, key=lambda span: -span[1]):
        if end + nbytes <= top:
            break
        top = min(top, start)
    return top - nbytes if top >= nbytes else None


def _total(items: list[Region], offsets: dict[int, int]) -> int:
    return max((offsets[i.key] + aligned(i.nbytes) for i in items), default=0)


def _lower_bound(items: list[Region]) -> int:
    steps = {i.first for i in items}
    return max((sum(aligned(i.nbytes) for i in items if i.first <= s <= i.last) for s in steps), default=0)
