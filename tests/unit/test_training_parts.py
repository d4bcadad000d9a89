"""What a training is made of: a dummy of every kind is added and trained with, and what is not known is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from test_training import CONFIG, TINY, run, run_killed, run_of, weights
from torch import Tensor, nn

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.config import AugmentConfig, PoolConfig, TrainConfig
from wwtool.errors import CancelledError, InputError
from wwtool.jobs.settings import read_config
from wwtool.training import stages
from wwtool.training.averaging import AVERAGING
from wwtool.training.checkpoint import load_checkpoint, load_trained
from wwtool.training.course import Course
from wwtool.training.loop import train
from wwtool.training.mining import MINING
from wwtool.training.objectives import OBJECTIVES
from wwtool.training.objectives.objective import Objective, Predictions
from wwtool.training.optimizers import OPTIMIZERS
from wwtool.training.randomness import calibration_generator, step_generator
from wwtool.training.schedules import SCHEDULES
from wwtool.training.stages import Stage


class Hinge(Objective):
    """A hinge with a parameter of its own, so that there is something to train and to save."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(config)
        self.margin = nn.Parameter(torch.ones(()))

    def forward(self, predictions: Predictions) -> Tensor:
        sign = 2.0 * predictions.labels - 1.0
        return torch.relu(self.margin - sign * predictions.logits).mean() + (self.margin - 2.0) ** 2


def momentum(parameters: list[nn.Parameter], learning_rate: float, config: TrainConfig) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=learning_rate, momentum=0.9)


def plain(parameters: list[nn.Parameter], learning_rate: float, config: TrainConfig) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=learning_rate)


def falling(course: Course) -> float:
    return course.stage.learning_rate / (course.step + 1)


def newest(average: nn.Module, model: nn.Module, course: Course) -> None:
    average.load_state_dict(model.state_dict())


def every_third(scores: np.ndarray, config: TrainConfig) -> np.ndarray:
    return np.arange(0, len(scores), 3)


DUMMIES: dict[str, tuple[dict[str, Any], str, object]] = {
    "objective": (OBJECTIVES, "hinge", Hinge),
    "optimizer": (OPTIMIZERS, "momentum", momentum),
    "schedule": (SCHEDULES, "falling", falling),
    "averaging": (AVERAGING, "newest", newest),
    "mining": (MINING, "every_third", every_third),
}


