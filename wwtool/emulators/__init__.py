"""Emulated boards: ``EMULATORS`` is the registry. Each gives its console a URL, which ``wwtool.device`` opens."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.registry import Registry
from wwtool.emulators.emulator import UART, Emulator, Options, RunningBoard
from wwtool.emulators.esp32s3 import QemuXtensa
from wwtool.emulators.linux import Host
from wwtool.emulators.nano import Unicorn
from wwtool.emulators.pico import Rp2040js
from wwtool.emulators.qemu_arm import QemuArm
from wwtool.emulators.qemu_user import QemuUser
from wwtool.errors import InputError
from wwtool.firmware.builds import read_build
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import NONE, Platform

__all__ = ["EMULATORS", "Emulator", "Options", "RunningBoard", "emulator_of", "start"]

_ELF_MAGIC = b"\x7fELF"

EMULATORS: Registry[Emulator] = Registry(
    "emulator",
    {member.name: member for member in (Rp2040js(), Unicorn(), QemuXtensa(), QemuArm(), QemuUser(), Host())},
    also=[NONE],
)


def emulator_of(platform: Platform) -> Emulator | None:
    """The emulator that a profile names; None if it names none.

    Raises:
        InputError: there is none of that name, or the profile lacks what it needs.
    """
    emulator = None if platform.emulator == NONE else EMULATORS.member(platform.emulator, platform.file)
    if (platform.qemu is not None) != (emulator is not None and emulator.uses_qemu_section):
        owners = " or ".join(name for name, member in EMULATORS.items() if member.uses_qemu_section)
        raise InputError(f"{platform.file}: the section qemu goes with the emulator {owners}, and only with it")
    if emulator is not None:
        emulator.check_platform(platform)
    return emulator


def start(
    build: Path, tcp_port: int = 0, pty: bool = False, console: str = UART, audio: Path | None = None,
    platform: Platform | None = None, trust: bool = False, restarts: bool = False,
) -> RunningBoard:  # fmt: skip
    """Starts the image of a build folder on the emulator of its platform.

    Args:
        build: a build folder, or a ``.bin`` for one of wwtool's own bare boards.
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well.
        console: which of the board's consoles.
        audio: raw int16 mono at 16 kHz for the microphone.
        platform: the profile that it was built for, where that is a user's own.
        restarts: a board that its watchdog has reset starts again; otherwise that can end the run.
        trust: run a program that is not confined also from a folder that this user has not built.

    Raises:
        UsageError: the board has no such console, or no microphone.
        InputError: there is no such image, or no emulator for its platform, or it is not trusted.
        ToolError: the emulator is not installed.
        DeviceError: the image does not start.
    """
    is_own, finished = False, None
    if build.is_file():
        platform = platform or load_platform(_platform_of(build))
    else:
        finished = read_build(build, platform)
        platform, is_own = finished.platform, finished.is_own
    emulator = emulator_of(platform)
    if emulator is None:
        raise InputError(f"{build} is for a board that has no emulator; flash it and run wwtool hil on its port")
    image = finished.image(emulator.image_kind) if finished else build
    if not (emulator.is_confined or trust or is_own):
        raise InputError(
            f"{build} was not built by this user on this machine, and its program may do here whatever you may do; "
            "if you know who built it, run it with --trust"
        )
    options = Options(tcp_port, pty, console, audio, restarts)
    emulator.check_options(options)
    return emulator.start(platform, image, options)


def _platform_of(file: Path) -> str:
    """The shipped platform whose image a file is."""
    image = file.read_bytes()
    if image.startswith(_ELF_MAGIC):
        raise InputError(f"{file} is an ELF, not an image; give its build folder, or the .bin in that")
    for emulator in EMULATORS.values():
        name = emulator.platform_of(image)
        if name is not None:
            return name
    raise InputError(f"{file} is not an image of a board that wwtool emulates; give the build folder that it is from")
