"""Emulate: a build runs on an emulated board until somebody stops it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from wwtool import emulators, events
from wwtool.base.cancellation import Cancellation
from wwtool.doctor.profiles import load_profile
from wwtool.errors import InputError
from wwtool.jobs.request import Request, reported
from wwtool.platforms.profile import Platform

_CANCEL_CHECK_S = 0.2
CONSOLES = tuple(dict.fromkeys(name for member in emulators.EMULATORS.values() for name in member.consoles))


class EmulateRequest(Request):
    """An emulated board."""

    build: Path = Field(description="A build folder, or a .bin for one of wwtool's own bare boards.")
    tcp_port: int = Field(0, ge=0, le=65535, description="The console's TCP port; 0 takes a free one.")
    pty: bool = Field(False, description="Give the console a pseudo-terminal as well.")
    console: str = Field(CONSOLES[0], description="The console that the serial URL leads to.")
    audio: Path | None = Field(None, description="Raw int16 mono at 16 kHz for the microphone.")
    platform: str | None = Field(
        None, description="The .yaml of your own board that it was built for.  [default: as the build has it]"
    )
    trust: bool = Field(
        False, description="Run a Linux program that somebody else has built. It may do whatever you may do."
    )


@dataclass(frozen=True)
class EmulatePlan:
    """What to run; ``platform`` is the user's own profile that it was built for."""

    request: EmulateRequest
    platform: Platform | None


@dataclass(frozen=True)
class Running:
    """An emulated board that runs; ``url`` is what pyserial opens."""

    url: str


def plan(request: EmulateRequest, listener: events.Listener = events.ignore) -> EmulatePlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: there is no such platform.
        InputError: the recording does not exist.
    """
    platform = load_profile(request.platform) if request.platform else None
    if request.audio is not None and not request.audio.is_file():
        raise InputError(f"the recording {request.audio} does not exist; give raw int16 samples, mono at 16 kHz")
    return EmulatePlan(request, platform)


def run(plan: EmulatePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None) -> None:
    """Runs the board until it ends by itself; once it runs, that is reported as the partial result "running".

    Raises:
        InputError: there is no such image, or no emulator for it, or it is not trusted.
        ToolError: the emulator is not installed.
        DeviceError: the image does not start, or its program is at fault.
        CancelledError: somebody has cancelled.
    """
    request, cancel = plan.request, cancel or Cancellation()
    with (
        reported("emulate", str(request.build), listener),
        emulators.start(
            request.build,
            request.tcp_port,
            request.pty,
            request.console,
            request.audio,
            plan.platform,
            request.trust,
            restarts=True,
        ) as emulator,
    ):
        listener(events.PartialResult("emulate", "running", Running(emulator.url)))
        waiting = threading.Thread(target=emulator.wait, name="emulation", daemon=True)
        waiting.start()
        while waiting.is_alive():
            waiting.join(_CANCEL_CHECK_S)
            cancel.check()
        emulator.check()
