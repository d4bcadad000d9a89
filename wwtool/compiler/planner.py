"""Lays out the arena: when each region is live, where it lies, and how close to the lower bound that is.

Two regions that are live together are kept apart, except where a kernel reads its input ahead of what it writes: then
the output may lie over the part of the input that has been read (see ``Overlap``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

ALIGNMENT = 4
_SEARCHED_REGIONS = 150  # more than that are placed greedily only
_SEARCH_STEPS = 1500


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
class Overlap:
    """Two regions that share one step, in which a kernel reads ``source`` and writes ``target``.

    The target may start at least ``lead`` bytes before the source (negative: as far behind it). If the kernel can also
    run from the end to the start, ``lag`` is given and the target may start at least ``lag`` bytes behind the source.
    """

    source: int
    target: int
    lead: int
    lag: int | None = None


@dataclass(frozen=True)
class Layout:
    """Byte offsets by region key; ``total`` is the arena's size, ``lower_bound`` the least that any layout takes."""

    offsets: dict[int, int]
    total: int
    lower_bound: int


def aligned(nbytes: int) -> int:
    """The next multiple of the alignment, of negative distances, too."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def plan(regions: Iterable[Region], overlaps: Iterable[Overlap] = ()) -> Layout:
    """Places every region; each of several orders is placed greedily, then a search looks for less."""
    return _Planner(list(regions), list(overlaps)).plan()


class _Planner:
    def __init__(self, items: list[Region], overlaps: list[Overlap]) -> None:
        self.items = items
        self.overlaps = {(o.source, o.target): o for o in overlaps}
        self.bound = _lower_bound(items, overlaps)

    def plan(self) -> Layout:
        lowest_first: list[Callable[[Region], tuple[int, ...]]] = [
            lambda r: (-r.nbytes, r.first, r.key),
            lambda r: (-r.nbytes * (r.last - r.first + 1), r.first, r.key),
            lambda r: (r.first, -r.nbytes, r.key),
            lambda r: (-r.last, -r.nbytes, r.key),
            lambda r: (-(r.last - r.first), -r.nbytes, r.key),
        ]
        # A chain fits its lower bound if its tensors alternate between the arena's ends.
        from_both_ends: list[Callable[[Region], tuple[int, ...]]] = [
            lambda r: (r.first, -r.nbytes, r.key),
            lambda r: (-(r.last - r.first), r.first, -r.nbytes, r.key),
        ]
        layouts = [self._greedy(sorted(self.items, key=order), None) for order in lowest_first]
        layouts += [self._greedy(sorted(self.items, key=order), self.bound) for order in from_both_ends]
        offsets = min(layouts, key=self._total)
        best = self._total(offsets)
        if best > self.bound and len(self.items) <= _SEARCHED_REGIONS:
            for ceiling in (
                self.bound,
                *(aligned(self.bound * percent // 100) for percent in (102, 105, 110, 120, 140)),
            ):
                found = self._search_below(ceiling, from_both_ends) if ceiling < best else None
                if found is not None:
                    offsets, best = found, self._total(found)
                    break
        return Layout(offsets, best, self.bound)

    def _greedy(self, items: list[Region], ceiling: int | None) -> dict[int, int]:
        """Places in order, each region as low as it can lie; with a ceiling every second one as high below it."""
        offsets: dict[int, int] = {}
        placed: list[Region] = []
        for number, item in enumerate(items):
            taken = self._forbidden(item, placed, offsets)
            highest = None if ceiling is None or number % 2 == 0 else _highest(taken, aligned(item.nbytes), ceiling)
            offsets[item.key] = _lowest(taken) if highest is None else highest
            placed.append(item)
        return offsets

    def _search_below(self, ceiling: int, orders: list[Callable[[Region], tuple[int, ...]]]) -> dict[int, int] | None:
        """Depth first: every region as low or as high as it can lie, none beyond ``ceiling``."""
        for order in orders:
            items = sorted(self.items, key=order)
            offsets: dict[int, int] = {}
            choices: list[list[int]] = []
            for _ in range(_SEARCH_STEPS):
                if len(choices) == len(offsets):
                    if len(offsets) == len(items):
                        return offsets
                    item = items[len(offsets)]
                    choices.append(self._choices(item, items[: len(offsets)], offsets, ceiling))
                elif not choices[-1]:
                    choices.pop()
                    if not choices:
                        break
                    del offsets[items[len(choices) - 1].key]
                    continue
                if choices[-1]:
                    offsets[items[len(choices) - 1].key] = choices[-1].pop()
        return None

    def _choices(self, item: Region, placed: list[Region], offsets: dict[int, int], ceiling: int) -> list[int]:
        taken = self._forbidden(item, placed, offsets)
        size = aligned(item.nbytes)
        low, high = _lowest(taken), _highest(taken, size, ceiling)
        return ([high] if high is not None and high != low else []) + ([low] if low + size <= ceiling else [])

    def _forbidden(self, item: Region, placed: list[Region], offsets: dict[int, int]) -> list[tuple[int, int]]:
        """Open intervals in which the region's offset may not lie."""
        found = []
        for other in placed:
            if not other.overlaps(item):
                continue
            at = offsets[other.key]
            below, above = aligned(item.nbytes), aligned(other.nbytes)
            written = self.overlaps.get((other.key, item.key))
            read = self.overlaps.get((item.key, other.key))
            if written is not None:
                below = min(below, aligned(written.lead))
                above = above if written.lag is None else min(above, aligned(written.lag))
            elif read is not None:
                above = min(above, aligned(read.lead))
                below = below if read.lag is None else min(below, aligned(read.lag))
            if -below < above:
                found.append((at - below, at + above))
        return found

    def _total(self, offsets: dict[int, int]) -> int:
        return max((offsets[i.key] + aligned(i.nbytes) for i in self.items), default=0)


def _lowest(forbidden: list[tuple[int, int]]) -> int:
    candidates = sorted({0, *(end for _, end in forbidden if end > 0)})
    return next(c for c in candidates if not any(start < c < end for start, end in forbidden))


def _highest(forbidden: list[tuple[int, int]], nbytes: int, ceiling: int) -> int | None:
    top = ceiling - nbytes
    candidates = sorted({top, *(start for start, _ in forbidden)}, reverse=True)
    return next((c for c in candidates if 0 <= c <= top and not any(start < c < end for start, end in forbidden)), None)


def _lower_bound(items: list[Region], overlaps: list[Overlap]) -> int:
    """The most that is live at once, an input and an output that may overlap counted by what they take together."""
    sizes = {i.key: aligned(i.nbytes) for i in items}
    steps = {i.first for i in items}
    saved: dict[int, int] = {}
    by_key = {i.key: i for i in items}
    for o in overlaps:
        source, target = sizes[o.source], sizes[o.target]
        ways = [
            max(source + aligned(o.lead), target),
            *([] if o.lag is None else [max(target + aligned(o.lag), source)]),
        ]
        together = max(min(source + target, *ways), source, target)
        step = by_key[o.target].first
        saved[step] = saved.get(step, 0) + source + target - together
    return max((sum(sizes[i.key] for i in items if i.first <= s <= i.last) - saved.get(s, 0) for s in steps), default=0)
