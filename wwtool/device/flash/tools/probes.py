"""Programs that flash through a debug probe: OpenOCD, pyOCD and probe-rs."""

from __future__ import annotations

import re
import struct
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

from wwtool.base.tools import module_or_program, program
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.images import ram_image
from wwtool.device.flash.plan import VERIFY_TIMEOUT_S, WRITE_TIMEOUT_S, Plan, Run
from wwtool.device.flash.tools.flash_tool import FlashTool
from wwtool.errors import InputError, UsageError
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform, Probe

_SAFE_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_VECTORS = struct.Struct("<2I")  # the first two: stack pointer and entry
_SPEED = "adapter speed 2000"  # kHz; every probe does it
_PURPOSE = "flashing through a debug probe"


@dataclass(frozen=True)
class RamStart:
    """A file that belongs to RAM from ``origin`` on, and what its vector table begins with."""

    image: Path
    origin: int
    stack: int
    entry: int

    @property
    def pc(self) -> int:
        """The entry's address, without the bit for Thumb."""
        return self.entry & ~1


class _ProbeTool(FlashTool):
    """Writes, verifies and starts through a debug probe. A .hex carries its address, a .bin needs it told."""

    kinds = ("hex", "bin")
    uses_probe = True
    needs_usb = False

    def plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        kind = next(kind for kind in self.kinds if kind in build.images)
        image, binary = build.image(kind), build.image("bin")
        command = self._ready(port, image, binary)
        assert build.platform.probe is not None  # check_platform has seen to it
        origin = f"{build.platform.memory.application_origin:#x}"
        at = () if image.suffix == ".hex" else (origin,)
        return Plan(self.name, image, self.steps(command, build.platform.probe, image, at, binary, origin))

    def _ready(self, port: str | None, *files: Path) -> list[str]:
        """What starts the tool, which can take these files."""
        assert self.tool is not None
        command = self.tool.command()
        if port is not None:
            raise UsageError(f"{self.name} finds the debug probe by itself; leave --port out")
        # These programs read the name with a syntax of their own, so it must not mean anything there. The folder does
        # not matter: they run where a copy lies.
        for file in files:
            if not _SAFE_NAME.fullmatch(file.name):
                raise InputError(f"{self.name} cannot take the file name {file.name!r}; run wwtool build again")
        return command

    def ram_plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        """The chip is reset and halted before its boot loader runs, and enters the program as a reset would."""
        image = ram_image(build)
        command, platform = self._ready(port, image), build.platform
        assert platform.probe is not None and platform.memory.ram_image_origin is not None
        content = image.read_bytes()
        if len(content) < _VECTORS.size:
            raise InputError(f"{image} has no vector table; run wwtool build again")
        start = RamStart(image, platform.memory.ram_image_origin, *_VECTORS.unpack_from(content))
        return Plan(self.name, image, (self.ram_step(command, platform.probe, start),), from_ram=True)

    def ram_step(self, command: list[str], names: Probe, start: RamStart) -> Run:
        """The program to run, for ``ram_plan``; of a tool that ``runs_from_ram``."""
        raise NotImplementedError

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

    def runs_from_ram(self, platform: Platform) -> bool:
        return platform.memory.ram_image_origin is not None

    def ram_step(self, command: list[str], names: Probe, start: RamStart) -> Run:
        place = f"{start.image.name} {start.origin:#x} bin"
        registers = f"reg sp {start.stack:#x}; reg pc {start.pc:#x}"
        script = f"init; reset halt; load_image {place}; verify_image {place}; {registers}; resume; shutdown"
        words = (*command, "-f", names.interface, "-c", _SPEED, "-f", names.openocd, "-c", script)
        return Run(self.name, words, "start", start.image, WRITE_TIMEOUT_S)

    def steps(
        self, command: list[str], names: Probe, image: Path, at: tuple[str, ...], binary: Path, origin: str
    ) -> tuple[Run, ...]:
        script = " ".join(("program", image.name, *at, "verify reset exit"))
        words = (*command, "-f", names.interface, "-c", _SPEED, "-f", names.openocd, "-c", script)
        return (Run(self.name, words, "write", image, WRITE_TIMEOUT_S),)


class PyOcd(_ProbeTool):
    """pyOCD."""

    name = "pyocd"
    tool = module_or_program("pyocd", _PURPOSE, "pip install pyocd")

    def runs_from_ram(self, platform: Platform) -> bool:
        return platform.memory.ram_image_origin is not None

    def ram_step(self, command: list[str], names: Probe, start: RamStart) -> Run:
        name, at = start.image.name, f"{start.origin:#x}"
        lines = ["reset halt", f"loadmem {at} {name}", f"compare {at} {name}"]
        lines += [f"wreg sp {start.stack:#x}", f"wreg pc {start.pc:#x}", "continue"]
        words = (*command, "commander", "-W", "-t", names.pyocd, *(word for line in lines for word in ("-c", line)))
        return Run(self.name, words, "start", start.image, WRITE_TIMEOUT_S, "bytes match")

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
