"""Sizes of a linked firmware and of its parts, read from the ELF and the linker's map."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from wwtool.base.programs import run_program
from wwtool.errors import ToolError
from wwtool.firmware.link_map import MODEL_MEMORY, WEIGHTS, Part, parts
from wwtool.firmware.make_image import read_elf
from wwtool.firmware.toolchains import Toolchain, first_error

_PT_LOAD = 1  # ELF specification, program headers


@dataclass(frozen=True)
class Sizes:
    """Bytes. ``flash`` is everything that is programmed, ``ram`` all static memory but the stack.

    ``model_flash`` is weights, biases and tables; ``model_ram`` is arena and state. ``resident_ram`` is the RAM with
    code and constants: 0 where they are read from flash. ``parts`` together are ``flash`` and ``ram``.
    """

    flash: int
    ram: int
    model_flash: int
    model_ram: int
    stack_reserved: int
    resident_ram: int
    parts: tuple[Part, ...]

    @property
    def code_flash(self) -> int:
        """Code and read-only data without the model."""
        return self.flash - self.model_flash

    @property
    def model_resident(self) -> int:
        """Of ``model_flash``, what is copied to RAM and read there."""
        return next((part.resident for part in self.parts if part.name == WEIGHTS), 0)

    @property
    def other_ram(self) -> int:
        """Audio, front end, console and the rest."""
        return self.ram - self.model_ram

    def record(self) -> SizesRecord:
        return SizesRecord(**vars(self), code_flash=self.code_flash, other_ram=self.other_ram)


@dataclass(frozen=True)
class SizesRecord:
    """``Sizes`` as JSON outputs have them."""

    flash: int
    ram: int
    model_flash: int
    model_ram: int
    stack_reserved: int
    resident_ram: int
    parts: tuple[Part, ...]
    code_flash: int
    other_ram: int


def measure(elf: Path, toolchain: Toolchain) -> Sizes:
    """Reads a linked ELF with the toolchain's ``size`` and ``nm``, and the linker's map that lies beside it."""
    sections = _sections(_run(toolchain, "size", ["-A", str(elf.absolute())]))
    flash = {name: size for name, size in sections.items() if _in_flash(name)}
    ram = {name: size for name, size in sections.items() if name.startswith((".data", ".bss", ".noinit", ".ram"))}
    places = _addresses(_run(toolchain, "nm", ["-S", str(elf.absolute())]))
    measured = parts(elf.with_suffix(".map"), flash, ram)
    by_name = {part.name: part for part in measured}
    return Sizes(
        flash=sum(flash.values()),
        ram=sum(ram.values()),
        model_flash=by_name[WEIGHTS].flash,
        model_ram=by_name[MODEL_MEMORY].ram,
        stack_reserved=places.get("stack_top", 0) - places.get("stack_bottom", 0),
        resident_ram=sum(part.resident for part in measured),
        parts=measured,
    )


def load_address(elf: Path) -> int:
    """The lowest address of an ELF's bytes, where its image begins.

    Raises:
        InputError: the file is not a 32-bit little-endian ELF, or has nothing to load.
    """
    return read_elf(elf.read_bytes())[1][0].load_address


def memory_of(elf: bytes) -> int:
    """Bytes of all that an ELF loads and reserves, wherever it lies: what the program takes if it all lies in RAM.

    Raises:
        InputError: the file is not a 32-bit little-endian ELF, or has nothing to load.
    """
    read_elf(elf)  # refuses what is none
    start, size, count = struct.unpack_from("<I", elf, 28)[0], *struct.unpack_from("<2H", elf, 42)
    segments = [struct.unpack_from("<6I", elf, start + size * number) for number in range(count)]
    return sum(segment[5] for segment in segments if segment[0] == _PT_LOAD)


def _in_flash(section: str) -> bool:
    programmed = (".boot2", ".vectors", ".text", ".ram_text", ".rodata", ".ARM", ".data", ".init_array", ".eh_frame")
    return section.startswith(programmed)


def _run(toolchain: Toolchain, tool: str, arguments: list[str]) -> str:
    command = toolchain.size if tool == "size" else toolchain.size[: -len("size")] + tool
    remedy = f"install the binutils of {toolchain.name} again"
    result = run_program([command, *arguments], remedy=remedy)
    if result.returncode != 0:
        raise ToolError(f"{command} failed: {first_error(result.stderr)}; {remedy}")
    return result.stdout


def _sections(text: str) -> dict[str, int]:
    sections: dict[str, int] = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[0].startswith(".") and parts[1].isdigit():
            sections[parts[0]] = int(parts[1])
    return sections


def _addresses(text: str) -> dict[str, int]:
    """Symbols without a size, such as those of the linker script."""
    return {parts[2]: int(parts[0], 16) for parts in map(str.split, text.splitlines()) if len(parts) == 3}
