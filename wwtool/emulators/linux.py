"""The firmware as a Linux program, on this machine or for a Raspberry Pi Zero in QEMU: gives its console a URL.

Its time is that of this machine, in QEMU, too; what an inference would take on a Pi is told by ``linux_count``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from wwtool.emulators.stdio_board import StdioBoard
from wwtool.errors import DeviceError, ToolError

QEMU = "qemu-arm"
PACKAGE = "qemu-user"
EMULATORS = ("host", "qemu-user")  # as platform profiles name them
_CPU = "arm1176"  # QEMU's name for the core of the BCM2835


def find_qemu() -> str:
    """Returns the emulator's program.

    Raises:
        ToolError: not installed.
    """
    found = shutil.which(QEMU)
    if found is None:
        raise ToolError(f"the emulated Raspberry Pi Zero needs {QEMU}; get it with: apt-get install {PACKAGE}")
    return found


def qemu_command() -> list[str]:
    """What stands before a program for the Raspberry Pi Zero to run it in QEMU.

    Raises:
        ToolError: QEMU is missing.
    """
    return [find_qemu(), "-cpu", _CPU]


def _heard(audio: Path | None) -> list[str]:
    if audio is None:
        return ["--no-audio"]
    with audio.open("rb") as file:
        return ["--wav" if file.read(4) == b"RIFF" else "--raw", str(audio.resolve())]


def start(
    program: Path, tcp_port: int = 0, pty: bool = False, audio: Path | None = None, emulator: str = "host"
) -> StdioBoard:
    """Starts a program, which may do all that this user may do. On a Raspberry Pi, none needs QEMU.

    Args:
        program: the ELF of a build.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        audio: a WAV or raw int16 file, mono at 16 kHz, heard as the microphone.
        emulator: ``host`` or ``qemu-user``.

    Raises:
        ToolError: QEMU is missing.
        DeviceError: it cannot be started.
    """
    emulated = emulator != "host" and not os.uname().machine.startswith("armv")
    command = qemu_command() if emulated else []
    title = "program in QEMU" if emulated else "program"
    try:
        return StdioBoard([*command, str(program.resolve()), *_heard(audio)], tcp_port, pty, title)
    except OSError as error:
        raise DeviceError(f"the {title} cannot be started: {error}; build it again") from error
