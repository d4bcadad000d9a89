"""Looks for every tool that wwtool can use, for one platform or for all platforms."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from wwtool.base.tools import Tool, program, python_package
from wwtool.data.recognizers.registry import RECOGNIZERS
from wwtool.data.recorded_people import GET, recorded_people
from wwtool.data.speaker_embedding.registry import ENCODERS
from wwtool.data.synthesizers.interface import Synthesizer
from wwtool.data.synthesizers.registry import SYNTHESIZERS
from wwtool.device.flash import drives
from wwtool.device.flash.tools import FLASH_TOOLS, flash_tools_of, usual_tool
from wwtool.emulators import EMULATORS, emulator_of
from wwtool.engines.machines import emulated, forget_picolibc
from wwtool.errors import InputError
from wwtool.firmware.toolchains import TOOLCHAINS, toolchain_kind
from wwtool.firmware.toolchains.host import Host
from wwtool.platforms.load import load_platforms
from wwtool.platforms.profile import Platform
from wwtool.quantizer.onnx2tf import ONNX2TF
from wwtool.training.teachers import TEACHERS

Step = Literal["build", "voices", "measure", "emulate", "flash", "hil", "train", "quantize"]
_SERIAL_GROUPS = ("dialout", "uucp")  # Debian's and Arch's


@dataclass(frozen=True)
class Finding:
    """One tool.

    Attributes:
        tool: its name.
        purpose: what it is for.
        step: the command or part of the work that needs it.
        platforms: the profiles that need it; empty: all.
        found: whether it is there (the name in the JSON).
        detail: its version or place.
        remedy: the line that gets it, or where to get it.
        required: nothing can be built for the platform without it.
        alternative: another tool does the same, or there is nothing to install. ``--fix`` does not install it.
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
    """Looks for the tools that ``platform`` needs; None: for all tools."""
    importlib.invalidate_caches()  # something may have been installed since the last look
    forget_picolibc()
    profiles = _Profiles((*load_platforms(), *([platform] if platform and platform not in load_platforms() else [])))
    findings = [
        *_building(profiles), *_emulating(profiles), *_measuring(profiles), *_hearing(profiles), *_flashing(profiles),
        *_serial(profiles),
        *_voices(), *_listening(), *_teachers(), *_trackers(), _gpu(),
    ]  # fmt: skip
    if platform is None:
        # Nobody has asked for a board, so no board's compiler is required.
        return [replace(f, required=f.required and not f.platforms) for f in findings]
    return [finding for finding in findings if not finding.platforms or platform.name in finding.platforms]


@dataclass(frozen=True)
class _Profiles:
    """The shipped platforms, and the user's own profile if that is the question."""

    platforms: tuple[Platform, ...]

    def names(self, needs: Callable[[Platform], bool]) -> tuple[str, ...]:
        return tuple(platform.name for platform in self.platforms if needs(platform))


def _building(profiles: _Profiles) -> list[Finding]:
    findings = []
    for kind in TOOLCHAINS.values():
        users = profiles.names(lambda p, kind=kind: p.toolchain == kind.name)  # type: ignore[misc]
        for_all = kind.tool is Host.tool  # evaluation runs generated C on this machine
        if users or for_all:
            findings.append(_look_for(kind.tool, "build", () if for_all else users, required=True))
    return findings


def _emulating(profiles: _Profiles) -> list[Finding]:
    findings = []
    for emulator in EMULATORS.values():
        users = profiles.names(lambda p, emulator=emulator: emulator_of(p) is emulator)  # type: ignore[misc]
        if users:
            findings += [_look_for(tool, "emulate", users) for tool in (*emulator.tools, *emulator.installers)]
    return findings


def _measuring(profiles: _Profiles) -> list[Finding]:
    """The emulator that counts instructions of compiled models for Arm, and the interpreter to compare them with."""
    qemu = emulated("cortex-m4")
    users = profiles.names(lambda p: toolchain_kind(p).tool.name == qemu.compiler)
    name = qemu.emulator[0]
    tflm = python_package("tflite_micro", "running models in TFLM's interpreter", "pip install tflite-micro")
    return [
        _look_for(program(name, "instructions of models for Arm", f"apt-get install {name}"), "measure", users),
        _look_for(tflm, "measure", (), alternative=True),
        _look_for(ONNX2TF, "quantize", (), alternative=True),
    ]


def _hearing(profiles: _Profiles) -> list[Finding]:
    """The program that records where the firmware is a Linux program."""
    users = profiles.names(lambda p: p.is_linux)
    arecord = program("arecord", "the microphone of a Linux program", "apt-get install alsa-utils")
    return [_look_for(arecord, "hil", users, alternative=True)]  # the machine that runs the program needs it


