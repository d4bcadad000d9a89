"""Successive halving with a trainer that only keeps books."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from test_training import CONFIG, run, run_of, weights

from wwtool.config import Config
from wwtool.pipeline import search as searching
from wwtool.pipeline.preparation import Prepared
from wwtool.pipeline.search import Rung, Score, halve
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.checkpoint import load_checkpoint
from wwtool.training.loop import train_until


class Book:
    """A trainer: scores are a matter of name and step, and every step trained is noted."""

    def __init__(self, scores: dict[str, Sequence[float]]) -> None:
        self.scores, self.steps = scores, {name: [0] for name in scores}

    def __call__(self, names: Sequence[str], step: int) -> dict[str, Score]:
        result = {}
        for name in names:
            result[name] = Score(self.scores[name][len(self.steps[name]) - 1], 0.5)
            self.steps[name].append(step)
        return result


def test_the_worse_half_drops_out_at_every_rung() -> None:
    book = Book(
        {"a": (0.5, 0.1), "b": (0.9, 0.7, 0.6), "c": (0.6,), "d": (0.8, 0.8, 0.7), "e": (0.7, 0.2), "f": (0.1,)}
    )
    rungs = halve("abcdef", (10, 20, 30), book)
    assert [rung.kept for rung in rungs] == [("b", "d", "e"), ("d", "b"), ("d",)]
    assert [rung.steps for rung in rungs] == [10, 20, 30]
    assert {name: steps[-1] for name, steps in book.steps.items()} == {
        "a": 10, "b": 30, "c": 10, "d": 30, "e": 20, "f": 10,
    }  # fmt: skip


@pytest.mark.parametrize(("count", "kept"), [(1, []), (2, [1]), (3, [2, 1]), (5, [3, 2, 1]), (9, [5, 3, 1])])
def test_one_is_left(count: int, kept: list[int]) -> None:
    names = "abcdefghi"[:count]
    rungs = halve(names, (1, 2, 3), lambda left, step: {name: Score(0.5, ord(name)) for name in left})
    assert [len(rung.kept) for rung in rungs] == kept
    assert not rungs or rungs[-1].kept == (names[-1],)


def test_ties_go_by_partial_auc_and_then_by_the_order_given() -> None:
    scores = {"a": Score(0.9, 0.1), "b": Score(0.9, 0.3), "c": Score(0.9, 0.3), "d": Score(0.8, 1.0)}
    assert halve("abcd", (1, 2, 3), lambda left, step: scores)[0].kept == ("b", "c")
    assert halve("acbd", (1, 2, 3), lambda left, step: scores)[0].kept == ("c", "b")


def test_training_up_to_a_rung_and_on_is_training(tmp_path: Path) -> None:
    """Also if it is asked for a rung that lies behind it: then it starts over."""
    config = CONFIG.model_copy(update={"checkpoint_steps": 5})
    run(tmp_path / "whole", config)

    def until(folder: Path, step: int) -> list[float]:
        net = train_until(run_of(folder, config), step)
        found = load_checkpoint(folder)
        assert found is not None
        assert (found[0].stage, found[0].step) == ("float", step)
        return [float(p.detach().abs().sum()) for p in net.parameters()]

    # Mining is at steps 6 and 18.
    first, second = until(tmp_path / "rungs", 6), until(tmp_path / "rungs", 13)
    assert first != second
    assert until(tmp_path / "rungs", 13) == second
    assert until(tmp_path / "rungs", 6) == first
    assert until(tmp_path / "other", 13) == second
    until(tmp_path / "rungs", 18)
    run(tmp_path / "rungs", config)
    assert weights(tmp_path / "rungs") == weights(tmp_path / "whole")
    assert until(tmp_path / "rungs", 6) == first


class Rehearsal:
    """A search whose training and evaluation are replaced: scores by name, deaths on demand."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stages = Stages(folder)
        self.trained: list[tuple[str, int]] = []
        self.dies_at: tuple[str, int] | None = None
        monkeypatch.setattr(searching, "_train", self.train)
        monkeypatch.setattr(searching, "_score", self.score)

    def train(self, stages: Stages, prepared: Prepared, config: Config, name: str, step: int) -> dict[str, str]:
        def work() -> Outcome:
            if (name, step) == self.dies_at:
                raise KeyboardInterrupt
            self.trained.append((name, step))
            return Outcome("", {}, ())

        stages.run(f"{name}@{step}", "", [name, step], work)
        return {"path": name}

    def score(self, stages: Stages, prepared: Prepared, config: Config, names: dict[str, object], step: int) -> object:
        return {name: Score(-float(len(name)), 0.0) for name in names}

    def run(self, *names: str) -> tuple[str, list[Rung]]:
        config = Config.model_validate({"train": {"steps": 100}})
        return searching.search(self.stages, Prepared({}, [], "hey"), config, names)


def test_a_search_goes_on_where_it_was_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsal = Rehearsal(tmp_path, monkeypatch)
    rehearsal.dies_at = ("res32", 50)
    with pytest.raises(KeyboardInterrupt):
        rehearsal.run("tcn48xx", "tcn48x", "tcn32", "res32")
    rehearsal.dies_at = None
    winner, rungs = rehearsal.run("tcn48xx", "tcn48x", "tcn32", "res32")
    assert winner == "tcn32"
    assert [rung.steps for rung in rungs] == [25, 50]
    assert sorted(rehearsal.trained) == [
        ("res32", 25), ("res32", 50), ("tcn32", 25), ("tcn32", 50), ("tcn48x", 25), ("tcn48xx", 25),
    ]  # fmt: skip
    assert rehearsal.run("tcn32") == ("tcn32", [])
