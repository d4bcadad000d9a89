"""The Arduino Nano 33 BLE on Unicorn: starts an image and gives its console a URL.

The emulation itself is ``nano_runner``, a program beside this file; the chip is ``nrf52840_core`` and ``nrf52840``.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from wwtool.base.programs import python_module
from wwtool.emulators.process import Emulator, image_of
from wwtool.errors import ToolError
from wwtool.platforms.load import load_platform

EMULATOR = "unicorn"
PLATFORM = "nano33ble"
INSTALL_COMMAND = "pip install unicorn"


def find_unicorn() -> str:
    """Returns where the Unicorn package is.

    Raises:
        ToolError: not installed.
    """
    spec = importlib.util.find_spec("unicorn")
    if spec is None or spec.origin is None:
        raise ToolError(f"the Nano 33 BLE emulator needs Unicorn; get it with: {INSTALL_COMMAND}")
    return spec.origin


def start(
    build: Path,
    tcp_port: int = 0,
    pty: bool = False,
    console: str = "uart",
    audio: Path | None = None,
    stats: Path | None = None,
) -> Emulator:
    """Starts an image and returns when its console can be opened.

    Args:
        build: a build folder, or a ``.bin``.
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        console: ``uart`` or ``usb``; with ``usb`` the board hangs on a PC, with ``uart`` on no USB at all.
        audio: raw int16 mono at 16 kHz for the microphone, which hears silence after its end.
        stats: file that gets :meth:`Emulator.stats` as JSON when the emulator ends.

    Raises:
        ToolError: Unicorn is missing.
        InputError: there is no such image.
        DeviceError: the image does not start.
    """
    find_unicorn()
    image = image_of(build, EMULATOR)
    platform = load_platform(PLATFORM)
    command = [*python_module("wwtool.emulators.nano_runner"), "--bin", str(image.absolute())]
    command += ["--origin", str(platform.memory.application_origin), "--clock-hz", str(platform.chip.clock_hz)]
    command += ["--cycles-per-instruction", str(platform.chip.cycles_per_instruction), "--tcp", str(tcp_port)]
    command += ["--console", console]
    command += ["--audio", str(audio.absolute())] if audio else []
    command += ["--stats", str(stats.absolute())] if stats else []
    return Emulator(command, pty, "Nano 33 BLE")
