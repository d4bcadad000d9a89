"""Lessons drawn ahead: the same ones, drawn while others are learnt, and never before mining that they depend on."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from test_training import POOLS, TINY, config

from wwtool.training import loop
from wwtool.training.ahead import Ahead
from wwtool.training.checkpoint import NAME
from wwtool.training.run import Run


class Never(Ahead[Any]):
    """Draws every lesson when it is taken."""

    def take(self, step: int, following: bool) -> Any:
        return super().take(step, following=False)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_weights_do_not_depend_on_when_lessons_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    settings = config(
        steps=20,
        qat_steps=10,
        mine_at=(0.25, 0.5),
        threads=threads,
        sampling={"mixup": 0.4},
        optimization={"dropout": 0.2},
    )
    weights = []
    for drawer in (Ahead, Never):
        monkeypatch.setattr(loop, "Ahead", drawer)
        folder = tmp_path / drawer.__name__
        loop.train(Run(folder, TINY, POOLS, settings, "a"))
        weights.append((folder / NAME).read_bytes())
    assert weights[0] == weights[1]


def test_the_next_lesson_is_drawn_while_one_is_learnt() -> None:
    drawn = {step: threading.Event() for step in range(3)}

    def draw(step: int) -> str:
        drawn[step].set()
        return f"{step} in {threading.current_thread().name[:7]}"

    with Ahead(draw) as ahead:
        assert ahead.take(0, following=True) == "0 in MainThr"
        assert drawn[1].wait(10), "nothing is drawn before it is asked for"
        assert ahead.take(1, following=False) == "1 in lessons"
        assert not drawn[2].wait(0.05), "drawn although it was not to be"
        assert ahead.take(2, following=False) == "2 in MainThr"


def test_what_was_drawn_for_another_step_is_not_taken() -> None:
    with Ahead(lambda step: step) as ahead:
        ahead.take(0, following=True)
        assert ahead.take(5, following=False) == 5


def test_what_goes_wrong_in_the_thread_is_raised_where_the_lesson_is_taken() -> None:
    def draw(step: int) -> int:
        return 6 // (1 - step)

    with Ahead(draw) as ahead:
        assert ahead.take(0, following=True) == 6
        with pytest.raises(ZeroDivisionError):
            ahead.take(1, following=False)
