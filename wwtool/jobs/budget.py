"""Budget: what models cost on a platform, measured on the real firmware with random weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events, packages
from wwtool.base.cancellation import Cancellation
from wwtool.base.records import json_of
from wwtool.budget.dry_build import OverBudgetError, dry_build, what_would_fit
from wwtool.budget.result import DryBuild, DryBuildRecord, available, framework_names, reserve_of
from wwtool.config import BudgetConfig
from wwtool.doctor.profiles import load_profile
from wwtool.errors import InputError, UsageError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import front_end_of
from wwtool.jobs.request import Request, reported
from wwtool.jobs.settings import read_config
from wwtool.models.names import architecture_of, choices
from wwtool.models.zoo import ZOO
from wwtool.platforms.profile import FrameworkReserve, Platform

_PHRASE = "wake word"  # one of usual length: the firmware holds the phrase
_STAGE = "budget"


class BudgetRequest(Request):
    """A budget."""

    platform: str = Field(description="A platform's name, or the path of a .yaml of your own.")
    model: str | None = Field(
        None, description=f"One model of the zoo: {choices()}.  [default: those among which a build chooses]"
    )
    framework: str = Field(packages.DEFAULT, description="The framework that shares flash and RAM with the firmware.")
    config: Path | None = Field(
        None, description="A config whose budget section sets stricter limits. Its front end and pruning are measured."
    )  # fmt: skip
    use_cache: bool = Field(True, description="Take figures that were measured before.")


@dataclass(frozen=True)
class BudgetPlan:
    """Which models to measure, for what, against which limits."""

    platform: Platform
    models: tuple[str, ...]
    phrase: str
    limits: BudgetConfig
    framework: str
    use_cache: bool
    front_end: FrontEnd
    pruned: float


@dataclass(frozen=True)
class Available:
    """Bytes of the chip that are left to a firmware."""

    flash: int
    ram: int


@dataclass(frozen=True)
class BudgetOutput:
    """``budget --json``."""

    platform: str
    framework: str
    frameworks: list[str]
    framework_reserve: FrameworkReserve | None
    available: Available
    models: list[DryBuildRecord]
    remedy: str | None


@dataclass(frozen=True)
class BudgetResult:
    """The models measured.

    Attributes:
        models: in the order of the plan.
        over: the smallest model that does not fit, None if all fit.
        remedy: the nearest change with which a model would fit; None if one fits.
    """

    platform: Platform
    framework: str
    models: tuple[DryBuild, ...]
    over: DryBuild | None
    remedy: str | None

    @property
    def refusal(self) -> OverBudgetError | None:
        """The error that says that nothing fits; None if a model does."""
        if self.over is None or self.remedy is None:
            return None
        return OverBudgetError(self.platform, self.over, self.remedy)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        reserve = reserve_of(self.platform, self.framework)
        output = BudgetOutput(
            platform=self.platform.name,
            framework=self.framework,
            frameworks=framework_names(self.platform),
            framework_reserve=reserve,
            available=Available(*available(self.platform, reserve)),
            models=[model.record() for model in self.models],
            remedy=self.remedy,
        )
        return json_of(output)


def plan(request: BudgetRequest, listener: events.Listener = events.ignore) -> BudgetPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: the platform, the model or the framework does not exist.
        InputError: the config cannot be used.
    """
    platform = load_profile(request.platform)
    if not platform.has_board:
        raise UsageError(f"wwtool cannot build for {platform.name} yet; it has a profile but no board code")
    if request.model is not None:
        _require_model(request.model)
    config = read_config(request.config, {}, listener)
    platform = platform.with_board(config.board)
    reserve_of(platform, request.framework)  # refuses a framework that the profile does not have
    models = tuple(ZOO) if request.model is None else (request.model,)
    phrase, front_end = config.phrase or _PHRASE, front_end_of(config.frontend)
    measured = config.budget, request.framework, request.use_cache, front_end, config.train.optimization.prune
    return BudgetPlan(platform, models, phrase, *measured)


def _require_model(name: str) -> None:
    try:
        architecture_of(name)
    except InputError as error:
        raise UsageError(str(error)) from error


def run(
    plan: BudgetPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> BudgetResult:
    """Measures; every model is reported as the partial result "model" (a DryBuild).

    Raises:
        BudgetError: a model cannot be linked at all.
        ToolError: the compiler is missing, and nothing is known of the platform to estimate with.
        CancelledError: somebody has cancelled.
    """
    cancel = cancel or Cancellation()
    with reported("budget", plan.platform.name, listener):
        results: list[DryBuild] = []
        for model in plan.models:
            cancel.check()
            listener(events.StageProgress(_STAGE, len(results), len(plan.models), "dry builds"))
            measured = plan.phrase, plan.limits, plan.framework, plan.use_cache, plan.front_end, plan.pruned
            results.append(dry_build(plan.platform, model, *measured))
            listener(events.PartialResult(_STAGE, "model", results[-1]))
        over = min((result for result in results if not result.fits), key=lambda result: result.macs, default=None)
        remedy = None
        if over is not None and not any(result.fits for result in results):
            shape = plan.front_end, plan.pruned
            remedy = what_would_fit(plan.platform, over, plan.phrase, plan.limits, plan.use_cache, *shape)
    return BudgetResult(plan.platform, plan.framework, tuple(results), over, remedy)
