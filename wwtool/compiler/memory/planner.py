"""Lays out the arena: when each region is live, where it lies, and the lower bound of any layout.

Regions that are live at the same time lie apart, with one exception: a kernel that reads its input ahead of what it
writes may write over the part of the input that it has read (see ``Overlap``).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

ALIGNMENT = 4
_MOST_PAIRS = 8_000_000  # of regions that are live together; beyond it, each region goes where it fits best
_SEARCHED_REGIONS = 150  # beyond it, regions are only placed greedily
_SEARCH_STEPS = 1500

IntArray = npt.NDArray[np.int64]
Intervals = tuple[IntArray, IntArray]  # starts and ends


@dataclass(frozen=True)
class Region:
    """Memory live from step ``first`` to step ``last``, both included."""

    key: int
    nbytes: int
    first: int
    last: int


@dataclass(frozen=True)
class Overlap:
    """Two regions that share one step, in which a kernel reads ``source`` and writes ``target``.

    The target may start ``lead`` bytes or more before the source (if negative: that far behind it). ``lag`` is for
    kernels that can also run backwards: the target may start ``lag`` bytes or more behind the source.
    """

    source: int
    target: int
    lead: int
    lag: int | None = None


@dataclass(frozen=True)
class Layout:
    """Byte offsets by region key. ``total`` is the size of the arena; no layout is smaller than ``lower_bound``."""

    offsets: dict[int, int]
    total: int
    lower_bound: int


def aligned(nbytes: int) -> int:
    """The next multiple of the alignment, also for negative distances.

    >>> aligned(5), aligned(-5)
    (8, -4)
    """
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def plan(regions: Iterable[Region], overlaps: Iterable[Overlap] = ()) -> Layout:
    """Places every region: greedily in each of several orders, then by a search for a smaller layout.

    Two regions of which one is used after the other share their memory:

    >>> plan([Region(0, 100, 0, 1), Region(1, 40, 1, 2), Region(2, 100, 2, 3)]).total
    140
    """
    return _Planner(list(regions), list(overlaps)).plan()


class _Planner:
    """Regions are numbered in the order of time, so the regions that begin while another one is live are a range."""

    def __init__(self, items: list[Region], overlaps: list[Overlap]) -> None:
        self.items = sorted(items, key=lambda r: (r.first, r.key))
        self.number = {item.key: number for number, item in enumerate(self.items)}
        self.sizes = np.asarray([aligned(item.nbytes) for item in self.items], np.int64)
        self.at = np.zeros(len(items), np.int64)  # offsets of the regions that are placed
        self.placed = np.zeros(len(items), np.bool_)
        self.shared: dict[int, list[tuple[int, Overlap]]] = {}  # by each of the two regions, with the other one
        for o in overlaps:
            self.shared.setdefault(o.source, []).append((o.target, o))
            self.shared.setdefault(o.target, []).append((o.source, o))
        self.bound = _lower_bound(items, overlaps)

    def plan(self) -> Layout:
        first = np.asarray([item.first for item in self.items], np.int64)
        last = np.asarray([item.last for item in self.items], np.int64)
        behind = np.searchsorted(first, last, side="right")
        if int((behind - np.arange(len(behind)) - 1).sum()) > _MOST_PAIRS:
            return self._layout(_best_fit(self.items))
        self.beside = _live_together(first, last, behind)
        return self._layout(self._searched())

    def _layout(self, offsets: dict[int, int]) -> Layout:
        return Layout(offsets, self._total(offsets), self.bound)

    def _searched(self) -> dict[int, int]:
        lowest_first: list[Callable[[Region], tuple[int, ...]]] = [
            lambda r: (-r.nbytes, r.first, r.key),
            lambda r: (-r.nbytes * (r.last - r.first + 1), r.first, r.key),
            lambda r: (r.first, -r.nbytes, r.key),
            lambda r: (-r.last, -r.nbytes, r.key),
            lambda r: (-(r.last - r.first), -r.nbytes, r.key),
        ]
        # A chain reaches its lower bound if its tensors alternate between the ends of the arena.
        from_both_ends: list[Callable[[Region], tuple[int, ...]]] = [
            lambda r: (r.first, -r.nbytes, r.key),
            lambda r: (-(r.last - r.first), r.first, -r.nbytes, r.key),
        ]
        attempts = [(order, None) for order in lowest_first] + [(order, self.bound) for order in from_both_ends]
        offsets: dict[int, int] = {}
        best: int | None = None
        for order, ceiling in attempts:
            layout = self._greedy(sorted(self.items, key=order), ceiling)
            total = self._total(layout)
            if best is None or total < best:
                offsets, best = layout, total
            if best == self.bound:
                return offsets
        assert best is not None
        if len(self.items) <= _SEARCHED_REGIONS:
            for ceiling in (
                self.bound,
                *(aligned(self.bound * percent // 100) for percent in (102, 105, 110, 120, 140)),
            ):
                better = self._search_below(ceiling, from_both_ends) if ceiling < best else None
                if better is not None:
                    return better
        return offsets

    def _greedy(self, items: list[Region], ceiling: int | None) -> dict[int, int]:
        """Places regions in order, each as low as possible; with a ceiling, every second one as high as possible."""
        offsets: dict[int, int] = {}
        self.placed[:] = False
        for count, item in enumerate(items):
            forbidden = self._forbidden(item)
            highest = None if ceiling is None or count % 2 == 0 else _highest(forbidden, aligned(item.nbytes), ceiling)
            offsets[item.key] = _lowest(forbidden) if highest is None else highest
            self._place(item, offsets[item.key])
        return offsets

    def _place(self, item: Region, offset: int) -> None:
        number = self.number[item.key]
        self.at[number], self.placed[number] = offset, True

    def _search_below(self, ceiling: int, orders: list[Callable[[Region], tuple[int, ...]]]) -> dict[int, int] | None:
        """Searches depth first: each region lies as low or as high as possible, none beyond ``ceiling``."""
        for order in orders:
            items = sorted(self.items, key=order)
            self.placed[:] = False
            offsets: dict[int, int] = {}
            choices: list[list[int]] = []
            for _ in range(_SEARCH_STEPS):
                if len(choices) == len(offsets):
                    if len(offsets) == len(items):
                        return offsets
                    item = items[len(offsets)]
                    choices.append(self._choices(item, ceiling))
                elif not choices[-1]:
                    choices.pop()
                    if not choices:
                        break
                    latest_item = items[len(choices) - 1]
                    del offsets[latest_item.key]
                    self.placed[self.number[latest_item.key]] = False
                    continue
                if choices[-1]:
                    item = items[len(choices) - 1]
                    offsets[item.key] = choices[-1].pop()
                    self._place(item, offsets[item.key])
        return None

    def _choices(self, item: Region, ceiling: int) -> list[int]:
        forbidden = self._forbidden(item)
        size = aligned(item.nbytes)
        low, high = _lowest(forbidden), _highest(forbidden, size, ceiling)
        return ([high] if high is not None and high != low else []) + ([low] if low + size <= ceiling else [])

    def _forbidden(self, item: Region) -> Intervals:
        """Open intervals that placed regions forbid for the offset of a region."""
        others = self.beside[self.number[item.key]]
        others = others[self.placed[others]]
        below, above = np.full(len(others), aligned(item.nbytes)), self.sizes[others]
        for key, overlap in self.shared.get(item.key, ()):
            at = others == self.number[key]
            before, behind = (below, above) if overlap.target == item.key else (above, below)
            before[at] = np.minimum(before[at], aligned(overlap.lead))
            if overlap.lag is not None:
                behind[at] = np.minimum(behind[at], aligned(overlap.lag))
        apart = -below < above
        return (self.at[others] - below)[apart], (self.at[others] + above)[apart]

    def _total(self, offsets: dict[int, int]) -> int:
        return max((offsets[i.key] + aligned(i.nbytes) for i in self.items), default=0)


def _live_together(first: IntArray, last: IntArray, behind: IntArray) -> list[IntArray]:
    """For each region the numbers of those that share a step with it; ``behind`` is the first that begins later."""
    numbers = np.arange(len(first))
    neighbours = []
    live = numbers[:0]
    for number in range(len(first)):
        live = live[last[live] >= first[number]]
        neighbours.append(np.concatenate([live, numbers[number + 1 : behind[number]]]))
        live = np.append(live, number)
    return neighbours


def _best_fit(items: list[Region]) -> dict[int, int]:
    """Offsets of regions in the order of time; each goes into the smallest gap that holds it."""
    offsets: dict[int, int] = {}
    ends: list[tuple[int, int, int]] = []  # of live regions: last step, offset, size
    gaps: list[tuple[int, int]] = []  # size and offset, the smallest first
    starts: dict[int, int] = {}  # sizes of gaps by their starts
    stops: dict[int, int] = {}  # starts of gaps by their ends
    top = 0

    def take(gap: tuple[int, int]) -> None:
        del gaps[bisect_left(gaps, gap)]
        del starts[gap[1]], stops[gap[1] + gap[0]]

    def free(start: int, size: int) -> None:
        """Adds a gap and merges it with the gaps that it touches."""
        if start in stops:
            before = stops[start]
            take((start - before, before))
            start, size = before, size + start - before
        if start + size in starts:
            after = starts[start + size]
            take((after, start + size))
            size += after
        insort(gaps, (size, start))
        starts[start], stops[start + size] = size, start

    for item in items:
        while ends and ends[0][0] < item.first:
            _, start, size = heappop(ends)
            free(start, size)
        size = aligned(item.nbytes)
        place = bisect_left(gaps, (size, 0))
        if not size:
            offsets[item.key] = 0
            continue
        if place < len(gaps):
            whole, offset = gaps[place]
            take(gaps[place])
            if whole > size:
                free(offset + size, whole - size)
        else:
            offset = stops.get(top, top)
            if offset < top:
                take((top - offset, offset))
            top = offset + size
        offsets[item.key] = offset
        heappush(ends, (item.last, offset, size))
    return offsets


def _lowest(forbidden: Intervals) -> int:
    """The least offset from 0 on that lies in no interval."""
    starts, ends = forbidden
    order = np.argsort(starts)
    reach = np.maximum.accumulate(np.append(0, ends[order]))  # how high the intervals so far push the offset
    free = np.append(reach[:-1] <= starts[order], True)
    return int(reach[free.argmax()])


def _highest(forbidden: Intervals, nbytes: int, ceiling: int) -> int | None:
    """The greatest offset that lies in no interval and leaves ``nbytes`` below the ceiling; None without one."""
    starts, ends = forbidden
    order = np.argsort(-ends)
    reach = np.minimum.accumulate(np.append(ceiling - nbytes, starts[order]))
    free = np.append(reach[:-1] >= ends[order], True)
    offset = int(reach[free.argmax()])
    return offset if offset >= 0 else None


def _lower_bound(items: list[Region], overlaps: list[Overlap]) -> int:
    """The most bytes that are live at once; an input and an output that may overlap count with their joint size."""
    change: dict[int, int] = {}
    sizes = {i.key: aligned(i.nbytes) for i in items}
    for i in items:
        change[i.first] = change.get(i.first, 0) + sizes[i.key]
        change[i.last + 1] = change.get(i.last + 1, 0) - sizes[i.key]
    saved: dict[int, int] = {}
    by_key = {i.key: i for i in items}
    for o in overlaps:
        source, target = sizes[o.source], sizes[o.target]
        sizes_together = [
            max(source + aligned(o.lead), target),
            *([] if o.lag is None else [max(target + aligned(o.lag), source)]),
        ]
        together = max(min(source + target, *sizes_together), source, target)
        step = by_key[o.target].first
        saved[step] = saved.get(step, 0) + source + target - together
    live = most = 0
    for step in sorted(change):
        live += change[step]
        most = max(most, live - saved.get(step, 0))
    return most
