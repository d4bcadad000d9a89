"""Emulated boards. Each module starts one kind and gives a serial URL that the rest of ``wwtool.device`` opens."""

from __future__ import annotations

from pathlib import Path

from wwtool.emulators import esp32s3, linux, nano, pico, qemu_arm
from wwtool.emulators.process import Emulator
from wwtool.emulators.stdio_board import StdioBoard
from wwtool.errors import InputError, UsageError
from wwtool.firmware.builds import read_build
from wwtool.firmware.make_image import ESP_MAGIC
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform


def start(
    build: Path, tcp_port: int = 0, pty: bool = False, console: str = "uart", audio: Path | None = None,
    platform: Platform | None = None, trust: bool = False,
) -> Emulator | StdioBoard | esp32s3.Emulator:  # fmt: skip
    """Starts the image of a build folder on the emulator of its platform.

    Args:
        build: a build folder, or a ``.bin`` for one of wwtool's own bare boards.
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well.
        console: ``uart`` or ``usb``, where the board has both.
        audio: raw int16 mono at 16 kHz for the microphone.
        platform: the profile that it was built for, where that is a user's own.
        trust: run a program on this machine also from a folder that this user has not built.

    Raises:
        InputError: there is no such image, or no emulator for its platform, or it is not trusted.
        ToolError: the emulator is not installed.
        DeviceError: the image does not start.
    """
    image, is_own = build, False
    if build.is_file():
        platform = platform or load_platform(_platform_of(build))
    else:
        found = read_build(build, platform)
        platform, is_own = found.platform, found.is_own
        image = found.image("elf" if platform.emulator in linux.EMULATORS else "bin")
    emulator = platform.emulator
    if emulator in linux.EMULATORS:
        if not (trust or is_own):
            raise InputError(
                f"{build} was not built by this user on this machine, and its program may do here whatever you may do; "
                "if you know who built it, run it with --trust"
            )
        return linux.start(image, tcp_port, pty, audio, emulator)
    if emulator == nano.EMULATOR:
        return nano.start(image, tcp_port, pty, console, audio)
    if emulator == pico.EMULATOR:
        return pico.start(image, tcp_port, pty, console, audio)
    if console != "uart":
        raise UsageError(f"the emulator {emulator} has no {console} console; leave --console out")
    if emulator == esp32s3.EMULATOR:
        return esp32s3.start(image, tcp_port, pty, audio)
    if emulator == qemu_arm.EMULATOR:
        if audio is not None:
            raise UsageError(f"the emulator {emulator} has no microphone; leave --audio out")
        return qemu_arm.start(platform, image, tcp_port, pty)
    raise InputError(f"{build} is for a board that has no emulator; flash it and run wwtool hil on its port")


def _platform_of(file: Path) -> str:
    """Whose an image is: an ESP32's begins with its magic, the Nano's reset vector leads behind its boot loader."""
    image = file.read_bytes()
    if image[:4] == b"\x7fELF":
        raise InputError(f"{file} is an ELF, not an image; give its build folder, or the .bin in that")
    if image[:1] == bytes([ESP_MAGIC]):
        return "esp32s3"
    begin = load_platform(nano.PLATFORM).memory.application_origin
    return nano.PLATFORM if begin <= int.from_bytes(image[4:8], "little") < begin + len(image) else "pico"
