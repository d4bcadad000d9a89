"""Programs that flash through a debug probe: OpenOCD, pyOCD and probe-rs."""

from __future__ import annotations

import re
from abc import abstractmethod
from pathlib import Path

from wwtool.base.tools import module_or_program, program
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.plan import VERIFY_TIMEOUT_S, WRITE_TIMEOUT_S, Plan, Run
from wwtool.device.flash.tools.flash_tool import FlashTool
from wwtool.errors import InputError, UsageError
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform, Probe

_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_PURPOSE = "flashing through a debug probe"


class _ProbeTool(FlashTool):
    """Writes, verifies and starts through a debug probe. A .hex carries its address, a .bin needs it told."""

    kinds = ("hex", "bin")
    uses_probe = True
    needs_usb = False

    def plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        assert self.tool is not None
        command = self.tool.command()
        if port is not None:
            raise UsageError(f"{self.name} finds the debug probe by itself; leave --port out")
        kind = next(kind for kind in self.kinds if kind in build.images)
        image, binary = build.image(kind), build.image("bin")
        # These programs read the name with a syntax of their own, so it must not mean anything there. The folder does
        # not matter: they run where a copy lies.
        for file in (image, binary):
            if not _SAFE_NAME.fullmatch(file.name):
                raise InputError(f"{self.name} cannot take the file name {file.name!r}; run wwtool build again")
        assert build.platform.probe is not None  # check_platform has seen to it
        origin = f"{build.platform.memory.application_origin:#x}"
        at = () if image.suffix == ".hex" else (origin,)
        return Plan(self.name, image, self.steps(command, build.platform.probe, image, at, binary, origin))

    @abstractmethod
    def steps(
        self, command: list[str], names: Probe, image: Path, at: tuple[str, ...], binary: Path, origin: str
    ) -> tuple[Run, ...]:
        """The programs to run.

        Args:
            command: starts the tool.
            names: what the tools call the chip.
            image: the file to write.
            at: its address, if the file does not carry it.
            binary: the ``.bin`` of the same build.
            origin: the address of that.
        """

    def by_hand(self, platform: Platform, file: Path) -> str:
        return str(file)

    def check_platform(self, platform: Platform) -> None:
        super().check_platform(platform)
        if platform.probe is None:
            raise InputError(
                f"{platform.file}: probe is needed, with openocd, pyocd and probe_rs, where debug probes are used"
            )


class OpenOcd(_ProbeTool):
    """OpenOCD."""

    name = "openocd"
    tool = program("openocd", _PURPOSE, "apt-get install openocd")

    def steps(
        self, command: list[str], names: Probe, image: Path, at: tuple[str, ...], binary: Path, origin: str
    ) -> tuple[Run, ...]:
        script = " ".join(("program", image.name, *at, "verify reset exit"))
        speed = "adapter speed 2000"  # kHz; every probe does it
        words = (*command, "-f", names.interface, "-c", speed, "-f", names.openocd, "-c", script)
        return (Run(self.name, words, "write", image, WRITE_TIMEOUT_S),)


class PyOcd(_ProbeTool):
    """pyOCD."""

    name = "pyocd"
    tool = module_or_program("pyocd", _PURPOSE, "pip install pyocd")

    def steps(
        self, command: list[str], names: Probe, image: Path, at: tuple[str, ...], binary: Path, origin: str
    ) -> tuple[Run, ...]:
        target = ("-W", "-t", names.pyocd)
        base = ("--base-address", *at) if at else ()
        load = (*command, "load", *target, *base, image.name)
        # Its exit status is 0 even if bytes differ.
        compare = (*command, "commander", *target, "-M", "attach", "-c", f"compare {origin} {binary.name}")
        return (
            Run(self.name, load, "write", image, WRITE_TIMEOUT_S),
            Run(self.name, compare, "verify", binary, VERIFY_TIMEOUT_S, "bytes match"),
        )


class ProbeRs(_ProbeTool):
    """probe-rs."""

    name = "probe-rs"
    tool = program("probe-rs", _PURPOSE, "https://probe.rs/docs/getting-started/installation")

    def steps(
        self, command: list[str], names: Probe, image: Path, at: tuple[str, ...], binary: Path, origin: str
    ) -> tuple[Run, ...]:
        chip = ("--chip", names.probe_rs)
        form = ("--binary-format", "bin", "--base-address", *at) if at else ("--binary-format", "hex")
        download = (*command, "download", *chip, *form, "--verify", image.name)
        return (
            Run(self.name, download, "write", image, WRITE_TIMEOUT_S),
            Run(self.name, (*command, "reset", *chip), "reset", image, VERIFY_TIMEOUT_S),
        )
