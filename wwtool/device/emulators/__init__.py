"""Emulated boards. Each module starts one kind and gives a serial URL that the rest of ``wwtool.device`` opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.device.emulators import esp32s3, linux, nano, pico, qemu_arm
from wwtool.device.emulators.process import Emulator
from wwtool.device.emulators.stdio_board import StdioBoard
from wwtool.errors import InputError, UsageError
from wwtool.files import read_manifest
from wwtool.platforms import platform_of


def start(
    build: Path, tcp_port: int = 0, pty: bool = False, console: str = "uart", audio: Path | None = None
) -> Emulator | StdioBoard | esp32s3.Emulator:
    """Starts the image of a build folder on the emulator of its platform, or a bare Pico ``.bin``.

    Args:
        build: a build folder, or a ``.bin`` for the Pico.
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well.
        console: ``uart`` or ``usb``, where the board has both.
        audio: raw int16 mono at 16 kHz for the microphone.

    Raises:
        InputError: there is no such image, or no emulator for its platform.
        ToolError: the emulator is not installed.
        DeviceError: the image does not start.
    """
    manifest: dict[str, Any] = read_manifest(build) if build.is_dir() else {"platform": "pico"}
    platform = manifest.get("platform")
    emulator = manifest.get("profile", {}).get("emulator")
    if emulator in linux.EMULATORS:
        return linux.start(build, tcp_port, pty, audio, emulator)
    if platform == nano.PLATFORM:
        return nano.start(build, tcp_port, pty, console, audio)
    if platform == "pico":
        return pico.start(build, tcp_port, pty, console, audio)
    if platform in esp32s3.PLATFORMS or manifest.get("profile", {}).get("emulator") == "qemu-xtensa":
        return esp32s3.start(build, tcp_port, pty, audio)
    if emulator == "qemu-arm":
        if console != "uart" or audio is not None:
            raise UsageError("this emulator has one console and no microphone; leave --console and --audio out")
        return qemu_arm.start(platform_of(manifest["profile"], f"{build.name}/manifest.json"), build, tcp_port, pty)
    raise InputError(f"there is no emulator for {platform} yet; flash the board and run wwtool hil on its port")
