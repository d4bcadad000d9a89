"""Figures of classifiers, comparisons of two models, and conditions that make the phrase harder to hear."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool import events
from wwtool.base.files import write_json
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.clip_figures import clip_figures, reliability, roc
from wwtool.evaluation.paired import rate_difference, recall_difference
from wwtool.evaluation.robustness import CONDITIONS, changed
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.jobs import compare
from wwtool.reports.judging import judging_section

scores = st.lists(st.floats(0, 1), min_size=1, max_size=40).map(np.asarray)


def test_figures_at_a_threshold() -> None:
    made = clip_figures(np.array([0.9, 0.8, 0.7, 0.2]), np.array([0.75, 0.3, 0.1, 0.1, 0.1, 0.0]), 0.5)
    assert made is not None
    assert (made.accuracy, made.precision, made.recall, made.f1) == pytest.approx((0.8, 0.75, 0.75, 0.75))
    assert made.auc == pytest.approx(21 / 24)  # pairs in the right order
    assert clip_figures(np.array([]), np.array([0.1]), 0.5) is None


@given(scores, scores)
@settings(max_examples=60, deadline=None)
def test_the_area_is_the_share_of_pairs_in_order(positive: np.ndarray, negative: np.ndarray) -> None:
    rates, recalls = roc(positive, negative)
    assert (np.diff(rates) >= 0).all()
    assert (np.diff(recalls) >= 0).all()
    assert (rates[-1], recalls[-1]) == (1.0, 1.0)
    above = positive[:, None] - negative[None, :]
    expected = ((above > 0) + 0.5 * (above == 0)).mean()
    assert float(np.trapezoid(recalls, rates)) == pytest.approx(expected)


def test_a_temperature_makes_too_sure_scores_reliable() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 1.5, 8000)
    truth = random.random(8000) < 1 / (1 + np.exp(-logits))
    sure = 1 / (1 + np.exp(-3.0 * logits))  # three times as sure as it should be
    made = reliability(sure[truth], sure[~truth])
    assert made.temperature == pytest.approx(3.0, rel=0.1)
    assert made.error_after < 0.03 < made.error
    assert sum(entry.clips for entry in made.bins) == sum(entry.clips for entry in made.bins_after) == 8000


def test_a_paired_bootstrap_sees_what_is_there() -> None:
    random = np.random.default_rng(1)
    first = random.random(300) < 0.8
    better = first | (random.random(300) < 0.4)
    found = recall_difference(first.tolist(), better.tolist())
    assert found.value == pytest.approx(better.mean() - first.mean())
    assert found.p < 0.01
    assert found.interval[0] > 0
    assert recall_difference(first.tolist(), first.tolist()).p == 1.0
    back = recall_difference(better.tolist(), first.tolist())
    assert back.value == -found.value
    assert back.p < 0.01


def test_speakers_are_drawn_whole() -> None:
    """One speaker out of five whom only the second model hears is no proof, however often that speaker speaks."""
    first = [True] * 80 + [False] * 20
    second = [True] * 100
    groups = [number // 20 for number in range(100)]
    assert recall_difference(first, second).p < 0.001
    assert recall_difference(first, second, groups).p > 0.05


def test_recalls_of_other_clips_are_no_pair() -> None:
    with pytest.raises(ValueError, match="the same clips"):
        recall_difference([True], [True, False])


def test_rates_of_false_alarms() -> None:
    same = rate_difference(3, 2.0, 6, 4.0)
    assert same is not None
    assert same.value == 0.0
    assert same.p == pytest.approx(1.0, abs=0.3)
    worse = rate_difference(1, 10.0, 20, 10.0)
    assert worse is not None
    assert worse.p < 0.001
    assert rate_difference(1, 0.0, 1, 1.0) is None


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda c: f"{c.group} {c.name}")
def test_every_condition_changes_a_clip_and_keeps_it_a_clip(condition: object) -> None:
    change = condition.change  # type: ignore[attr-defined]
    if change is None:
        return
    t = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    clip = (6000 * np.sin(2 * np.pi * 440 * t) + 3000 * np.sin(2 * np.pi * 6500 * t)).astype(np.int16)
    (made,) = changed([clip], change)
    assert made.dtype == np.int16
    assert 0.7 * len(clip) < len(made) < 2.1 * len(clip)
    assert not np.array_equal(made[: len(clip)], clip[: len(made)])
    assert np.abs(made.astype(int)).max() > 100
    if condition.group == "peak":  # type: ignore[attr-defined]
        dbfs = float(condition.name.removesuffix(" dBFS"))  # type: ignore[attr-defined]
        assert np.abs(made.astype(int)).max() == pytest.approx(32768 * 10 ** (dbfs / 20), abs=1.0)


def evaluation(folder: Path, clean: str, alarms: int, sha: str = "a") -> Path:
    recall = {"clean": clean.count("1") / len(clean)}
    point = {"threshold": 200, "recall": recall, "false_alarms": alarms, "per_hour": alarms / 2}
    content = {"point": point, "hours": 2.0, "outcomes": {"clean": clean}, "positives_sha256": sha}
    folder.mkdir()
    write_json(folder / "evaluation.json", {"schema": "wwtool.evaluation", "version": 1, **content})
    return folder


def compared(*runs: Path) -> tuple[dict[str, compare.RunDifference], list[str]]:
    told: list[events.Event] = []
    result = compare.run(compare.plan(compare.CompareRequest(runs=runs)), told.append)
    warnings = [event.text for event in told if isinstance(event, events.Warning)]
    return {difference.figure: difference for difference in result.differences}, warnings


def test_runs_are_compared_clip_by_clip(tmp_path: Path) -> None:
    first = evaluation(tmp_path / "first", "10" * 50, 1)
    better = evaluation(tmp_path / "better", "10" * 20 + "11" * 30, 30)
    found, warnings = compared(first, better)
    assert warnings == []
    assert found["recall clean"].value == pytest.approx(0.3)
    assert found["recall clean"].p < 0.01
    assert found["false alarms per hour"].p < 0.01
    assert compared(first, evaluation(tmp_path / "same", "10" * 50, 2))[0]["recall clean"].p == 1.0


def test_other_clips_are_not_compared(tmp_path: Path) -> None:
    runs = evaluation(tmp_path / "a", "1010", 1), evaluation(tmp_path / "b", "1111", 1, sha="b")
    found, (warning,) = compared(*runs)
    assert set(found) == {"false alarms per hour"}
    assert "not evaluated on the same clips" in warning


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    one = evaluation(tmp_path / "one", "10", 0)
    for runs, kind, message in (
        ((one,), UsageError, "give 2 to"), ((one, one), UsageError, "twice"), ((one, tmp_path), InputError, "holds no"),
        ((one, evaluation(tmp_path / "bad", "1x", 0)), InputError, "outcome"),
    ):  # fmt: skip
        with pytest.raises(kind, match=message):
            compare.plan(compare.CompareRequest(runs=runs))


def test_the_report_shows_the_figures() -> None:
    random = np.random.default_rng(0)
    figures = clip_figures(random.beta(5, 1, 80), random.beta(1, 5, 200), 0.7)
    assert figures is not None
    section = judging_section({"figures": asdict(figures)})
    assert section is not None
    for chart in ("roc", "det", "reliability"):
        ElementTree.fromstring(str(section[chart]))
    assert judging_section({}) is None
