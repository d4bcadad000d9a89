"""Hil: the firmware is tested on the board that it runs on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.device.report import to_json, to_junit
from wwtool.device.session import DeviceInfo, Session, as_dict
from wwtool.device.suites import SuiteResult
from wwtool.doctor.profiles import load_profile
from wwtool.errors import DeviceError, UsageError
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.hil import SUITES, Bench, Expectation, check_device

__all__ = ["DeviceInfo", "HilPlan", "HilRequest", "HilResult", "SuiteResult", "plan", "run"]

DEFAULT_SUITES = ("parity", "stream", "latency", "memory")


class HilRequest(Request):
    """A test of a board."""

    port: str = Field(min_length=1, description="What pyserial opens: /dev/ttyACM0, COM5, socket://HOST:PORT.")
    build: Path | None = Field(None, description="The build on the board; parity, stream and soak need it.")
    platform: str | None = Field(
        None, description="The .yaml of your own board that it was built for.  [default: as the build has it]"
    )
    suites: tuple[str, ...] = Field(DEFAULT_SUITES, description=f"Some of {','.join(SUITES)}.")
    wav: Path | None = Field(None, description="The recording to stream.  [default: the build's]")
    baud: int = Field(115200, ge=1200, le=12_000_000, description="The port's rate.")
    fast_baud: int | None = Field(None, ge=1200, le=12_000_000, description="Switch to this rate for the tests.")
    soak_seconds: float = Field(600.0, ge=1.0, description="How long the soak suite runs.")


@dataclass(frozen=True)
class HilPlan:
    """Which suites to run on which port, and what the build says that the board must do."""

    request: HilRequest
    expectation: Expectation | None


@dataclass(frozen=True)
class HilResult:
    """The suites that ran, in order, and the board that they ran on."""

    port: str
    device: DeviceInfo
    suites: tuple[SuiteResult, ...]

    @property
    def failure(self) -> DeviceError | None:
        """The error that names the suites that failed; None if all passed."""
        failed = [suite.suite for suite in self.suites if not suite.passed]
        if not failed:
            return None
        return DeviceError(f"{', '.join(failed)} failed on {self.device.board}; the lines above say where")

    def json(self) -> str:
        """As a JSON document."""
        return to_json(self.suites, self._device())

    def junit(self) -> str:
        """As JUnit XML."""
        return to_junit(self.suites, self._device())

    def _device(self) -> dict[str, Any]:
        return {"url": self.port, **as_dict(self.device)}


def plan(request: HilRequest, listener: events.Listener = events.ignore) -> HilPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: a suite or the platform does not exist, or a suite needs a build.
        InputError: the build cannot be used.
    """
    unknown = [name for name in request.suites if name not in SUITES]
    if unknown or not request.suites:
        raise UsageError(f"there is no suite '{', '.join(unknown)}'; there are {', '.join(SUITES)}")
    needy = [name for name in request.suites if SUITES[name].needs_build]
    if needy and request.build is None:
        raise UsageError(f"the suites {', '.join(needy)} need --build BUILD_DIR to know what to expect")
    platform = load_profile(request.platform) if request.platform else None
    return HilPlan(request, Expectation.of(request.build, platform) if request.build else None)


def run(plan: HilPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None) -> HilResult:
    """Runs the suites; partial results are the "device" (a DeviceInfo), then each "suite" (a SuiteResult).

    Raises:
        DeviceError: the board does not answer or is another than the build is for. A failed check raises nothing.
        CancelledError: somebody has cancelled; checked between suites, and between the rounds of soak.
    """
    request, cancel = plan.request, cancel or Cancellation()
    results: list[SuiteResult] = []
    with reported("hil", request.port, listener), Session(request.port, request.baud) as session:
        info = session.info()
        listener(events.PartialResult("hil", "device", info))
        if plan.expectation is not None:
            check_device(info, plan.expectation)
        if request.fast_baud is not None:
            session.set_baud(request.fast_baud)
        bench = Bench(session, info, plan.expectation, request.wav, request.soak_seconds, cancel)
        for name in request.suites:
            cancel.check()
            results.append(_suite(name, bench, listener))
    return HilResult(request.port, info, tuple(results))


def _suite(name: str, bench: Bench, listener: events.Listener) -> SuiteResult:
    start = time.monotonic()
    listener(events.StageStarted(name, f"suite {name}"))
    result = SUITES[name].run(bench)
    for metric, value in result.metrics.items():
        listener(events.Metric(name, metric, float(value)))
    listener(events.PartialResult(name, "suite", result))
    note = "passed" if result.passed else "failed"
    listener(events.StageFinished(name, note, seconds=time.monotonic() - start))
    return result
