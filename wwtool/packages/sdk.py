"""SDKs of frameworks on this machine: is one there, is it new enough, and what it builds of a project."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wwtool.base.programs import run_program
from wwtool.errors import ToolError
from wwtool.firmware.link_map import MODEL_MEMORY, PARTS, REST, WEIGHTS, Part
from wwtool.firmware.sizes import Sizes
from wwtool.firmware.toolchains import first_error
from wwtool.packages.package_format import Content

_NUMBER = r"VERSION_{}\s*[= ]\s*(\d+)"
_TIMEOUT_S = 1800.0
# ELF, "Section Header Table": types and flags.
_NOBITS, _WRITE, _ALLOC = 8, 1, 2


@dataclass(frozen=True)
class Sdk:
    """An SDK that an environment variable names.

    Attributes:
        title: as people know it.
        variable: the environment variable with its folder.
        version_file: the file in it that says its version, as VERSION_MAJOR and VERSION_MINOR.
        oldest: the oldest version that the projects build with, such as "5.1".
    """

    title: str
    variable: str
    version_file: str
    oldest: str

    def folder(self) -> Path | None:
        """Where it is; None if the variable is not set."""
        value = os.environ.get(self.variable, "")
        return Path(value) if value else None

    def version(self) -> str:
        """Its version with its name; "" if it is not there.

        Raises:
            ToolError: its folder is none of it, or it is too old.
        """
        folder = self.folder()
        if folder is None:
            return ""
        path = folder / self.version_file
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        found = [re.search(_NUMBER.format(part), text) for part in ("MAJOR", "MINOR")]
        if not all(found):
            raise ToolError(f"{self.variable} names {folder}, which is no {self.title}; set it right, or unset it")
        numbers = [int(match[1]) for match in found if match]
        if numbers < [int(part) for part in self.oldest.split(".")[:2]]:
            raise ToolError(
                f"{self.title} {'.'.join(map(str, numbers))} in {folder} is too old for the project, which needs "
                f"{self.oldest}; install a newer one, or unset {self.variable} to get the project only"
            )
        return f"{self.title} {'.'.join(map(str, numbers))}"

    def run(self, command: Sequence[str | Path], folder: Path) -> None:
        """Runs one step of a build.

        Raises:
            ToolError: the step failed, or its program is missing.
        """
        done = run_program(command, cwd=folder, timeout_s=_TIMEOUT_S, remedy=f"see how to install {self.title}")
        if done.returncode != 0:
            reason = first_error(done.stderr or done.stdout)
            raise ToolError(f"{self.title} could not build the project: {reason}; unset {self.variable} to skip this")


def elf_sizes(elf: Path, content: Content) -> Sizes:
    """Flash and RAM of a whole program with its framework, and how much of it are the models."""
    flash = ram = 0
    for kind, flags, size in _sections(elf.read_bytes()):
        if flags & _ALLOC:
            flash += size if kind != _NOBITS else 0
            ram += size if flags & _WRITE else 0
    weights = sum(part.model.weight_bytes + part.model.table_bytes for part in content.models)
    memory = sum(part.model.memory.arena_bytes + part.model.memory.state_bytes for part in content.models)
    known = {WEIGHTS: (weights, 0), MODEL_MEMORY: (0, memory), REST: (flash - weights, ram - memory)}
    parts = tuple(Part(name, *known.get(name, (0, 0))) for name in PARTS)
    return Sizes(flash, ram, weights, memory, 0, 0, parts)


def _sections(content: bytes) -> list[tuple[int, int, int]]:
    """(type, flags, size) of every section of a little-endian ELF file."""
    wide = content[4] == 2
    (table,) = struct.unpack_from("<Q" if wide else "<I", content, 40 if wide else 32)
    entry, count = struct.unpack_from("<HH", content, 58 if wide else 46)
    form = "<IIQQQQ" if wide else "<IIIIII"
    headers = [struct.unpack_from(form, content, table + entry * n) for n in range(count)]
    return [(kind, flags, size) for _, kind, flags, _, _, size in headers]
