"""Flash: a build is written to a real board, verified, and asked who it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.device.flash import Flashed, HalfWrittenError, flash
from wwtool.device.flash.images import read_build
from wwtool.device.flash.tools import FLASH_TOOLS
from wwtool.doctor.profiles import load_profile
from wwtool.jobs.request import Request, reported
from wwtool.platforms.profile import Platform

__all__ = ["FlashPlan", "FlashRequest", "Flashed", "HalfWrittenError", "plan", "run"]

TOOLS = tuple(FLASH_TOOLS)


class FlashRequest(Request):
    """A build for a board."""

    build: Path = Field(description="The build folder.")
    port: str | None = Field(
        None,
        description="The board's serial port, or the drive of its boot loader.  [default: the only board there is]",
    )
    tool: str | None = Field(None, description="What writes the board.  [default: the platform's usual tool]")
    ram: bool = Field(False, description="Run the build from RAM until the next reset, and leave the flash as it is.")
    platform: str | None = Field(
        None, description="The .yaml of your own board that it was built for.  [default: as the build has it]"
    )


@dataclass(frozen=True)
class FlashPlan:
    """A build that is whole; ``platform`` is the user's own profile that it was built for."""

    request: FlashRequest
    platform: Platform | None


def plan(request: FlashRequest, listener: events.Listener = events.ignore) -> FlashPlan:
    """Checks a request; changes nothing and touches no board.

    Raises:
        UsageError: there is no such platform, or nothing to flash.
        InputError: there is no finished build, or an altered one, or it is the project of a framework.
    """
    platform = load_profile(request.platform) if request.platform else None
    read_build(request.build, platform).require_images()
    return FlashPlan(request, platform)


def run(plan: FlashPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None) -> Flashed:
    """Flashes; every step is reported as an activity. A board that is being written is not left half written.

    Raises:
        UsageError: several boards, or a tool that is not for this platform.
        ToolError: the tool is not installed.
        DeviceError: no board, the wrong one, or one that went away; or what was written does not run.
        HalfWrittenError: Ctrl-C while the board was written.
        CancelledError: somebody has cancelled before the board was touched.
    """
    request = plan.request
    with reported("flash", str(request.build), listener):
        if cancel is not None:
            cancel.check()
        return flash(
            request.build, request.port, request.tool,
            lambda text: listener(events.Activity("flash", text)), plan.platform, request.ram,
        )  # fmt: skip
