"""Looks for every tool that wwtool can use, for one platform or for all."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from typing import Literal

from wwtool.data.synthesizers.registry import SYNTHESIZERS, installed_synthesizers
from wwtool.device.flash import drives, tools
from wwtool.emulators import esp32s3, linux, nano, pico
from wwtool.engines.machines import XTENSA_PACKAGES, emulated, forget_picolibc, host_compiler, picolibc
from wwtool.errors import ToolError
from wwtool.firmware.toolchains import APT_PACKAGES, find_toolchain
from wwtool.platforms.load import load_platform, load_platforms
from wwtool.platforms.profile import Platform

Step = Literal["build", "voices", "measure", "emulate", "flash", "hil", "train"]
_SERIAL_GROUPS = ("dialout", "uucp")  # Debian's and Arch's


@dataclass(frozen=True)
class Finding:
    """One tool.

    Attributes:
        tool: its name.
        purpose: what it is for.
        step: the command or part of the work that needs it.
        platforms: the profiles that need it; empty: all.
        found: whether it is there.
        detail: its version or place.
        remedy: the line that gets it, or where to get it.
        required: nothing is built without it, for the platform asked for.
        alternative: another tool does as well, or it is no tool to install; left alone by ``--fix``.
    """

    tool: str
    purpose: str
    step: Step
    platforms: tuple[str, ...]
    found: bool
    detail: str
    remedy: str
    required: bool = False
    alternative: bool = False


def examine(platform: Platform | None = None) -> list[Finding]:
    """Looks for what ``platform`` needs; None: for everything."""
    importlib.invalidate_caches()  # something may have been installed since the last look
    forget_picolibc()
    known = _Known((*load_platforms(), *([platform] if platform and platform not in load_platforms() else [])))
    findings = [
        *_building(known), *_emulating(known), *_measuring(known), *_hearing(known), *_flashing(known), *_serial(known),
        *_voices(), _gpu(),
    ]  # fmt: skip
    if platform is None:
        # A compiler for a board that is not asked for is not missed.
        return [replace(f, required=f.required and not f.platforms) for f in findings]
    return [finding for finding in findings if not finding.platforms or platform.name in finding.platforms]


@dataclass(frozen=True)
class _Known:
    """The shipped platforms, and the user's own if it was asked for."""

    platforms: tuple[Platform, ...]

    def names(self, wanted: Callable[[Platform], bool]) -> tuple[str, ...]:
        return tuple(platform.name for platform in self.platforms if wanted(platform))


def _building(known: _Known) -> list[Finding]:
    arm = known.names(lambda p: p.toolchain == "arm-none-eabi")
    xtensa = known.names(lambda p: p.toolchain == "xtensa-lx106")
    linux_arm = known.names(lambda p: p.toolchain == "arm-linux-gnueabi")
    return [
        _found(
            "C compiler", "running generated C on this machine", "build", (), host_compiler, "apt-get install gcc", True
        ),
        Finding(
            "arm-none-eabi-gcc", "firmware for Cortex-M boards", "build", arm, _has_newlib(),
            _version("arm-none-eabi-gcc"), f"apt-get install {APT_PACKAGES['arm-none-eabi']}", required=True,
        ),
        Finding(
            "xtensa-lx106-elf-gcc", "firmware for the ESP32-S3", "build", xtensa, bool(picolibc()),
            _version("xtensa-lx106-elf-gcc"), f"apt-get install {XTENSA_PACKAGES}", required=True,
        ),
        _found(
            "arm-linux-gnueabi-gcc", "programs for the Raspberry Pi Zero", "build", linux_arm,
            lambda: find_toolchain(load_platform("rpi_zero")).compiler,
            f"apt-get install {APT_PACKAGES['arm-linux-gnueabi']}", required=True,
        ),
    ]  # fmt: skip


def _has_newlib() -> bool:
    """Whether the Arm compiler is there with its C library, a package of its own."""
    if shutil.which("arm-none-eabi-gcc") is None:
        return False
    command = ["arm-none-eabi-gcc", "-print-file-name=nano.specs"]
    return "/" in subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False).stdout


def _emulating(known: _Known) -> list[Finding]:
    rp2040 = known.names(lambda p: p.emulator == "rp2040js")
    nrf52840 = known.names(lambda p: p.emulator == "unicorn")
    xtensa = known.names(lambda p: p.emulator == "qemu-xtensa")
    user = known.names(lambda p: p.emulator == "qemu-user")
    pico_for, node, rp2040js = "the emulated Pico", "apt-get install nodejs", pico.INSTALL_COMMAND
    return [
        _found("Node.js", pico_for, "emulate", rp2040, lambda: str(pico.find_node()), node),
        _program("npm", "getting rp2040js", "emulate", rp2040, "apt-get install npm"),
        _found("rp2040js", pico_for, "emulate", rp2040, lambda: str(pico.find_rp2040js()), rp2040js),
        _package("unicorn", "the emulated Nano 33 BLE", "emulate", nrf52840, nano.INSTALL_COMMAND),
        _program(esp32s3.QEMU, "the emulated ESP32-S3", "emulate", xtensa, f"apt-get install {esp32s3.PACKAGE}"),
        _program(linux.QEMU, "the emulated Raspberry Pi Zero", "emulate", user, f"apt-get install {linux.PACKAGE}"),
    ]


