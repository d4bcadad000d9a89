"""The Arduino Nano 33 BLE on Unicorn: starts an image and gives its console a URL.

The emulation itself is ``nano_runner``, a program beside this file; the chip is in ``nrf52840``.
"""

from __future__ import annotations

from pathlib import Path

from wwtool.base.programs import python_module
from wwtool.base.tools import python_package
from wwtool.emulators.emulator import UART, USB, Emulator, Options
from wwtool.emulators.process import ProcessBoard, image_of
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

PLATFORM = "nano33ble"
UNICORN = python_package("unicorn", "the emulated Nano 33 BLE", "pip install unicorn")


def start(
    build: Path,
    tcp_port: int = 0,
    pty: bool = False,
    console: str = UART,
    audio: Path | None = None,
    stats: Path | None = None,
    restarts: bool = False,
    bad_ram: int | None = None,
) -> ProcessBoard:
    """Starts an image and returns when its console can be opened.

    Args:
        build: a build folder, or a ``.bin``; one for RAM is started as a debug probe does.
        tcp_port: where the console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        console: ``uart`` or ``usb``; with ``usb`` the board hangs on a PC, with ``uart`` on no USB at all.
        audio: raw int16 mono at 16 kHz for the microphone, which hears silence after its end.
        restarts: the boot loader starts the program again after a reset; otherwise that ends the run.
        bad_ram: the address of a word whose lowest bit always reads 1.
        stats: file that gets :meth:`ProcessBoard.stats` as JSON when the emulator ends.

    Raises:
        ToolError: Unicorn is missing.
        InputError: there is no such image.
        DeviceError: the image does not start.
    """
    UNICORN.find()
    image = image_of(build, Unicorn.name)
    platform = load_platform(PLATFORM)
    command = [*python_module("wwtool.emulators.nano_runner"), "--bin", str(image.absolute())]
    command += ["--origin", str(_origin(image.read_bytes())), "--clock-hz", str(platform.chip.clock_hz)]
    command += ["--cycles-per-instruction", str(platform.chip.cycles_per_instruction), "--tcp", str(tcp_port)]
    command += ["--console", console]
    command += ["--restarts"] if restarts else []
    command += ["--bad-ram", str(bad_ram)] if bad_ram is not None else []
    command += ["--audio", str(audio.absolute())] if audio else []
    command += ["--stats", str(stats.absolute())] if stats else []
    return ProcessBoard(command, pty, "Nano 33 BLE")


class Unicorn(Emulator):
    """The Unicorn engine with a model of the nRF52840."""

    name = "unicorn"
    consoles = (UART, USB)
    tools = (UNICORN,)

    def start(self, platform: Platform, image: Path, options: Options) -> ProcessBoard:
        return start(image, options.tcp_port, options.pty, options.console, options.audio, restarts=options.restarts)

    def platform_of(self, image: bytes) -> str | None:
        """The reset vector leads into the image, which lies behind the board's boot loader or in RAM."""
        return PLATFORM if 0 <= _entry(image) - _origin(image) < len(image) else None


def _entry(image: bytes) -> int:
    return int.from_bytes(image[4:8], "little")


def _origin(image: bytes) -> int:
    """Where an image belongs: in RAM if its reset vector leads there, else behind the boot loader."""
    memory = load_platform(PLATFORM).memory
    in_ram = memory.ram_image_origin
    return in_ram if in_ram is not None and _entry(image) >= in_ram else memory.application_origin
