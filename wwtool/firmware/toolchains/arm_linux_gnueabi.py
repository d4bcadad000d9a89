"""GCC for Linux on the Raspberry Pi Zero."""

from __future__ import annotations

import shutil
from pathlib import Path

from wwtool.base.programs import run_program
from wwtool.base.tools import Tool
from wwtool.errors import ToolError
from wwtool.firmware.toolchains.toolchain import SECTIONS, Toolchain, ToolchainKind
from wwtool.platforms.profile import Platform

_PREFIX = "arm-linux-gnueabi-"
_PACKAGES = "gcc-arm-linux-gnueabi libc6-dev-armel-cross"


def _find() -> str:
    compiler = shutil.which(f"{_PREFIX}gcc")
    if compiler is not None:
        library = run_program([compiler, "-print-file-name=libc.a"]).stdout.strip()
        if Path(library).is_absolute():
            return compiler
    raise ToolError(
        f"the compiler {_PREFIX}gcc or its C library was not found; get them with: apt-get install {_PACKAGES}"
    )


class ArmLinuxGnueabi(ToolchainKind):
    """GCC for Debian's armel.

    The C library of armel is built for Armv5TE. That of armhf is for Armv7, which no Pi Zero runs. Programs are linked
    statically, as Raspberry Pi OS has the other C library. Neither core nor model calculates with floats.
    """

    name = "arm-linux-gnueabi"
    tool = Tool(f"{_PREFIX}gcc", "programs for the Raspberry Pi Zero", f"apt-get install {_PACKAGES}", _find)

    def find(self, platform: Platform) -> Toolchain:
        self.tool.find()
        flags = (*platform.core.flags, *SECTIONS, "-g")
        link = ("-static", "-Wl,--gc-sections", "-Wl,--fatal-warnings")
        return Toolchain(
            self.name, f"{_PREFIX}gcc", f"{_PREFIX}objcopy", f"{_PREFIX}size", flags, link, (), hosted=True
        )
