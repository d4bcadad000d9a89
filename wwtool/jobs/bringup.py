"""Bringup: the first contact with a new board, step by step, with a report that a person can attach to an issue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from wwtool import __version__, events
from wwtool.base.cancellation import Cancellation
from wwtool.base.records import json_of
from wwtool.device.session import DeviceInfo
from wwtool.doctor.profiles import load_profile
from wwtool.errors import DeviceError, UsageError
from wwtool.firmware.builds import Build, read_build
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.bringup import STEPS, Contact, StepResult, run_step
from wwtool.pipeline.hil import Expectation
from wwtool.platforms.profile import Platform
from wwtool.platforms.silicon import Check

__all__ = ["BringupPlan", "BringupReport", "BringupRequest", "StepResult", "plan", "run"]

SCHEMA_VERSION = 1


class BringupRequest(Request):
    """A first contact with a board."""

    platform: str = Field(description="The board: a platform's name, or a .yaml of your own.")
    port: str = Field(min_length=1, description="What pyserial opens: /dev/ttyACM0, COM5, socket://HOST:PORT.")
    build: Path | None = Field(None, description="The build on the board; flash, parity and stream compare with it.")


@dataclass(frozen=True)
class BringupPlan:
    """The board, and the build that it should run."""

    request: BringupRequest
    platform: Platform
    build: Build | None
    expectation: Expectation | None


@dataclass(frozen=True)
class BringupReport:
    """``bringup --json``. ``silicon`` and ``checks`` say what has been seen of this platform on a real chip."""

    wwtool: str
    platform: str
    silicon: str
    port: str
    passed: bool
    device: DeviceInfo | None
    boot: dict[str, str]
    steps: list[StepResult]
    checks: tuple[Check, ...]

    def json(self) -> str:
        """As a JSON document."""
        document = {"schema": "wwtool.bringup", "version": SCHEMA_VERSION, **json_of(self)}
        return json.dumps(document, indent=2, sort_keys=True) + "\n"

    @property
    def failure(self) -> DeviceError | None:
        """The error that names the steps that failed; None if none has."""
        failed = [step.name for step in self.steps if step.status == "failed"]
        return DeviceError(f"{', '.join(failed)} failed; the lines above say what to look at") if failed else None


def plan(request: BringupRequest, listener: events.Listener = events.ignore) -> BringupPlan:
    """Checks a request; touches no board.

    Raises:
        UsageError: there is no such platform, or the build is for another.
        InputError: the build cannot be used.
    """
    platform = load_profile(request.platform)
    if request.build is None:
        return BringupPlan(request, platform, None, None)
    build = read_build(request.build, platform if platform.file == request.platform else None)
    if build.platform.name != platform.name:
        raise UsageError(f"{request.build} is for {build.platform.name}, not for {platform.name}; give its --platform")
    return BringupPlan(request, platform, build, Expectation.of(request.build, build.platform))


def run(
    plan: BringupPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> BringupReport:
    """Goes through all steps, or stops after the first if nothing answers; each is a partial result, a StepResult.

    Raises:
        CancelledError: somebody has cancelled; checked between steps.
    """
    request, cancel = plan.request, cancel or Cancellation()
    contact = Contact(plan.platform, request.port, plan.build, plan.expectation)
    results: list[StepResult] = []
    with reported("bringup", request.port, listener):
        try:
            for name in STEPS:
                cancel.check()
                listener(events.StageStarted(name, STEPS[name].shows))
                results.append(run_step(name, contact))
                listener(events.PartialResult(name, "step", results[-1]))
                if contact.info is None:
                    break
        finally:
            contact.close()
    passed = all(result.status != "failed" for result in results)
    silicon = plan.platform.silicon or "Nothing is known of this platform on silicon."
    return BringupReport(
        __version__, plan.platform.name, silicon, request.port, passed, contact.info, contact.boot, results,
        plan.platform.checks,
    )  # fmt: skip