@pytest.fixture
def dummies(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry, name, member in DUMMIES.values():
        monkeypatch.setitem(registry, name, member)
    monkeypatch.setitem(OPTIMIZERS, "plain", plain)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("usual")
    run(folder)
    return folder


@pytest.mark.usefixtures("dummies")
@pytest.mark.parametrize("parts", [[key] for key in DUMMIES] + [list(DUMMIES)], ids="+".join)
def test_a_part_of_ones_own_trains_and_resumes(usual: Path, tmp_path: Path, parts: list[str]) -> None:
    """One class or function, and one entry: checkpoints, resuming and finishing follow."""
    config = CONFIG.model_copy(update={part: DUMMIES[part][1] for part in parts})
    run(tmp_path / "whole", config)
    assert weights(tmp_path / "whole") != weights(usual)
    for stage, after in (("float", 19), ("qat", 5)):  # the second mining is at step 18
        run_killed(tmp_path / "killed", stage, after, config)
    run(tmp_path / "killed", config)
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


@pytest.mark.usefixtures("dummies")
def test_an_objectives_own_parameters_are_trained_and_saved(tmp_path: Path) -> None:
    run_killed(tmp_path, "float", 20, CONFIG.model_copy(update={"objective": "hinge", "learning_rate": 0.05}))
    saved = load_checkpoint(tmp_path)
    assert saved is not None
    assert 1.1 < float(saved[1]["objective.margin"]) < 2.1


@pytest.mark.usefixtures("dummies")
@pytest.mark.parametrize(
    ("first", "then"), [("adamw", "momentum"), ("momentum", "adamw"), ("adamw", "plain"), ("plain", "adamw")]
)
def test_a_checkpoint_of_another_optimizer_is_refused(tmp_path: Path, first: str, then: str) -> None:
    run_killed(tmp_path, "float", 10, CONFIG.model_copy(update={"optimizer": first}))
    with pytest.raises(InputError, match="does not hold the weights"):
        run(tmp_path, CONFIG.model_copy(update={"optimizer": then}))


def again(config: TrainConfig) -> Stage:
    return replace(THREE_STAGES[0](config), name="again", steps=12, learning_rate=1e-3, mine_at=(3,))


THREE_STAGES = stages.STAGES[0], again, stages.STAGES[1]


def test_a_third_stage_is_one_more_entry(usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "STAGES", THREE_STAGES)
    heard: list[tuple[str, int]] = []

    def listener(event: events.Event) -> None:
        if isinstance(event, events.Loss):
            heard.append((event.stage, event.step))

    train(run_of(tmp_path / "three", listener=listener))
    assert heard == [
        ("float", 10),
        ("float", 20),
        ("float", 24),
        ("again", 10),
        ("again", 12),
        ("qat", 10),
        ("qat", 12),
    ]
    assert weights(tmp_path / "three") != weights(usual)
    for stage, after in (("float", 20), ("again", 0), ("again", 7), ("qat", 1)):
        run_killed(tmp_path / "killed", stage, after, CONFIG)
    run(tmp_path / "killed")
    assert weights(tmp_path / "killed") == weights(tmp_path / "three")


def test_a_checkpoint_of_a_stage_that_is_gone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(stages, "STAGES", THREE_STAGES)
        run_killed(tmp_path, "again", 7, CONFIG)
    with pytest.raises(InputError, match="damaged; delete it"):
        run(tmp_path)


def test_a_run_that_is_cancelled_goes_on_later(usual: Path, tmp_path: Path) -> None:
    cancel, heard = Cancellation(), []

    def listener(event: events.Event) -> None:
        heard.append(event)
        cancel.cancel()

    with pytest.raises(CancelledError):
        train(replace(run_of(tmp_path / "cancelled", listener=listener), cancel=cancel))
    assert len(heard) == 1, "the next step is not taken"
    with pytest.raises(InputError, match="no finished training run"):
        load_trained(tmp_path / "cancelled")
    run(tmp_path / "cancelled")
    assert weights(tmp_path / "cancelled") == weights(usual)


@pytest.mark.parametrize("key", DUMMIES)
def test_an_unknown_part_is_named_with_its_key(tmp_path: Path, key: str) -> None:
    registry, *_ = DUMMIES[key]
    said = f"train.{key}: 'magic' is not known; it must be one of {', '.join(registry)}"
    with pytest.raises(InputError) as caught:
        read_config(None, {"train": {key: "magic"}}, events.ignore)
    assert str(caught.value) == f"config: {said}"
    with pytest.raises(InputError) as caught:
        run(tmp_path, CONFIG.model_copy(update={key: "magic", "mine_at": (0.0,)}), architecture=TINY)
    assert str(caught.value) == said


def fields(model: type[BaseModel]) -> Iterator[tuple[str, str | None]]:
    for name, field in model.model_fields.items():
        yield f"{model.__name__}.{name}", field.description
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation)


@pytest.mark.parametrize("section", [AugmentConfig, PoolConfig, TrainConfig])
def test_every_field_says_what_it_is(section: type[BaseModel]) -> None:
    assert [name for name, text in fields(section) if not text or not text.endswith(".")] == []


def test_every_stage_has_random_numbers_of_its_own() -> None:
    """Also two stages whose names have the same length."""
    drawn = {
        what: generator.integers(2**62)
        for what, generator in {
            "float": step_generator(0, "float", 3),
            "again": step_generator(0, "again", 3),
            "the next step": step_generator(0, "float", 4),
            "another seed": step_generator(1, "float", 3),
            "calibration": calibration_generator(0),
        }.items()
    }
    assert len(set(drawn.values())) == len(drawn)
    assert drawn["float"] == step_generator(0, "float", 3).integers(2**62)


def test_the_random_numbers_of_a_stage_stay_what_they_are() -> None:
    """A change here gives every seed another model."""
    assert step_generator(7, "float", 12).integers(0, 1000, 5).tolist() == [98, 595, 422, 909, 588]
