"""Looks for every tool that wwtool can use, for one platform or for all."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from wwtool.base.tools import Tool, program
from wwtool.data.synthesizers.registry import SYNTHESIZERS, installed_synthesizers
from wwtool.device.flash import drives
from wwtool.device.flash.tools import FLASH_TOOLS, flash_tools_of, usual_tool
from wwtool.emulators import EMULATORS, emulator_of
from wwtool.engines.machines import emulated, forget_picolibc
from wwtool.firmware.toolchains import TOOLCHAINS, toolchain_kind
from wwtool.firmware.toolchains.host import Host
from wwtool.platforms.load import load_platforms
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
    findings = []
    for kind in TOOLCHAINS.values():
        users = known.names(lambda p, kind=kind: p.toolchain == kind.name)  # type: ignore[misc]
        for_all = kind.tool is Host.tool  # evaluation runs generated C on this machine
        if users or for_all:
            findings.append(_look_for(kind.tool, "build", () if for_all else users, required=True))
    return findings


def _emulating(known: _Known) -> list[Finding]:
    findings = []
    for emulator in EMULATORS.values():
        users = known.names(lambda p, emulator=emulator: emulator_of(p) is emulator)  # type: ignore[misc]
        if users:
            findings += [_look_for(tool, "emulate", users) for tool in (*emulator.tools, *emulator.installers)]
    return findings


def _measuring(known: _Known) -> list[Finding]:
    """What counts instructions of compiled models, beyond the compilers and emulators above."""
    qemu = emulated("cortex-m4")
    users = known.names(lambda p: toolchain_kind(p).tool.name == qemu.compiler)
    name = qemu.emulator[0]
    return [_look_for(program(name, "instructions of models for Arm", f"apt-get install {name}"), "measure", users)]


def _hearing(known: _Known) -> list[Finding]:
    """What records where the firmware is a Linux program."""
    users = known.names(lambda p: p.is_linux)
    arecord = program("arecord", "the microphone of a Linux program", "apt-get install alsa-utils")
    return [_look_for(arecord, "hil", users, alternative=True)]  # the machine that runs the program needs it


def _flashing(known: _Known) -> list[Finding]:
    findings = []
    for flash_tool in FLASH_TOOLS.values():
        users = known.names(lambda p, name=flash_tool.name: name in flash_tools_of(p))  # type: ignore[misc]
        is_usual = any(usual_tool(platform) is flash_tool for platform in known.platforms)
        if flash_tool.tool is not None and users:
            findings.append(_look_for(flash_tool.tool, "flash", users, alternative=not is_usual))
    waiting = [p for p in known.platforms if (usual := usual_tool(p)) is not None and usual.writes_drives]
    return [*findings, *map(_drive, waiting)]


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


def _look_for(
    tool: Tool, step: Step, platforms: tuple[str, ...], required: bool = False, alternative: bool = False
) -> Finding:
    """Whether a tool is there, and its version, or else its place."""
    detail = ""
    if is_there := tool.is_there:
        place = tool.find()
        detail = tool.version(place) or place
    return Finding(tool.name, tool.purpose, step, platforms, is_there, detail, tool.remedy, required, alternative)
