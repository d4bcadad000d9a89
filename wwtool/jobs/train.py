"""Train: a model for a platform, from data to the evaluated INT8 .tflite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.files import working_folder
from wwtool.base.inside import refuse_links_out
from wwtool.budget.result import DryBuild
from wwtool.budget.selection import Choice, by_table, select
from wwtool.doctor.profiles import load_profile
from wwtool.frontend.registry import front_end_of
from wwtool.jobs.request import reported
from wwtool.jobs.settings import TrainingRequest, plan_training
from wwtool.jobs.tracking import tracked
from wwtool.models.accuracy import accuracy_table
from wwtool.pipeline.learning_rate import PICTURE, find_rate
from wwtool.pipeline.preparation import RunPlan, prepare
from wwtool.pipeline.stages import Stages, refuse_strangers
from wwtool.pipeline.training_run import MODEL, NAMES, PLACES, training_run
from wwtool.platforms.profile import Platform

__all__ = [
    "Choice",
    "DryBuild",
    "RateResult",
    "TrainPlan",
    "TrainRequest",
    "TrainResult",
    "find_learning_rate",
    "plan",
    "run",
]


class TrainRequest(TrainingRequest):
    """A training."""

    out: Path = Field(description="The run's folder; an interrupted run in it goes on.")


@dataclass(frozen=True)
class TrainPlan:
    """What to train, for which platform, into which folder."""

    run: RunPlan
    platform: Platform
    folder: Path


@dataclass(frozen=True)
class RateResult:
    """A learning rate that a range test suggests, and the picture of the test."""

    suggestion: float
    picture: Path


@dataclass(frozen=True)
class TrainResult:
    """``model``: the .tflite; ``name``: the model of the zoo that it is; ``evaluation``: as in evaluation.json."""

    model: Path
    name: str
    evaluation: dict[str, Any]


def plan(request: TrainRequest, listener: events.Listener = events.ignore) -> TrainPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: the platform does not exist, or the request contradicts itself.
        InputError: config, phrase, data or folder cannot be used.
    """
    training = plan_training(request, listener)
    platform = load_profile(request.platform).with_board(training.config.board)
    refuse_links_out(request.out, [request.out / name for name in NAMES])
    return TrainPlan(training, platform, request.out)


def run(plan: TrainPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None) -> TrainResult:
    """Trains, or goes on where an earlier run in the folder stopped.

    The budget is checked first and reported as the partial results "budget" (a DryBuild) and "choice" (a Choice).

    Raises:
        BudgetError: no model fits the platform; nothing has been trained.
        InputError: the data or the folder cannot be used.
        ToolError: a tool is missing.
        CancelledError: somebody has cancelled; the same request goes on from there.
    """
    with (
        tracked(plan.folder, plan.run.phrase, plan.run.config, listener) as heard,
        _at_work(plan, heard, cancel) as stages,
    ):
        trained = training_run(stages, plan.run, _finalists(plan, stages))
        stages.report_times()
    return TrainResult(plan.folder / MODEL, trained.model, trained.evaluation)


def find_learning_rate(
    plan: TrainPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> RateResult:
    """Prepares the data and trains a few steps at rising rates, and no further; raises what ``run`` does."""
    with _at_work(plan, listener, cancel) as stages:
        finalists = _finalists(plan, stages)
        test = find_rate(stages, prepare(stages, plan.run), plan.run.config, finalists[0])
    return RateResult(test.suggestion, plan.folder / PICTURE)


@contextmanager
def _at_work(plan: TrainPlan, listener: events.Listener, cancel: Cancellation | None) -> Iterator[Stages]:
    """The stages of a job in the plan's folder, which nobody else uses meanwhile."""
    with reported("train", plan.run.phrase, listener):
        refuse_links_out(plan.folder, [plan.folder / name for name in NAMES])
        with working_folder(plan.folder, PLACES):
            refuse_strangers(plan.folder, NAMES)
            yield Stages(plan.folder, listener, cancel)


def _finalists(plan: TrainPlan, stages: Stages) -> tuple[str, ...]:
    """Which models to train."""
    if not plan.platform.has_board:
        return by_table(plan.run.config, accuracy_table())

    def advance(done: int, total: int) -> None:
        stages.cancel.check()
        stages.tell(events.StageProgress("budget", done, total, "dry builds"))

    front_end = front_end_of(plan.run.config.frontend)
    selection = select(plan.platform, plan.run.config, plan.run.phrase, advance, front_end=front_end)
    stages.tell(events.PartialResult("budget", "budget", selection.builds[selection.finalists[0]]))
    if selection.choice is not None:
        stages.tell(events.PartialResult("budget", "choice", selection.choice))
    return selection.finalists
