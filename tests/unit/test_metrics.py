"""The figures of an evaluation: on data small enough to count by hand, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.metrics import (
    FRAMES_PER_HOUR,
    Point,
    Track,
    clip_scores,
    curve,
    detector_with,
    equal_error_rate,
    false_alarms,
    found,
    operating_point,
    partial_auc,
    wilson_interval,
)

PLAIN = DetectorConfig(average_window=1, on_threshold=100, off_threshold=50, lockout=0, warmup=0)
scores = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.asarray)


def track(values: list[int], segments: list[tuple[int, int]] | None = None, labels: tuple[str, ...] = ()) -> Track:
    bounds = np.asarray(segments if segments is not None else [(0, len(values))], np.int64).reshape(-1, 2)
    return Track(np.asarray(values, np.uint8), bounds, labels or ("x",) * len(bounds), 3)


def points(rates: list[float]) -> list[Point]:
    return [Point(i + 1, {}, int(rate), rate) for i, rate in enumerate(rates)]


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


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0.01, 50))
def test_the_operating_point_keeps_the_budget_from_there_on(rates: list[float], budget: float) -> None:
    chosen = operating_point(points(rates), budget)
    if rates[-1] <= budget:
        assert all(rate <= budget for rate in rates[chosen.threshold - 1 :])
        assert chosen.threshold == 1 or rates[chosen.threshold - 2] > budget
    else:
        assert chosen.threshold == len(rates)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40),
    st.floats(0.01, 5),
    st.floats(0.001, 0.5),
)
def test_spare_recall_buys_a_higher_threshold(
    rows: list[tuple[float, float, float]], budget: float, spare: float
) -> None:
    curve = [Point(i + 1, {"clean": a, "noisy": b}, int(rate), rate) for i, (rate, a, b) in enumerate(rows)]

    def mean(point: Point) -> float:
        return (point.recall["clean"] + point.recall["noisy"]) / 2

    lowest, chosen = operating_point(curve, budget), operating_point(curve, budget, spare)
    assert chosen.threshold >= lowest.threshold
    assert mean(chosen) >= mean(lowest) - spare
    assert all(mean(point) < mean(lowest) - spare for point in curve[chosen.threshold :])


def test_found_looks_into_every_clip() -> None:
    t = track([0, 200, 0, 0, 0, 200, 0, 0], [(0, 3), (3, 5), (5, 8), (8, 8)])
    assert found(t, PLAIN).tolist() == [True, False, True, False]


def test_false_alarms_count_to_their_clip_or_the_one_before() -> None:
    t = track([200, 0, 200, 0, 200, 0], [(1, 2), (3, 6)], ("a", "b"))
    assert false_alarms(t, PLAIN) == {"a": 2, "b": 1}
    assert false_alarms(track([0] * 9), PLAIN) == {}


def test_hours() -> None:
    assert track([0] * (FRAMES_PER_HOUR // 3)).hours == 1.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_curve_has_every_threshold_and_recall_falls(seed: int) -> None:
    random = np.random.default_rng(seed)
    positive = track(random.integers(0, 256, 60).tolist(), [(i, i + 20) for i in range(0, 60, 20)])
    negative = track(random.integers(0, 256, 60).tolist())
    config = DetectorConfig(average_window=1, on_threshold=1, off_threshold=0, lockout=0, warmup=0)
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
