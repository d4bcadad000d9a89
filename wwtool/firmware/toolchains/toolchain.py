"""What every toolchain can be asked. A toolchain is one class in a file of its own, and one line of the registry."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from wwtool.base.programs import version_line
from wwtool.base.tools import Tool
from wwtool.platforms.profile import Platform

SECTIONS = ("-ffunction-sections", "-fdata-sections")


@dataclass(frozen=True)
class Toolchain:
    """A GCC-like compiler and its binutils, for one platform.

    Attributes:
        name: as ``toolchain`` of a profile has it.
        compiler: the program that compiles and links. The binutils have its name with another end.
        objcopy: a program of the binutils.
        size: a program of the binutils.
        flags: they select the core, for compiling and linking alike.
        link_flags: further ones for linking.
        libraries: what comes last when linking.
        hosted: it makes programs of an operating system, with its C library.
    """

    name: str
    compiler: str
    objcopy: str
    size: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    libraries: tuple[str, ...]
    hosted: bool

    def version(self) -> str:
        """The compiler's version line; "" if it cannot be run."""
        return version_line(self.compiler)


class ToolchainKind(ABC):
    """A toolchain as it can be found on this machine.

    Attributes:
        name: the word in a profile.
        tool: what has to be installed.
    """

    name: ClassVar[str]
    tool: ClassVar[Tool]

    @abstractmethod
    def find(self, platform: Platform) -> Toolchain:
        """The toolchain with the flags for a platform.

        Raises:
            ToolError: it is not installed.
        """


def first_error(text: str) -> str:
    """The first line of a compiler's output that names a fault."""
    lines = [line.strip() for line in text.splitlines() if not line.startswith("collect2:")]
    telling = [line for line in lines if re.search(r"error|undefined|overflow|will not fit|cannot", line)]
    return (telling or text.strip().splitlines() or ["no message"])[0][:300]
