"""Trainings in processes of their own: the same bytes as one after the other, and everything that they tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from test_training import CONFIG, POOLS, TINY, weights

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.config.augment import SpectrogramConfig
from wwtool.errors import CancelledError, InputError
from wwtool.features.pools import WeightedPool
from wwtool.training import apart
from wwtool.training.apart import train_apart
from wwtool.training.checkpoint import NAME, load_checkpoint
from wwtool.training.loop import train
from wwtool.training.run import Run


def runs_in(folder: Path, listener: events.Listener = events.ignore, pools: list[WeightedPool] = POOLS) -> list[Run]:
    return [
        Run(
            folder / str(seed), TINY, pools, CONFIG.model_copy(update={"seed": seed}), f"run {seed}",
            SpectrogramConfig(), "tiny", listener,
        )
        for seed in range(3)
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "cores", lambda: 2)
    monkeypatch.setattr(apart, "_LEAST_STEPS", 0)


def losses(heard: list[events.Event]) -> list[tuple[str, int, float]]:
    return sorted((event.stage, event.step, event.loss) for event in heard if isinstance(event, events.Loss))


def test_they_end_and_tell_as_one_after_the_other(tmp_path: Path) -> None:
    heard: dict[str, list[events.Event]] = {"apart": [], "alone": []}
    train_apart(runs_in(tmp_path / "apart", heard["apart"].append))
    for run in runs_in(tmp_path / "alone", heard["alone"].append):
        train(run)
    for number in range(3):
        assert weights(tmp_path / "apart" / str(number)) == weights(tmp_path / "alone" / str(number))
    assert losses(heard["apart"]) == losses(heard["alone"]) != []
    assert {type(event) for event in heard["apart"]} == {type(event) for event in heard["alone"]}


def test_one_that_stopped_goes_on(tmp_path: Path) -> None:
    def stop(event: events.Event) -> None:
        if isinstance(event, events.Loss) and event.step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(runs_in(tmp_path / "stopped", stop)[0])
    checkpoint = load_checkpoint(tmp_path / "stopped" / "0")
    assert checkpoint is not None and not checkpoint[0].done
    train_apart(runs_in(tmp_path / "stopped"))
    train_apart(runs_in(tmp_path / "whole"))
    assert weights(tmp_path / "stopped" / "0") == weights(tmp_path / "whole" / "0")


def test_all_end_when_somebody_cancels(tmp_path: Path) -> None:
    cancel = Cancellation()
    runs = [replace(run, cancel=cancel, listener=lambda event: cancel.cancel()) for run in runs_in(tmp_path)]
    long = [replace(run, config=run.config.model_copy(update={"steps": 100_000})) for run in runs]
    with pytest.raises(CancelledError):
        train_apart(long)


def test_what_one_cannot_do_is_said(tmp_path: Path) -> None:
    runs = runs_in(tmp_path)
    runs[1].folder.mkdir(parents=True)
    (runs[1].folder / NAME).write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="checkpoint"):
        train_apart(runs)


def test_a_gradient_without_a_length_is_told(tmp_path: Path) -> None:
    loss, note = events.Loss("float", 10, 20, 0.5, "tiny", 0.1, float("inf")), events.Note("done")
    with (tmp_path / "news").open("w") as file:
        for event in (loss, note):
            apart.write_event(file, event)
    assert next(apart.read_events(tmp_path / "news")) == [replace(loss, gradient_norm=0.0), note]
