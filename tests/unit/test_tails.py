"""Peaks, their tails, and the promise: on streams that the detector runs over, and on simulated kinds of audio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.config import EvaluateConfig
from wwtool.evaluation.detector import DetectorConfig, detect
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.metrics import Track, detector_with, false_alarms
from wwtool.evaluation.peaks import (
    Peaks,
    ceiling_of,
    floor_of,
    level_of,
    peak_positions,
    peaks_by_label,
    scores,
    threshold_levels,
)
from wwtool.evaluation.promise import Promise
from wwtool.evaluation.tails import TailPrior, drawn_rates, expected_rates, shared_prior, tail_of

SHAPE = DetectorConfig(warmup=0)
FLOOR, CEILING = floor_of(SHAPE), ceiling_of(SHAPE)
USUAL = TailPrior(8.0, 1.0)
streams = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 20)), min_size=1, max_size=40).map(
    lambda runs: np.asarray([level for level, length in runs for _ in range(length)], np.uint8)
)


@st.composite
def shapes(draw: st.DrawFn) -> DetectorConfig:
    window = draw(st.integers(1, 8))
    return DetectorConfig(
        average_window=draw(st.integers(1, 12)), votes_window=window, votes_needed=draw(st.integers(1, window)),
        on_threshold=draw(st.integers(1, 255)), off_threshold=1, warmup=0, lockout=draw(st.sampled_from([0, 5, 66])),
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(streams, shapes())
def test_the_detector_fires_where_a_score_reaches_the_threshold(stream: np.ndarray, shape: DetectorConfig) -> None:
    reached = np.flatnonzero(scores(stream, shape) >= shape.on_threshold * shape.average_window)
    assert detect(stream, shape)[:1] == reached[:1].tolist()


@settings(max_examples=200, deadline=None)
@given(streams, st.integers(1, 30))
def test_peaks_are_the_highest_within_their_distance(stream: np.ndarray, apart: int) -> None:
    values = stream.astype(np.int64)
    places = peak_positions(values, apart, 1)
    assert values[places].tolist() == sorted(values[places].tolist(), reverse=True)
    ordered = np.sort(places)
    assert (np.diff(ordered) >= apart).all()
    if values.max() > 0:
        assert values[places[0]] == values.max()


def test_peaks_count_the_false_alarms_of_every_threshold() -> None:
    """Over an hour with an event every few seconds, the peaks and the detector count alike."""
    generator = np.random.default_rng(4)
    outputs = np.zeros(120_000, np.uint8)
    for start in range(50, 119_000, 120):
        outputs[start : start + 8] = generator.integers(0, 256)
    track = Track(outputs, np.asarray([(0, 60_000), (60_000, 120_000)]), ("a", "b"), 3)
    peaks = peaks_by_label(track, SHAPE)
    for threshold in (20, 100, 200, 255):
        level = threshold_levels(SHAPE)[threshold - 1]
        counted = {label: int((entry.levels >= level).sum()) for label, entry in peaks.items()}
        assert counted == false_alarms(track, detector_with(SHAPE, threshold, 0.7))
    assert {label: entry.hours for label, entry in peaks.items()} == {"a": 0.5, "b": 0.5}


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 255), st.integers(1, 32), st.integers(0, 8160))
def test_a_level_reaches_a_threshold_where_the_sum_does(threshold: int, window: int, total: int) -> None:
    shape = DetectorConfig(average_window=window)
    total = min(total, 255 * window)
    reached = level_of(np.asarray([total]), shape)[0] >= threshold_levels(shape)[threshold - 1]
    assert reached == (total >= threshold * window)
    assert level_of(np.asarray([total]), shape)[0] <= ceiling_of(shape)


def simulated(generator: np.random.Generator, rate: float, hours: float, fall: float, shift: float = 0.0) -> Peaks:
    """Peaks from ``shift`` - 3 logits on, ``rate`` an hour, whose heights fall by e in ``fall`` logits."""
    count = generator.poisson(rate * hours)
    levels = shift - 3.0 + generator.exponential(fall, count)
    return Peaks(np.clip(np.sort(levels)[::-1], FLOOR, CEILING), hours)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.5, 1.8), st.floats(20, 200), st.floats(0.5, 4))
def test_exponential_tails_are_recovered(seed: int, fall: float, rate: float, hours: float) -> None:
    """Where the true rate is one in two hours, the model is within four of its own standard errors, in logarithms."""
    tail = tail_of(simulated(np.random.default_rng(seed), rate, hours, fall), FLOOR, CEILING)
    if tail.count < 5:
        return
    level = np.asarray([-3.0 + fall * np.log(rate / 0.5)])
    error = np.sqrt(1 / tail.count + ((level[0] - tail.start) / fall) ** 2 / (tail.count + USUAL.shape))
    off = np.log(expected_rates(tail, TailPrior(USUAL.shape, fall), level)[0] / 0.5)
    assert -4 * error < off < 4 * error + error**2


@pytest.mark.parametrize("bend", [-0.4, -0.2, 0.0])
def test_the_interval_holds_the_true_rate(bend: float) -> None:
    """Of 200 kinds of half an hour, with exponential tails and generalised Pareto tails that end: at least 80 % below
    the 80 % end, give or take three standard errors. A tail that ends is overestimated, never the other way.
    """
    generator, held = np.random.default_rng(1), 0
    for _ in range(200):
        heights = generator.exponential(1.0, generator.poisson(100))
        heights = heights if bend == 0 else np.expm1(bend * heights) / bend
        tail = tail_of(Peaks(np.sort(np.clip(heights - 3.0, FLOOR, CEILING))[::-1], 0.5), FLOOR, CEILING)
        true = 200.0 * (np.exp(-3.0) if bend == 0 else max(1 + bend * 3.0, 0.0) ** (-1 / bend) if bend else 0)
        draws = drawn_rates(tail, USUAL, np.asarray([0.0]), np.zeros(500), generator)[:, 0]
        held += bool(true <= np.quantile(draws, 0.8))
    assert held >= 200 * 0.8 - 3 * np.sqrt(200 * 0.8 * 0.2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-64, 64), max_size=60), st.floats(0.05, 5), st.integers(-32, 32))
def test_rates_fall_and_move_with_the_levels(heights: list[int], hours: float, steps: int) -> None:
    grid, shift = np.arange(-48, 112, 4) / 16, steps / 16  # sixteenths: their sums are exact
    levels = np.sort(np.asarray(heights, np.float64) / 16)[::-1]
    tail = tail_of(Peaks(levels, hours), -20.0, 20.0)
    rates = expected_rates(tail, USUAL, grid)
    assert (np.diff(rates) <= 1e-12).all()
    assert (rates > 0).all()
    moved = tail_of(Peaks(levels + shift, hours), -20.0 + shift, 20.0 + shift)
    assert expected_rates(moved, USUAL, grid + shift) == pytest.approx(rates, rel=1e-6)
    longer = tail_of(Peaks(levels, 2 * hours), -20.0, 20.0)
    assert expected_rates(longer, USUAL, grid) == pytest.approx(rates / 2)


def test_peaks_at_the_ceiling_count_as_higher_than_can_be_told() -> None:
    low = Peaks(np.asarray([1.0] * 30), 1.0)
    cut = tail_of(Peaks(np.asarray([CEILING] * 4 + [0.0] * 20), 1.0), FLOOR, CEILING)
    assert (cut.count, cut.ended) == (4, 0)
    assert expected_rates(cut, USUAL, np.asarray([CEILING]))[0] > 4
    assert tail_of(low, FLOOR, CEILING).start == 1.0
    many = tail_of(Peaks(np.asarray([CEILING] * 100), 1.0), FLOOR, CEILING)
    assert expected_rates(many, USUAL, np.asarray([5.0, CEILING])) == pytest.approx(100, rel=0.02)


def test_the_prior_follows_the_kinds() -> None:
    generator = np.random.default_rng(2)
    for fall in (0.5, 1.5):
        tails = [tail_of(simulated(generator, 100, 1, fall), FLOOR, CEILING) for _ in range(8)]
        assert shared_prior(tails).length == pytest.approx(fall, rel=0.2)
    assert shared_prior([]).length == pytest.approx(1.0, rel=0.1)


def promise(peaks: dict[str, Peaks], facts: dict[str, KindFacts] | None = None, **settings_: float) -> Promise:
    return Promise.of_peaks(peaks, facts or {}, SHAPE, EvaluateConfig(**settings_))


@pytest.mark.parametrize("spread", [0.5, 1.0])
def test_the_promise_is_kept_on_kinds_never_met(spread: float) -> None:
    """Thirty times eight kinds of 20 minutes, whose levels differ by ``spread`` logits: the rate that is expected of
    all kinds in the world, at the chosen threshold, keeps the budget on the mean and in at least the share promised.
    """
    generator, rates = np.random.default_rng(3), []
    for _ in range(30):
        kinds = {f"k{i}": simulated(generator, 60, 1 / 3, 1.0, generator.normal(0, spread)) for i in range(8)}
        chosen = promise(kinds)
        level = threshold_levels(SHAPE)[chosen.lowest(chosen.upper()) - 1]
        rates.append(60 * np.exp(-(level + 3.0) + spread**2 / 2))  # the mean of a log-normal
    assert np.mean(rates) <= 0.5
    assert np.mean(np.asarray(rates) <= 0.5) >= 0.8
    assert np.mean(rates) >= 0.05  # and recall is not given away


def test_a_kind_left_out_is_judged_by_the_others() -> None:
    generator = np.random.default_rng(5)
    kinds = {f"k{i}": simulated(generator, 60, 0.5, 1.0) for i in range(4)} | {
        "loud": simulated(generator, 60, 0.5, 1.0, 3.0)
    }
    rates = promise(kinds).cross_fitted()
    assert set(rates) == set(kinds)
    assert max(rates, key=lambda kind: rates[kind]) == "loud"
    assert promise({"k0": kinds["k0"]}).cross_fitted() == {}


def test_shares_weigh_the_kinds_and_more_confidence_costs_a_higher_threshold() -> None:
    generator = np.random.default_rng(6)
    kinds = {"quiet": simulated(generator, 5, 1, 1.0, -3.0), "loud": simulated(generator, 60, 1, 1.0, 0.5)}

    def chosen(share: float, **settings_: float) -> int:
        made = promise(kinds, {"quiet": KindFacts(1 - share), "loud": KindFacts(share)}, evenness=0.0, **settings_)
        return made.lowest(made.upper())

    assert chosen(0.0) < chosen(0.1) < chosen(0.9)
    assert chosen(0.1, confidence=0.6) < chosen(0.1, confidence=0.95)
    assert chosen(0.1, false_alarms_per_hour=5.0) < chosen(0.1)
    assert chosen(0.9, unseen_shift=6.0) == 255  # none keeps it: the highest


def kinds_at(shift: float) -> dict[str, Peaks]:
    generator = np.random.default_rng(7)
    return {f"k{i}": simulated(generator, 60, 0.5, 1.0, shift) for i in range(5)}


@given(shift=st.floats(-2.5, 2.5), weight=st.floats(0.0, 1.0), usual=st.integers(5, 250))
@settings(max_examples=30, deadline=None)
def test_a_settled_threshold_lies_between_its_own_and_the_usual(shift: float, weight: float, usual: int) -> None:
    made = promise(kinds_at(shift), usual_threshold=usual, usual_weight=weight)
    settled, levels = made.settled(EvaluateConfig()), threshold_levels(SHAPE)
    own, found = made.lowest(made.upper()), settled.lowest(settled.upper())
    wanted = levels[own - 1] + np.clip(weight * (levels[usual - 1] - levels[own - 1]), -1.0, 1.0)
    grain = sum(levels[at - 1] - levels[max(at - 2, 0)] for at in (own, found))  # thresholds are whole numbers
    assert levels[found - 1] == pytest.approx(wanted, abs=grain)
    assert settled.upper()[found - 1] <= 0.5  # it keeps the budget by its own account


def test_a_promise_that_no_threshold_keeps_is_not_settled() -> None:
    made = promise(kinds_at(0.0), unseen_shift=6.0)
    assert made.settled(EvaluateConfig()) is made
    assert promise(kinds_at(0.0), usual_weight=0.0).settled(EvaluateConfig()).config.unseen_shift == 0.25


@pytest.mark.parametrize("settings_", [{"false_alarms_per_hour": 0.05}, {"unseen_shift": 1.25}, {"confidence": 0.95}])
def test_what_is_usual_does_not_weaken_other_settings(settings_: dict[str, float]) -> None:
    """A stricter setting moves the threshold about as far as it would without what is usual."""
    levels = threshold_levels(SHAPE)

    def level(**values: float) -> float:
        made = promise(kinds_at(0.0), None, **values).settled(EvaluateConfig())
        return float(levels[made.lowest(made.upper()) - 1])

    alone = level(usual_weight=0.0, **settings_) - level(usual_weight=0.0)
    drawn = level(**settings_) - level()
    assert alone > 0.3
    assert drawn == pytest.approx(alone, rel=0.5)


def test_no_kinds_and_empty_kinds() -> None:
    nothing = promise({"a": Peaks(np.zeros(0), 1.0), "b": Peaks(np.zeros(0), 0.0)})
    assert list(nothing.tails) == ["a"]
    assert (np.diff(nothing.upper()) <= 0).all()
