"""Flashing a real board: finds it by its USB id, writes, verifies, and asks the new program who it is.

``images`` reads the build. ``choose`` takes one of ``tools``, which makes a ``plan`` of what ``ports`` and ``drives``
find. ``runner`` carries the plan out. ``explain`` and ``failures`` have the sentences for what goes wrong.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from wwtool.base.records import json_of
from wwtool.base.text import for_shell
from wwtool.device.byte_port import Deadline
from wwtool.device.flash import ports
from wwtool.device.flash.choose import make_plan, make_ram_plan
from wwtool.device.flash.images import Build, read_build
from wwtool.device.flash.plan import Plan
from wwtool.device.flash.ports import Port
from wwtool.device.flash.runner import HalfWrittenError, Runner, wait_for
from wwtool.device.flash.tools import FLASH_TOOLS
from wwtool.device.session import DeviceInfo, Session
from wwtool.errors import DeviceError
from wwtool.platforms.profile import Platform

__all__ = ["Flashed", "HalfWrittenError", "flash"]

_CONSOLE_TIMEOUT_S = 10.0
_ANSWER_TIMEOUT_S = 15.0
_RETRY_S = 0.5


@dataclass(frozen=True)
class Flashed:
    """The result of flashing.

    Attributes:
        image: the file that was written.
        tool: the flash tool.
        verified: the proof that it is on the board: "console", or "tool" where no console appeared.
        how: the same in words.
        console: the port at which the program answers; None if no port appeared.
        device: what the program says of itself.
    """

    build: Build
    image: Path
    tool: str
    verified: Literal["console", "tool"]
    how: str
    console: str | None
    device: DeviceInfo | None

    @property
    def hil(self) -> str | None:
        """The line that tests the board."""
        if self.console is None:
            return None
        return f"wwtool hil --port {shlex.quote(self.console)} --build {for_shell(self.build.folder)}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        output = FlashOutput(
            platform=self.build.platform.name,
            phrase=self.build.phrase,
            model_sha256=self.build.model_sha256,
            image=str(self.image),
            tool=self.tool,
            verified=self.verified,
            console=self.console,
            device=self.device,
            hil=self.hil,
        )
        return json_of(output)


@dataclass(frozen=True)
class FlashOutput:
    """``flash --json``."""

    platform: str
    phrase: str
    model_sha256: str
    image: str
    tool: str
    verified: Literal["console", "tool"]
    console: str | None
    device: DeviceInfo | None
    hil: str | None


def flash(
    folder: Path, port: str | None, tool: str | None, say: Callable[[str], None], platform: Platform | None = None,
    ram: bool = False,
) -> Flashed:  # fmt: skip
    """Flashes the build in ``folder``.

    Args:
        folder: what ``wwtool build`` wrote.
        port: the board's serial port or drive; None: the only board of the build's platform.
        tool: the flash tool; None: the platform's usual one.
        say: called with a description of every step.
        platform: the profile of the build, if it is a user's own.
        ram: leave the flash as it is, and run the build from RAM until the next reset.

    Raises:
        UsageError: there is nothing to flash, or there are several boards, or the tool is not for this platform.
        InputError: the build is not finished, or somebody has changed it.
        ToolError: the tool is not installed.
        BudgetError: it does not fit the RAM from which it should run.
        DeviceError: there is no board, or the wrong one, or it went away, or the new program does not run.
        HalfWrittenError: Ctrl-C while the board was written.
    """
    build = read_build(folder, platform)
    plan = (make_ram_plan if ram else make_plan)(build, port, tool)
    before = _consoles(build)
    runner = Runner(build.platform, say)
    runner.run(plan)
    return _confirmed(build, plan, runner, before, say)


def _confirmed(build: Build, plan: Plan, runner: Runner, before: list[Port], say: Callable[[str], None]) -> Flashed:
    """Looks for the program's console and asks which program it is."""
    say("waiting for the program's console")
    console = wait_for(lambda: _console(build, plan, before), _CONSOLE_TIMEOUT_S)
    if console is None:
        if plan.from_ram:
            raise DeviceError(
                f"{plan.image.name} was started from RAM, but no console has appeared; {build.platform.enter_loader}, "
                "then run the same command again"
            )
        if not runner.verified:
            raise DeviceError(
                f"{plan.image.name} was copied, but the drive went away before the system was done and no console has "
                f"appeared; {build.platform.enter_loader}, then run the same command again"
            )
        return Flashed(build, plan.image, plan.tool, "tool", runner.verified, None, None)
    device = _identify(build, console)
    return Flashed(
        build, plan.image, plan.tool, "console", "its console answers with this model", console.device, device
    )


def _consoles(build: Build) -> list[Port]:
    """The ports of programs on boards of the build's platform."""
    return ports.with_ids(build.platform.usb.running if build.platform.usb else ())


def _console(build: Build, plan: Plan, before: list[Port]) -> Port | None:
    """The port of the new program. Other boards of the same kind may be plugged in."""
    consoles = _consoles(build)
    tool = FLASH_TOOLS[plan.tool]
    if tool.uses_probe:
        return ports.same_board(consoles, None)
    running = build.platform.usb.running if build.platform.usb else ()
    if tool.port_stays and plan.port is not None and plan.port.usb_id not in running:
        return plan.port  # a USB-to-serial chip keeps its port
    if plan.port is None or not plan.port.usb_id:
        return ports.same_board([port for port in consoles if port not in before], None)
    return ports.same_board(consoles, plan.port)


def _identify(build: Build, console: Port) -> DeviceInfo:
    """What the program says of itself. It is asked again while the board starts.

    Raises:
        DeviceError: nothing answers, or a program with another model.
    """
    deadline = Deadline(_ANSWER_TIMEOUT_S)
    while True:
        try:
            with Session(console.device, patience_s=deadline.remaining_s) as session:
                info = session.info()
                break
        except DeviceError as error:
            if deadline.over:
                raise DeviceError(
                    f"the image was written to the {build.platform.title}, but at {console.device} nothing answers "
                    f"as it should: {error}"
                ) from error
        time.sleep(min(_RETRY_S, deadline.remaining_s))
    if info.sha256 != build.model_sha256:
        raise DeviceError(
            f"the image was written, but the board at {console.device} runs '{info.phrase}' with model "
            f"{info.sha256[:12]}, not {build.model_sha256[:12]}; check that it is the board you flashed, and flash it "
            "again"
        )
    return info
