"""Emulated boards. Each module starts one kind and gives a serial URL that the rest of ``wwtool.device`` opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.device.emulators import esp32s3, linux, nano, pico, qemu_arm
from wwtool.device.emulators.process import Emulator
from wwtool.device.emulators.stdio_board import StdioBoard
from wwtool.errors import InputError, UsageError
from wwtool.firmware.make_image import ESP_MAGIC
from wwtool.platforms import load_platform, platform_of
from wwtool.records import read_manifest


def start(
    build: Path, tcp_port: int = 0, pty: bool = False, console: str = "uart", audio: Path | None = None
) -> Emulator | StdioBoard | esp32s3.Emulator:
    """Starts the image of a build folder on the emulator of its platform.

    Args:
        build: a build folder, or a ``.bin`` for one of wwtool's own bare boards.
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well.
        console: ``uart`` or ``usb``, where the board has both.
        audio: raw int16 mono at 16 kHz for the microphone.

    Raises:
        InputError: there is no such image, or no emulator for its platform.
        ToolError: the emulator is not installed.
        DeviceError: the image does not start.
    """
    profile = _profile(build)
    emulator = profile.get("emulator")
    if emulator in linux.EMULATORS:
        return linux.start(build, tcp_port, pty, audio, str(emulator))
    if emulator == nano.EMULATOR:
        return nano.start(build, tcp_port, pty, console, audio)
    if emulator == pico.EMULATOR:
        return pico.start(build, tcp_port, pty, console, audio)
    if console != "uart":
        raise UsageError(f"the emulator {emulator} has no {console} console; leave --console out")
    if emulator == esp32s3.EMULATOR:
        return esp32s3.start(build, tcp_port, pty, audio)
    if emulator == qemu_arm.EMULATOR:
        if audio is not None:
            raise UsageError(f"the emulator {emulator} has no microphone; leave --audio out")
        return qemu_arm.start(platform_of(profile, f"{build.name}/manifest.json"), build, tcp_port, pty)
    raise InputError(f"{build} is for a board that has no emulator; flash it and run wwtool hil on its port")


def _profile(build: Path) -> dict[str, Any]:
    """The platform's keys, as the build's manifest has them; of a bare ``.bin`` the emulator that it tells."""
    if build.is_file():
        image = build.read_bytes()
        if image[:4] == b"\x7fELF":
            raise InputError(f"{build} is an ELF, not an image; give its build folder, or the .bin in that")
        return {"emulator": _emulator_of(image)}
    profile = read_manifest(build).get("profile")
    return profile if isinstance(profile, dict) else {}


def _emulator_of(image: bytes) -> str:
    """Whose an image is: an ESP32's begins with its magic, the Nano's reset vector leads behind its boot loader."""
    if image[:1] == bytes([ESP_MAGIC]):
        return esp32s3.EMULATOR
    begin = load_platform(nano.PLATFORM).memory.application_origin
    return nano.EMULATOR if begin <= int.from_bytes(image[4:8], "little") < begin + len(image) else pico.EMULATOR
