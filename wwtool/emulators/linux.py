"""The firmware as a Linux program, of this machine or of a Raspberry Pi Zero in QEMU: gives its console a URL.

Its time is that of this machine, in QEMU too. ``linux_count`` tells what an inference would take on a Pi.
"""

from __future__ import annotations

import os
from pathlib import Path

from wwtool.base.tools import program
from wwtool.emulators.emulator import Emulator, Options
from wwtool.emulators.stdio_board import StdioBoard
from wwtool.errors import DeviceError
from wwtool.platforms.profile import Platform

QEMU = program("qemu-arm", "the emulated Raspberry Pi Zero", "apt-get install qemu-user")
_CPU = "arm1176"  # QEMU's name for the core of the BCM2835


def qemu_command() -> list[str]:
    """The words before a program of the Raspberry Pi Zero that run it in QEMU.

    Raises:
        ToolError: QEMU is missing.
    """
    return [QEMU.find(), "-cpu", _CPU]


def _audio_options(audio: Path | None) -> list[str]:
    if audio is None:
        return ["--no-audio"]
    with audio.open("rb") as file:
        return ["--wav" if file.read(4) == b"RIFF" else "--raw", str(audio.resolve())]


def start(
    executable: Path, tcp_port: int = 0, pty: bool = False, audio: Path | None = None, in_qemu: bool = False
) -> StdioBoard:
    """Starts a program. It may do whatever this user may do.

    Args:
        executable: the ELF of a build.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        audio: a WAV or raw int16 file, mono at 16 kHz, played to the microphone.
        in_qemu: it is the Raspberry Pi Zero's. On a Raspberry Pi it runs without QEMU.

    Raises:
        ToolError: QEMU is missing.
        DeviceError: it cannot be started.
    """
    emulated = in_qemu and not os.uname().machine.startswith("armv")
    command = qemu_command() if emulated else []
    title = "program in QEMU" if emulated else "program"
    try:
        return StdioBoard([*command, str(executable.resolve()), *_audio_options(audio)], tcp_port, pty, title)
    except OSError as error:
        raise DeviceError(f"the {title} cannot be started: {error}; build it again") from error


class Host(Emulator):
    """The program on this machine itself, with this machine's time."""

    name = "host"
    image_kind = "elf"
    is_confined = False
    counts = "nothing"

    def start(self, platform: Platform, image: Path, options: Options) -> StdioBoard:
        return start(image, options.tcp_port, options.pty, options.audio)
