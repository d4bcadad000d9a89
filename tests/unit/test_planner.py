"""The arena's layout, checked by a verifier that knows nothing of how it was made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.compiler.memory import planner
from wwtool.compiler.memory.planner import ALIGNMENT, Layout, Overlap, Region, aligned, plan

regions = st.lists(
    st.tuples(st.integers(1, 5000), st.integers(0, 20), st.integers(0, 20)).map(
        lambda t: (t[0], min(t[1:]), max(t[1:]))
    ),
    max_size=25,
).map(lambda items: [Region(key, *item) for key, item in enumerate(items)])


def live_bytes(items: list[Region], overlaps: Sequence[Overlap] = ()) -> int:
    """The most that is live at once, step by step; a pair that may overlap counts as the least it can take."""
    steps = {step for r in items for step in range(r.first, r.last + 1)}
    sizes = {r.key: aligned(r.nbytes) for r in items}
    most = 0
    for step in steps:
        live = {r.key for r in items if r.first <= step <= r.last}
        total = sum(sizes[key] for key in live)
        for o in overlaps:
            if {o.source, o.target} <= live:
                a, b = sizes[o.source], sizes[o.target]
                shifts = [aligned(o.lead)] + ([aligned(o.lag)] if o.lag is not None else [])
                joint = [max(shift + (a if n == 0 else b), b if n == 0 else a) for n, shift in enumerate(shifts)]
                total -= a + b - max(min([a + b, *joint]), a, b)
        most = max(most, total)
    return most


def apart(a: Region, b: Region, layout: Layout) -> bool:
    low, high = sorted((a, b), key=lambda r: layout.offsets[r.key])
    return layout.offsets[low.key] + low.nbytes <= layout.offsets[high.key]


def allowed(overlap: Overlap, layout: Layout) -> bool:
    distance = layout.offsets[overlap.target] - layout.offsets[overlap.source]
    return distance <= -overlap.lead or (overlap.lag is not None and distance >= overlap.lag)


def verify(items: list[Region], layout: Layout, overlaps: Sequence[Overlap] = ()) -> None:
    assert layout.offsets.keys() == {r.key for r in items}
    assert all(offset >= 0 and offset % ALIGNMENT == 0 for offset in layout.offsets.values())
    for a, b in combinations(items, 2):
        if set(range(a.first, a.last + 1)) & set(range(b.first, b.last + 1)):
            shared = [o for o in overlaps if {o.source, o.target} == {a.key, b.key}]
            assert apart(a, b, layout) or any(allowed(o, layout) for o in shared)
    end = max((layout.offsets[r.key] + r.nbytes for r in items), default=0)
    assert layout.total == aligned(end)
    assert layout.lower_bound == live_bytes(items, overlaps)
    assert layout.total >= layout.lower_bound


@settings(max_examples=400, deadline=None)
@given(regions)
def test_every_layout_is_sound(items: list[Region]) -> None:
    layout = plan(items)
    verify(items, layout)
    assert layout.total <= sum(aligned(r.nbytes) for r in items)


@settings(max_examples=200, deadline=None)
@given(regions, st.randoms(use_true_random=False))
def test_the_order_of_the_regions_does_not_matter(items: list[Region], random: object) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan(items) == plan(shuffled)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_a_chain_takes_no_more_than_its_largest_pair(sizes: list[int]) -> None:
    """In a chain every tensor lives from its own layer to the next."""
    layout = plan([Region(i, size, i, i + 1) for i, size in enumerate(sizes)])
    assert layout.total == layout.lower_bound
    assert layout.total == max(aligned(a) + aligned(b) for a, b in zip([*sizes, 0], [*sizes[1:], 0, 0], strict=True))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.integers(1, 500))
def test_a_chain_beside_a_tensor_that_stays(sizes: list[int], staying: int) -> None:
    chain = [Region(i, size, i, i + 1) for i, size in enumerate(sizes)]
    layout = plan([*chain, Region(99, staying, 0, len(sizes))])
    assert layout.total == layout.lower_bound


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_layouts_with_overlaps_are_sound(data: st.DataObject) -> None:
    """A chain whose layers may write over what they have read, beside regions that may not."""
    sizes = data.draw(st.lists(st.integers(1, 2000), min_size=2, max_size=10))
    chain = [Region(i, size, i, i + 1) for i, size in enumerate(sizes)]
    others = [Region(100 + r.key, r.nbytes, r.first, r.last) for r in data.draw(regions)[:6]]
    overlaps = []
    for i in range(len(sizes) - 1):
        if data.draw(st.booleans()):
            lag = data.draw(st.one_of(st.none(), st.integers(-sizes[i + 1], sizes[i])))
            overlaps.append(Overlap(i, i + 1, data.draw(st.integers(-sizes[i], sizes[i + 1])), lag))
    layout = plan([*chain, *others], overlaps)
    verify([*chain, *others], layout, overlaps)
    assert layout.total <= plan([*chain, *others]).total


def test_a_network_that_works_in_place() -> None:
    """Windows of three rows shift by 448 bytes forth and back, pointwise layers stay: no more than one of each."""
    chain = [Region(i, 8000, i, i + 1) for i in range(9)]
    overlaps = [Overlap(i, i + 1, 448, 448) if i % 2 else Overlap(i, i + 1, 0, 0) for i in range(8)]
    assert plan(chain, overlaps).total == 8448
    scratch = [Region(100 + i, 256, i + 1, i + 1) for i in range(0, 8, 2)]
    assert plan([*chain, *scratch], overlaps).total == 8448


def test_regions_that_meet_at_a_step_are_kept_apart() -> None:
    assert plan([Region(0, 8, 0, 3), Region(1, 8, 3, 5)]).total == 16
    assert plan([Region(0, 8, 0, 3), Region(1, 8, 4, 5)]).total == 8


@pytest.mark.parametrize(("nbytes", "expected"), [(0, 0), (1, 4), (4, 4), (5, 8)])
def test_alignment(nbytes: int, expected: int) -> None:
    assert aligned(nbytes) == expected


def test_nothing_takes_nothing() -> None:
    assert plan([]) == Layout({}, 0, 0)


@settings(max_examples=300, deadline=None)
@given(regions)
def test_where_too_many_live_together_each_takes_the_gap_that_fits_best(items: list[Region]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "_MOST_PAIRS", 0)
        layout = plan(items)
    verify(items, layout)
    assert layout.total <= sum(aligned(r.nbytes) for r in items)


@pytest.mark.parametrize("count", [2500, 20_000])
def test_time_does_not_grow_faster_than_the_model(count: int) -> None:
    """Chains, with and without overlaps, and regions that are all live at once."""
    chain = [Region(i, 100 + i % 7, i, i + 1) for i in range(count)]
    overlaps = [Overlap(i, i + 1, 0) for i in range(count - 1)]
    together = [Region(i, 4, i, count) for i in range(count)]
    began = time.process_time()
    assert plan(chain).total <= 220
    assert plan(chain, overlaps).total == 108
    assert plan(together).total == 4 * count
    assert time.process_time() - began < count * 0.002
