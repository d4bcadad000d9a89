"""What is done to flash a board, as data: steps that the runner carries out. Pure functions make them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wwtool.device.flash.drives import Drive
from wwtool.device.flash.images import Build
from wwtool.device.flash.ports import Port
from wwtool.errors import InputError
from wwtool.platforms.profile import Probe

PORT = "{port}"  # in a command: the port at that moment, as a boot loader's appears only after a touch
BOOT_TIMEOUT_S = 15.0
WRITE_TIMEOUT_S = 300.0
VERIFY_TIMEOUT_S = 120.0
_ESP_BAUD = 460800  # what ESP-IDF flashes with; every bridge keeps up
_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]+")


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

    It runs where nothing but a copy of that file lies: some of these programs take settings, and scripts, from the
    folder they are started in. ``expects`` is printed by one that succeeded.
    """

    tool: str
    command: tuple[str, ...]
    purpose: Literal["write", "verify", "reset"]
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
    """The steps with which ``tool`` writes ``image``; ``port`` is where the board is before the first."""

    tool: str
    image: Path
    steps: tuple[Step, ...]
    port: Port | None = None


def esptool(build: Build, command: list[str], port: Port) -> Plan:
    """Write and verify at offset 0: the image has all that the ROM needs. Modes are kept as the image says."""
    image = build.image("bin")
    assert build.platform.flash_chip is not None
    words = (*command, "--chip", build.platform.flash_chip.esptool_chip, "--port", PORT, "--baud", str(_ESP_BAUD))
    name = image.name
    return Plan(
        "esptool",
        image,
        (
            Run("esptool", (*words, "write-flash", "0x0", name), "write", image, WRITE_TIMEOUT_S),
            Run("esptool", (*words, "verify-flash", "0x0", name), "verify", image, VERIFY_TIMEOUT_S),
        ),
        port,
    )


def bossac(build: Build, command: list[str], port: Port) -> Plan:
    """Through the boot loader's port: as the board's Arduino core does it, and with -v for verification."""
    image = build.image("bin")
    usb = build.platform.usb
    assert usb is not None
    words = (*command, "-p", PORT, "-U", "-i", "-e", "-w", "-v", "-R", image.name)
    run = Run("bossac", words, "write", image, WRITE_TIMEOUT_S)
    first = (Touch(port), AwaitPort(usb.loader, port)) if port.usb_id in usb.running else ()
    return Plan("bossac", image, (*first, run), port)


def uf2(build: Build, drive: Drive | None, port: Port | None) -> Plan:
    """To a drive, or to the one that appears once the program at ``port`` was asked for it."""
    image = build.image("uf2")
    assert build.platform.uf2 is not None
    if drive is not None:
        return Plan("uf2", image, (Copy(image, drive),))
    first = (Touch(port),) if port is not None else ()
    return Plan("uf2", image, (*first, AwaitDrive(build.platform.uf2.board_ids), Copy(image, None)), port)


def picotool(build: Build, command: list[str], port: Port | None) -> Plan:
    """The boot ROM's own protocol: write, verify, start."""
    image = build.image("uf2")
    assert build.platform.uf2 is not None
    run = Run("picotool", (*command, "load", "-v", "-x", image.name), "write", image, WRITE_TIMEOUT_S)
    first = (Touch(port), AwaitUsb(build.platform.uf2.usb)) if port is not None else ()
    return Plan("picotool", image, (*first, run), port)


def probe(build: Build, tool: str, command: list[str]) -> Plan:
    """Through a debug probe: write, verify, start."""
    kind = "hex" if "hex" in build.images else "bin"
    image = build.image(kind)
    # They read the name with a syntax of their own, so it must not mean anything there; the folder is the program's.
    for file in (image, build.image("bin")):
        if not _SAFE_NAME.fullmatch(file.name):
            raise InputError(f"{tool} cannot take the file name {file.name!r}; run wwtool build again")
    names = build.platform.probe
    assert names is not None
    origin = f"{build.platform.memory.application_origin:#x}"
    at = () if kind == "hex" else (origin,)
    steps = {
        "openocd": lambda: _openocd(command, names, image, at),
        "pyocd": lambda: _pyocd(command, names, image, at, origin, build.image("bin")),
        "probe-rs": lambda: _probe_rs(command, names, image, at),
    }[tool]()
    return Plan(tool, image, steps)


def _openocd(command: list[str], names: Probe, image: Path, at: tuple[str, ...]) -> tuple[Step, ...]:
    program = " ".join(("program", image.name, *at, "verify reset exit"))
    speed = "adapter speed 2000"  # kHz; every probe does it
    words = (*command, "-f", names.interface, "-c", speed, "-f", names.openocd, "-c", program)
    return (Run("openocd", words, "write", image, WRITE_TIMEOUT_S),)


def _pyocd(
    command: list[str], names: Probe, image: Path, at: tuple[str, ...], origin: str, binary: Path
) -> tuple[Step, ...]:
    target = ("-W", "-t", names.pyocd)
    base = ("--base-address", *at) if at else ()
    load = (*command, "load", *target, *base, image.name)
    # Its exit status is 0 even if bytes differ.
    compare = (*command, "commander", *target, "-M", "attach", "-c", f"compare {origin} {binary.name}")
    return (
        Run("pyocd", load, "write", image, WRITE_TIMEOUT_S),
        Run("pyocd", compare, "verify", binary, VERIFY_TIMEOUT_S, "bytes match"),
    )


def _probe_rs(command: list[str], names: Probe, image: Path, at: tuple[str, ...]) -> tuple[Step, ...]:
    chip = ("--chip", names.probe_rs)
    form = ("--binary-format", "bin", "--base-address", *at) if at else ("--binary-format", "hex")
    return (
        Run(
            "probe-rs",
            (*command, "download", *chip, *form, "--verify", image.name),
            "write",
            image,
            WRITE_TIMEOUT_S,
        ),
        Run("probe-rs", (*command, "reset", *chip), "reset", image, VERIFY_TIMEOUT_S),
    )