def _measuring(known: _Known) -> list[Finding]:
    """What counts instructions of compiled models, beyond the compilers and emulators above."""
    qemu = emulated("cortex-m4").emulator[0]
    arm = known.names(lambda p: p.toolchain == "arm-none-eabi")
    return [_program(qemu, "instructions of models for Arm", "measure", arm, f"apt-get install {qemu}")]


def _hearing(known: _Known) -> list[Finding]:
    """What records where the firmware is a Linux program."""
    users = known.names(lambda p: p.is_linux)
    arecord = _program("arecord", "the microphone of a Linux program", "hil", users, "apt-get install alsa-utils")
    return [replace(arecord, alternative=True)]  # it is needed where the program runs, which may be elsewhere


def _flashing(known: _Known) -> list[Finding]:
    nanos = known.names(lambda p: p.flash_tool == "bossac")
    esp = known.names(lambda p: p.flash_tool == "esptool")
    probes = "flashing through a debug probe"
    return [
        _package("esptool", "flashing an ESP32-S3", "flash", esp, tools.GET["esptool"]),
        _found("bossac", "flashing a Nano 33 BLE", "flash", nanos, tools.bossac, tools.GET["bossac"]),
        _flasher(known, "picotool", "flashing a Pico without its drive"),
        *(_flasher(known, tool, probes) for tool in ("openocd", "pyocd", "probe-rs")),
        *(_drive(platform) for platform in known.platforms if platform.flash_tool == "uf2"),
    ]


def _flasher(known: _Known, tool: str, purpose: str) -> Finding:
    """A tool beside the usual one."""
    users = known.names(lambda p: tool in p.flash_tools)
    return _found(tool, purpose, "flash", users, lambda: tools.command(tool)[0], tools.GET[tool], alternative=True)


def _drive(platform: Platform) -> Finding:
    """Whether a board waits for an image right now."""
    assert platform.uf2 is not None  # else the profile is not valid
    here = ", ".join(str(drive.path) for drive in drives.of_boards(platform.uf2.board_ids))
    purpose = f"a {platform.title} that waits for an image"
    return Finding(
        f"drive {platform.uf2.label}", purpose, "flash", (platform.name,), bool(here), here, platform.enter_loader,
        alternative=True,
    )  # fmt: skip


def _serial(known: _Known) -> list[Finding]:
    """Whether this user may use serial ports, where a group decides that."""
    if not sys.platform.startswith("linux"):
        return []
    import grp

    there = [group for group in grp.getgrall() if group.gr_name in _SERIAL_GROUPS]
    if not there:
        return []
    names = " or ".join(group.gr_name for group in there)
    member = os.geteuid() == 0 or any(group.gr_gid in (os.getegid(), *os.getgroups()) for group in there)
    remedy = f"sudo usermod -aG {there[0].gr_name} $USER, then log out and in again"
    users = known.names(lambda p: bool(p.flash_tools))
    detail = "root" if os.geteuid() == 0 else f"in the group {names}"
    return [Finding("serial ports", "flashing and testing boards", "hil", users, member, detail, remedy)]


def _voices() -> list[Finding]:
    installed = installed_synthesizers()
    return [
        Finding(
            synthesizer.title, "synthetic speech" if synthesizer.bundled else "more natural voices", "voices", (),
            name in installed, "comes with wwtool" if synthesizer.bundled else "on PATH", synthesizer.install,
            required=synthesizer.bundled, alternative=synthesizer.extra,
        )
        for name, synthesizer in SYNTHESIZERS.items()
    ]  # fmt: skip


def _gpu() -> Finding:
    import torch

    found = torch.cuda.is_available()
    name = torch.cuda.get_device_name(0) if found else ""
    remedy = "not needed; training runs on the CPU"
    return Finding("CUDA", "faster training", "train", (), found, name, remedy, alternative=True)


def _found(
    tool: str, purpose: str, step: Step, platforms: tuple[str, ...], find: Callable[[], str], remedy: str,
    required: bool = False, alternative: bool = False,
) -> Finding:  # fmt: skip
    """What ``find`` returns the command or place of, or raises ToolError."""
    try:
        where = find()
    except ToolError:
        return Finding(tool, purpose, step, platforms, False, "", remedy, required, alternative)
    return Finding(tool, purpose, step, platforms, True, _version(where) or where, remedy, required, alternative)


def _program(tool: str, purpose: str, step: Step, platforms: tuple[str, ...], remedy: str) -> Finding:
    return Finding(tool, purpose, step, platforms, shutil.which(tool) is not None, _version(tool), remedy)


def _package(tool: str, purpose: str, step: Step, platforms: tuple[str, ...], remedy: str) -> Finding:
    """A Python package of the running interpreter."""
    found = find_spec(tool) is not None
    try:
        version = metadata.version(tool) if found else ""
    except metadata.PackageNotFoundError:
        version = ""
    return Finding(tool, purpose, step, platforms, found, version, remedy)


def _version(command: str) -> str:
    """The first line of ``--version``, "" if that is none."""
    if shutil.which(command) is None:
        return ""
    try:
        result = subprocess.run(
            [command, "--version"], capture_output=True, text=True, errors="surrogateescape", timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.splitlines()[0].strip() if result.returncode == 0 and result.stdout.strip() else ""
