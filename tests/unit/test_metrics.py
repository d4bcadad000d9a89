"""The figures of an evaluation: on data small enough to count by hand, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.evaluation.budgeted import Heard, averaged, lockout_peaks
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.metrics import (
    Point,
    Track,
    clip_scores,
    curve,
    detector_with,
    equal_error_rate,
    false_alarms,
    is_detected,
    operating_point,
    partial_auc,
    poisson_interval,
    wilson_interval,
)
from wwtool.frontend.geometry import MICRO

PLAIN = DetectorConfig(average_window=1, on_threshold=100, off_threshold=50, lockout=0, warmup=0)
scores = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.asarray)


def track(values: list[int], segments: list[tuple[int, int]] | None = None, labels: tuple[str, ...] = ()) -> Track:
    bounds = np.asarray(segments if segments is not None else [(0, len(values))], np.int64).reshape(-1, 2)
    return Track(np.asarray(values, np.uint8), bounds, labels or ("x",) * len(bounds), 3)


def points(rates: list[float], recalls: list[float] | None = None) -> list[Point]:
    """By rising threshold, from 1; without ``recalls``, every threshold loses a little more."""
    recalls = recalls or [1.0 - 0.01 * i for i in range(len(rates))]
    return [
        Point(i + 1, {"clean": recall}, int(rate), rate)
        for i, (rate, recall) in enumerate(zip(rates, recalls, strict=True))
    ]


curves = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40).map(
    lambda rows: [Point(i + 1, {"clean": a, "noisy": b}, int(rate), rate) for i, (rate, a, b) in enumerate(rows)]
)


def mean_recall(point: Point) -> float:
    return sum(point.recall.values()) / len(point.recall)


@pytest.mark.parametrize(
    ("rates", "budget", "threshold"),
    [
        ([9, 5, 2, 1, 0.4, 0], 0.5, 5),
        ([9, 5, 0.4, 1, 0.4, 0], 0.5, 5),  # a dip that does not last is not trusted
        ([0, 0, 0], 0.5, 1),
        ([9, 9, 9], 0.5, 3),  # none keeps it: the highest
        ([9, 0.5], 0.5, 2),
    ],
)
def test_operating_point(rates: list[float], budget: float, threshold: int) -> None:
    assert operating_point(points(rates), budget).threshold == threshold


def test_the_reference_is_the_best_recall_within_the_budget() -> None:
    """At the lowest threshold the detector hardly re-arms: what it finds there says nothing of the others."""
    recalls = [0.025, 1.0, 1.0, 0.975, 0.5, 0.025]
    assert operating_point(points([0.0] * 6, recalls), 0.5).threshold == 3
    assert operating_point(points([0.0] * 6, recalls), 0.5, spare=0.03).threshold == 4
    assert operating_point(points([0.0] * 6, recalls), 0.5, spare=None).threshold == 2
    assert operating_point(points([0.0, 9, 0, 0, 0, 0], recalls), 0.5).threshold == 3
    assert operating_point(points([9, 9, 9, 9, 0, 0], recalls), 0.5).threshold == 5


@settings(max_examples=200, deadline=None)
@given(curves, st.floats(0.01, 5), st.none() | st.floats(0.0, 0.5))
def test_the_operating_point_keeps_the_budget_and_loses_no_more_than_is_spare(
    curve: list[Point], budget: float, spare: float | None
) -> None:
    chosen = operating_point(curve, budget, spare)
    kept = [p for p in curve if all(q.per_hour <= budget for q in curve[p.threshold - 1 :])]
    if not kept:
        assert chosen == curve[-1]
        return
    least = max(map(mean_recall, kept)) - (spare or 0.0)
    assert chosen in kept
    assert mean_recall(chosen) >= least
    worse = [p for p in kept if p.threshold < chosen.threshold] if spare is None else curve[chosen.threshold :]
    assert all(mean_recall(point) < least for point in worse)


@settings(max_examples=300, deadline=None)
@given(curves, st.floats(0, 10), st.floats(0, 10), st.none() | st.floats(0.0, 0.5))
def test_a_larger_budget_never_gives_less_recall(
    curve: list[Point], one: float, other: float, spare: float | None
) -> None:
    small, large = (operating_point(curve, budget, spare) for budget in sorted((one, other)))
    assert mean_recall(large) >= mean_recall(small)
    assert large.threshold <= small.threshold


def spoken(levels: list[int]) -> Track:
    """A clip for every level: silence, eight outputs of that level, silence."""
    clip = [[0] * 70 + [level] * 8 + [0] * 70 for level in levels]
    starts = range(0, 148 * len(levels), 148)
    return track([p for c in clip for p in c], [(start, start + 148) for start in starts], ("x",) * len(levels))


def best(positive: list[int], negative: list[int], budget: float = 9.0, spare: float = 0.01) -> Point:
    """The operating point of a model whose clips peak at these levels; negatives stand in 0.1 hours of silence."""
    heard = spoken(negative)
    silence = np.zeros(12_000, np.uint8)
    quiet = Track(np.concatenate([heard.probabilities, silence]), heard.segments, heard.labels, 3)
    return operating_point(curve({"clean": spoken(positive)}, quiet, DetectorConfig(), 0.7), budget, spare)


@settings(max_examples=20, deadline=None)
@given(st.data(), st.integers(0, 240), st.sampled_from([1.0, 15.0, 1000.0]))
def test_a_separated_model_gets_a_threshold_between_the_two(data: st.DataObject, split: int, budget: float) -> None:
    """Also where every threshold keeps the budget, because it is loose or there is nothing that sounds alike."""
    positive = data.draw(st.lists(st.integers(split + 10, 255), min_size=1, max_size=40), "positive")
    negative = data.draw(st.lists(st.integers(0, split), max_size=8), "negative")
    chosen = best(positive, negative, budget)
    assert chosen.recall["clean"] == 1.0
    assert chosen.threshold == min(positive)
    assert chosen.false_alarms == 0 or chosen.per_hour <= budget


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(10, 85), min_size=1, max_size=30), st.lists(st.integers(0, 60), max_size=8))
def test_the_scale_of_the_scores_does_not_matter(positive: list[int], negative: list[int]) -> None:
    small = best(positive, negative)
    large = best([3 * level for level in positive], [3 * level for level in negative])
    assert large.recall == small.recall
    assert large.false_alarms == small.false_alarms
    assert (
        large.threshold == small.threshold == 255 or 3 * small.threshold - 2 <= large.threshold <= 3 * small.threshold
    )


def test_found_looks_into_every_clip() -> None:
    t = track([0, 200, 0, 0, 0, 200, 0, 0], [(0, 3), (3, 5), (5, 8), (8, 8)])
    assert is_detected(t, PLAIN).tolist() == [True, False, True, False]


def test_false_alarms_count_to_their_clip_or_the_one_before() -> None:
    t = track([200, 0, 200, 0, 200, 0], [(1, 2), (3, 6)], ("a", "b"))
    assert false_alarms(t, PLAIN) == {"a": 2, "b": 1}
    assert false_alarms(track([0] * 9), PLAIN) == {}


def test_hours() -> None:
    assert track([0] * (MICRO.frames_per_hour // 3)).hours == 1.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_curve_has_every_threshold_and_recall_falls(seed: int) -> None:
    random = np.random.default_rng(seed)
    positive = track(random.integers(0, 256, 60).tolist(), [(i, i + 20) for i in range(0, 60, 20)])
    negative = track(random.integers(0, 256, 60).tolist())
    config = DetectorConfig(average_window=1, on_threshold=1, off_threshold=1, lockout=0, warmup=0)
    result = curve({"clean": positive, "none": track([0], [])}, negative, config, 1.0)
    assert [p.threshold for p in result] == list(range(1, 256))
    recalls = [p.recall["clean"] for p in result]
    assert all(0.0 <= r <= 1.0 for r in recalls)
    assert all(p.recall["none"] == 0.0 for p in result)
    assert all(p.per_hour == p.false_alarms / negative.hours for p in result)
    # A clip is found at a threshold only if some output in it reaches that.
    best = np.asarray([positive.probabilities[a:b].max() for a, b in positive.segments])
    assert all(p.recall["clean"] <= np.mean(best >= p.threshold) for p in result)


def test_detector_with_scales_both_thresholds() -> None:
    made = detector_with(PLAIN, 201, 0.7)
    assert (made.on_threshold, made.off_threshold, made.average_window) == (201, 140, 1)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 255), st.floats(0, 1))
def test_a_detector_can_always_re_arm(threshold: int, ratio: float) -> None:
    made = detector_with(PLAIN, threshold, ratio)
    assert made.on_threshold == threshold
    assert 1 <= made.off_threshold < threshold or made.off_threshold == threshold == 1
    word = np.asarray([255, 0] * 3, np.uint8)
    assert detect(word, made) == [0, 2, 4]


def test_clip_scores_are_the_best_average() -> None:
    t = track([0, 255, 255, 0, 0, 51], [(0, 4), (4, 6), (6, 6)])
    assert clip_scores(t, 1).tolist() == pytest.approx([1.0, 0.2, 0.0])
    assert clip_scores(t, 2)[0] == pytest.approx(1.0)
    assert clip_scores(t, 3)[0] == pytest.approx(2 / 3)
    assert clip_scores(track([9], [(0, 1)]), 5).tolist() == [0.0]


def test_equal_error_rate_on_known_data() -> None:
    high, low = np.asarray([0.8, 0.9, 0.95]), np.asarray([0.1, 0.2, 0.3])
    assert equal_error_rate(high, low) == 0.0
    assert equal_error_rate(low, high) == pytest.approx(1.0)
    assert equal_error_rate(np.asarray([0.2, 0.8, 0.9, 1.0]), np.asarray([0.1, 0.2, 0.3, 0.9])) == pytest.approx(0.25)
    assert equal_error_rate(high, high) == pytest.approx(0.5, abs=0.2)
    assert np.isnan(equal_error_rate(high, low[:0]))


def test_partial_auc_on_known_data() -> None:
    high, low = np.linspace(0.8, 0.9, 50), np.linspace(0.1, 0.2, 50)
    assert partial_auc(high, low) == pytest.approx(1.0)
    assert partial_auc(low, high) == 0.0
    # One negative of twenty above all positives: nothing is found below a rate of 0.05.
    negative = np.concatenate([np.full(19, 0.1), [0.99]])
    assert partial_auc(high, negative) == pytest.approx(1 / 101)
    assert partial_auc(high, negative, 0.1) == pytest.approx(51 / 101, abs=0.01)
    assert np.isnan(partial_auc(high[:0], low))


@settings(max_examples=200, deadline=None)
@given(scores, scores)
def test_rates_are_rates(positive: np.ndarray, negative: np.ndarray) -> None:
    assert 0.0 <= equal_error_rate(positive, negative) <= 1.0
    assert 0.0 <= partial_auc(positive, negative) <= 1.0
    assert partial_auc(positive + 2.0, negative) == pytest.approx(1.0)
    assert equal_error_rate(positive + 2.0, negative) == 0.0


def test_wilson_interval() -> None:
    low, high = wilson_interval(81, 81)
    assert low == pytest.approx(0.9547, abs=1e-3)
    assert high == pytest.approx(1.0)
    assert wilson_interval(0, 0) == (0.0, 1.0)
    low, high = wilson_interval(50, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=1e-3), pytest.approx(0.5962, abs=1e-3))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_proportion(counts: tuple[int, int]) -> None:
    low, high = wilson_interval(*counts)
    assert 0.0 <= low <= counts[0] / counts[1] <= high <= 1.0


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (1000, 938.97, 1063.96)],  # chi-squared quantiles
)
def test_poisson_interval(events: int, low: float, high: float) -> None:
    assert poisson_interval(events, 1.0) == (pytest.approx(low, abs=1e-2), pytest.approx(high, abs=1e-2))
    assert poisson_interval(events, 2.0)[1] == pytest.approx(high / 2, abs=1e-2)


def test_recall_at_a_budget_counts_what_the_alarms_leave() -> None:
    negative = np.zeros(400)
    negative[[10, 11, 12, 150, 300]] = [0.9, 0.8, 0.9, 0.6, 0.3]  # three alarms: the first three are one
    clean, noisy = np.array([0.95, 0.7, 0.5, 0.2]), np.array([0.95, 0.1])

    def recall(per_hour: float) -> float:
        return Heard({"clean": clean, "noisy": noisy}, lockout_peaks(negative, 50), 1.0).recall(per_hour)

    assert [recall(n) for n in (0, 1, 2, 3)] == pytest.approx([0.375, 0.5, 0.625, 1.0])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.integers(1, 8))
def test_the_moving_mean_is_that_of_the_detector(values: list[float], window: int) -> None:
    padded = [0.0] * (window - 1) + values
    expected = [sum(padded[i : i + window]) / window for i in range(len(values))]
    assert averaged(np.asarray(values), window) == pytest.approx(expected, abs=1e-9)
