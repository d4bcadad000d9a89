"""How a board is flashed, as data: steps that the flash tools make and the runner carries out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wwtool.device.flash.drives import Drive
from wwtool.device.flash.ports import Port

PORT = "{port}"  # in a command: the port when the command runs, as a boot loader's port appears only after a touch
BOOT_TIMEOUT_S = 15.0
WRITE_TIMEOUT_S = 300.0
VERIFY_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Touch:
    """Ask the program at ``port`` to start the boot loader."""

    port: Port


@dataclass(frozen=True)
class AwaitPort:
    """Wait for a boot loader's serial port; ``before`` is where the board was."""

    usb_ids: tuple[str, ...]
    before: Port | None


@dataclass(frozen=True)
class AwaitDrive:
    """Wait for a boot loader's drive."""

    board_ids: tuple[str, ...]


@dataclass(frozen=True)
class AwaitUsb:
    """Wait for a boot loader that a tool finds by itself."""

    usb_ids: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """Run a program on ``image``, which the command names without its folder.

    The program starts in a folder with only a copy of that file, because some of these programs read settings and
    scripts from the folder they start in. ``expects`` is text that it prints if it succeeds.
    """

    tool: str
    command: tuple[str, ...]
    purpose: Literal["write", "verify", "reset", "start"]
    image: Path
    timeout_s: float
    expects: str = ""


@dataclass(frozen=True)
class Copy:
    """Copy a UF2 file to ``drive``, or to the one that appeared; the board then starts it, and the drive goes."""

    source: Path
    drive: Drive | None


Step = Touch | AwaitPort | AwaitDrive | AwaitUsb | Run | Copy


@dataclass(frozen=True)
class Plan:
    """The steps with which ``tool`` writes ``image``; ``port`` is where the board is before the first.

    ``from_ram``: they start it from RAM and leave the flash alone, which only the console can prove.
    """

    tool: str
    image: Path
    steps: tuple[Step, ...]
    port: Port | None = None
    from_ram: bool = False