def _flashing(profiles: _Profiles) -> list[Finding]:
    findings = []
    for flash_tool in FLASH_TOOLS.values():
        users = profiles.names(lambda p, name=flash_tool.name: name in flash_tools_of(p))  # type: ignore[misc]
        is_usual = any(usual_tool(platform) is flash_tool for platform in profiles.platforms)
        if flash_tool.tool is not None and users:
            findings.append(_look_for(flash_tool.tool, "flash", users, alternative=not is_usual))
    waiting = [p for p in profiles.platforms if (usual := usual_tool(p)) is not None and usual.writes_drives]
    return [*findings, *map(_drive, waiting)]


def _drive(platform: Platform) -> Finding:
    """Whether a board waits for an image at this moment."""
    assert platform.uf2 is not None  # else the profile is not valid
    here = ", ".join(str(drive.path) for drive in drives.of_boards(platform.uf2.board_ids))
    purpose = f"a {platform.title} that waits for an image"
    return Finding(
        f"drive {platform.uf2.label}", purpose, "flash", (platform.name,), bool(here), here, platform.enter_loader,
        alternative=True,
    )  # fmt: skip


def _serial(profiles: _Profiles) -> list[Finding]:
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
    users = profiles.names(lambda p: bool(p.flash_tools))
    detail = "root" if os.geteuid() == 0 else f"in the group {names}"
    return [Finding("serial ports", "flashing and testing boards", "hil", users, member, detail, remedy)]


_ONNX = python_package("onnxruntime", "runs natural voices", "pip install onnxruntime hibari-tts")


def _voices() -> list[Finding]:
    return [_look_for(_ONNX, "voices", ()), *map(_synthesizer, SYNTHESIZERS.values()), _people()]


def _people() -> Finding:
    try:
        sets = [voice.name for voice in recorded_people()]
    except InputError:  # one is damaged, and the remedy gets it anew
        sets = []
    purpose = "what people sound like; a model that has not heard it takes more of it for the phrase"
    return Finding("recordings of people", purpose, "voices", (), bool(sets), ", ".join(sets), GET)


def _synthesizer(kind: type[Synthesizer]) -> Finding:
    purpose, place = "more natural voices", "on PATH"
    if kind.bundled:
        purpose, place = "synthetic speech", "comes with wwtool"
    elif kind.natural:
        purpose, place = "voices like people's; a model without them misses most people", kind.licence
    try:
        is_there = kind.find() is not None
    except InputError:  # a voice is damaged, and the remedy gets it anew
        is_there = False
    return Finding(
        kind.title, purpose, "voices", (), is_there, place, kind.install, required=kind.bundled, alternative=kind.extra
    )


def _teachers() -> list[Finding]:
    """What teachers of the small model need."""
    tools = {tool.name: (tool, teacher) for teacher in TEACHERS.values() for tool in teacher.tools}
    return [_look_for(tool, "train", (), alternative=not t.automatic) for tool, t in tools.values()]


_TRACKERS = (
    python_package("wandb", "curves of trainings in Weights & Biases", "pip install wandb"),
    python_package("mlflow", "curves of trainings in MLflow", "pip install mlflow-skinny"),
)


def _trackers() -> list[Finding]:
    """What `train.trackers` may name besides TensorBoard."""
    return [_look_for(tool, "train", (), alternative=True) for tool in _TRACKERS]


def _listening() -> list[Finding]:
    """What tells whether clips say the phrase, and whose voices they are."""
    finest = list(RECOGNIZERS.values())[1:]  # the quickest one is enough
    recognizers = [
        Finding(r.title, "checking that clips say the phrase", "voices", (), r.is_installed(), r.licence, r.install,
                alternative=r in finest)
        for r in RECOGNIZERS.values()
    ]  # fmt: skip
    encoders = [
        Finding(e.title, "telling speakers apart", "voices", (), e.is_installed(), e.licence, e.install)
        for e in ENCODERS.values()
    ]
    return [*recognizers, *encoders]


def _gpu() -> Finding:
    import torch

    is_there = torch.cuda.is_available()
    name = torch.cuda.get_device_name(0) if is_there else ""
    remedy = "not needed; training runs on the CPU"
    return Finding("CUDA", "faster training", "train", (), is_there, name, remedy, alternative=True)


def _look_for(
    tool: Tool, step: Step, platforms: tuple[str, ...], required: bool = False, alternative: bool = False
) -> Finding:
    """Whether a tool is there, and its version, or else its place."""
    detail = ""
    if is_there := tool.is_there:
        place = tool.find()
        detail = tool.version(place) or place
    return Finding(tool.name, tool.purpose, step, platforms, is_there, detail, tool.remedy, required, alternative)
