"""Where the model of a build comes from: the interface, and training, which is the usual source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from wwtool.budget.result import Line
from wwtool.budget.selection import select
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END, front_end_of
from wwtool.models.accuracy import accuracy_table
from wwtool.pipeline.firmware import Target
from wwtool.pipeline.preparation import RunPlan
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.training_run import Trained, training_run


class ModelSource(Protocol):
    """Gives a build its model. It works in two steps, so that a model that does not fit is refused at once."""

    def require_folder(self, run: Path) -> None:
        """Checks that the model may be put into a run folder.

        Raises:
            InputError: it would replace what cannot be made again.
        """

    def front_end(self, plan: RunPlan) -> FrontEnd:
        """What makes the features that the model reads; its statistics may be missing yet."""

    def choice(self, plan: RunPlan) -> list[Any]:
        """What the budget depends on beside the target and the phrase."""

    def budget(self, stages: Stages, target: Target, plan: RunPlan) -> Outcome:
        """Measures; the facts are ``finalists`` (names, the best first), ``choice`` and ``builds`` by name.

        Raises:
            BudgetError: no model fits.
        """

    def obtain(self, stages: Stages, plan: RunPlan, finalists: Sequence[str]) -> Trained:
        """Leaves the model in the stages' folder."""


class FromTraining:
    """A model of the zoo, trained for the phrase."""

    def require_folder(self, run: Path) -> None:
        """A training goes on with what is there."""

    def front_end(self, plan: RunPlan) -> FrontEnd:
        return front_end_of(plan.config.frontend)

    def choice(self, plan: RunPlan) -> list[Any]:
        config = plan.config
        return [
            config.model,
            config.budget.model_dump(),
            config.select.model_dump(),
            accuracy_table().model_dump(),
            *_told(self.front_end(plan)),
            *([config.train.optimization.prune] if config.train.optimization.prune else []),
        ]

    def budget(self, stages: Stages, target: Target, plan: RunPlan) -> Outcome:
        name = target.package.name
        selection = select(target.platform, plan.config, plan.phrase, stages.advance, name, self.front_end(plan))
        first = selection.builds[selection.finalists[0]]
        facts = {
            "finalists": list(selection.finalists),
            "choice": selection.choice.as_dict() if selection.choice else None,
            "builds": {name: result.as_dict() for name, result in selection.builds.items()},
        }
        reason = selection.choice.note if selection.choice else f"{first.model} fits"
        several = len(selection.finalists) > 1
        more = f"finalists: {', '.join(selection.finalists)}" if several else use_note(first.lines)
        return Outcome(f"{reason}; {more}", facts, ())

    def obtain(self, stages: Stages, plan: RunPlan, finalists: Sequence[str]) -> Trained:
        return training_run(stages, plan, finalists)


def _told(front_end: FrontEnd) -> list[Any]:
    """What tells the front end from the default one."""
    return [] if front_end == DEFAULT_FRONT_END else [front_end.as_dict()]


def use_note(lines: Sequence[Line]) -> str:
    """Flash and RAM in use, in words."""
    return ", ".join(_use(line) for line in lines[:2])


def _use(line: Line) -> str:
    value = f"{line.used / 1024:.1f} KiB" if line.unit == "B" else f"{line.used:.2f} {line.unit}"
    return f"{line.name} {value}"
