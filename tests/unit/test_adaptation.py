"""A finished model is adapted to few recordings, and judged on some of them that are left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_training import CONFIG, POOLS, TINY, TINY_RESIDUAL, KilledError, finished, run_of, weights

from wwtool.config import Config
from wwtool.config.adapt import AdaptConfig
from wwtool.errors import InputError
from wwtool.evaluation.few_shot import FewShot, Heard
from wwtool.features.pools import WeightedPool
from wwtool.models.network import Network
from wwtool.pipeline import adaptation
from wwtool.pipeline.adaptation import mixed
from wwtool.pipeline.portions import folds, portions
from wwtool.reports.build_page import people_note
from wwtool.training import loop
from wwtool.training.checkpoint import load_trained
from wwtool.training.loop import train
from wwtool.training.run import Run

__all__ = ["finished"]
SPEAKERS = st.lists(st.integers(0, 6), min_size=1, max_size=40)
ADAPT = CONFIG.model_copy(update={"adapt": AdaptConfig(steps=12, learning_rate=1e-3)})


@given(SPEAKERS, st.integers(1, 5))
def test_every_recording_is_in_one_portion(speakers: list[int], most: int) -> None:
    parts = portions(speakers, most)
    assert sorted(chain.from_iterable(part.clips for part in parts)) == list(range(len(speakers)))
    assert len({part.bundle for part in parts}) == min(most, len(set(speakers)))
    assert len({part.name for part in parts}) == len(parts)
    for speaker in set(speakers):
        assert len({part.bundle for part in parts for clip in part.clips if speakers[clip] == speaker}) == 1


@given(SPEAKERS, st.integers(1, 5))
def test_every_model_that_judges_has_heard_some_and_not_all(speakers: list[int], most: int) -> None:
    parts = portions(speakers, most)
    plan = folds(parts, most)
    assert all(0 < len(fold.left_out) < len(parts) for fold in plan)
    people = [part for fold in plan if fold.people for part in fold.left_out]
    assert sorted(people, key=parts.index) == (parts if len(set(speakers)) > 1 and most > 1 else [])
    for fold in plan:
        if fold.people:
            heard = {part.bundle for part in set(parts) - fold.left_out}
            assert heard.isdisjoint(part.bundle for part in fold.left_out)


def test_one_recording_of_each_of_two_people_leaves_no_half_to_judge() -> None:
    assert [fold.people for fold in folds(portions(["a", "b"], 4), 4)] == [True, True]
    assert folds(portions(["a", "a"], 4), 0) == []


@pytest.mark.parametrize(("count", "share"), [(5, 0.2), (10, 0.3), (20, 0.4), (40, 0.48)])
def test_many_recordings_weigh_more_than_few(count: int, share: float) -> None:
    few = [WeightedPool(replace(POOLS[0].pool, name="few"), count / 2)] * 2
    pools = mixed(POOLS, few, 0.6)
    positives = {True: 0.0, False: 0.0}
    for weighted in pools:
        if weighted.pool.positive:
            positives[weighted.pool.name == "few"] += weighted.weight
    assert positives[True] / sum(positives.values()) == pytest.approx(share)


def adapting(folder: Path, base: Path) -> Run:
    return replace(run_of(folder, ADAPT, "adapted"), base=base)


def test_adapting_begins_with_the_finished_model(tmp_path: Path, finished: Path) -> None:
    before = weights(finished)
    net = train(adapting(tmp_path, finished))
    assert weights(finished) == before
    old = load_trained(finished)[0]
    assert net.logit_shift == old.logit_shift
    moved = [float((a - b).detach().abs().max()) for a, b in zip(net.parameters(), old.parameters(), strict=True)]
    assert 0.0 < max(moved) < 0.5


def test_adapting_goes_on_where_it_was_killed(tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(adapting(tmp_path / "whole", finished))
    step = loop._Trainer._step

    def killed(self: loop._Trainer, learner: object, number: int, *lessons: object) -> None:
        if number == 7:
            raise KilledError
        step(self, learner, number, *lessons)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(loop._Trainer, "_step", killed)
        with pytest.raises(KilledError):
            train(adapting(tmp_path / "killed", finished))
    train(adapting(tmp_path / "killed", finished))
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_another_architecture_cannot_be_adapted(tmp_path: Path, finished: Path) -> None:
    with pytest.raises(InputError, match="does not hold the weights"):
        train(replace(adapting(tmp_path, finished), architecture=TINY_RESIDUAL))


RESULT = FewShot(20, 2, Heard(20, 12, 9), Heard(20, 19, 18), Heard(20, 17, 15))


def test_the_note_says_whom_it_speaks_of() -> None:
    assert RESULT.note == (
        "20 recordings of 2 voices; before adaptation 12 of 20 clean (39% to 78%), 9 with noise; the same people, "
        "recordings left out: 19 of 20 clean (76% to 99%), 18 with noise; people left out: 17 of 20 clean "
        "(64% to 95%), 15 with noise"
    )
    one = replace(RESULT, speakers=1, other_people=None)
    assert one.note.endswith("one speaker: nothing is known of others")
    assert "unknown voices" in replace(one, speakers=None).note


def test_the_report_says_what_was_heard_and_what_recordings_brought() -> None:
    facts = {
        "recordings": 20, "speakers": 1, "before": {"recordings": 4, "clean": 2, "noisy": 1}, "same_people": None,
        "other_people": None,
    }  # fmt: skip
    clips = {"train/positive_natural": {"clips": 9, "distinct_voices": 7, "checked": 10, "left_out": 1,
                                        "checked_by": "Some recognizer"}}  # fmt: skip
    note = people_note(clips, facts)
    assert "tells 7 natural voices apart" in note
    assert "Some recognizer listened to 10 of their clips; 1 did not say the phrase" in note
    assert "adapted to few recordings: 20 recordings of one voice; before adaptation 2 of 4 clean" in note
    assert people_note({"train/positive": {"clips": 3}}, None) == people_note(None, None) == ""


def test_weights_of_pools_are_finite() -> None:
    few = [WeightedPool(POOLS[0].pool, 5.0)]
    assert all(np.isfinite(weighted.weight) for weighted in mixed(POOLS, few, 0.6))


def test_a_teacher_that_never_heard_the_recordings_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    taught = replace(run_of(tmp_path, ADAPT), listeners=(Network(TINY),))
    monkeypatch.setattr(adaptation, "training_of", lambda *_: taught)
    monkeypatch.setattr(adaptation, "load_pools", lambda *_: [WeightedPool(POOLS[0].pool, 1.0)])
    stages: Any = SimpleNamespace(folder=tmp_path)
    config, few = Config(), adaptation.Adaptation({}, 1, tmp_path)
    run = adaptation.adapting(stages, SimpleNamespace(), config, "tcn32", few, tmp_path / "adapted")  # type: ignore[arg-type]
    assert run.listeners == ()
    assert run.base == tmp_path
