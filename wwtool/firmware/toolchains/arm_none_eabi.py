"""GCC and newlib for Cortex-M."""

from __future__ import annotations

import shutil

from wwtool.base.programs import run_program
from wwtool.base.tools import Tool
from wwtool.errors import ToolError
from wwtool.firmware.toolchains.toolchain import SECTIONS, Toolchain, ToolchainKind
from wwtool.platforms.profile import Platform

_PREFIX = "arm-none-eabi-"
_PACKAGES = "gcc-arm-none-eabi libnewlib-arm-none-eabi"


def _find() -> str:
    """The compiler, which is of use only with its C library, a package of its own."""
    compiler = shutil.which(f"{_PREFIX}gcc")
    if compiler is None or "/" not in run_program([compiler, "-print-file-name=nano.specs"]).stdout:
        raise ToolError(
            f"the compiler {_PREFIX}gcc or its C library was not found; get them with: apt-get install {_PACKAGES}"
        )
    return compiler


class ArmNoneEabi(ToolchainKind):
    """GCC for Arm without an operating system."""

    name = "arm-none-eabi"
    tool = Tool(f"{_PREFIX}gcc", "firmware for Cortex-M boards", f"apt-get install {_PACKAGES}", _find)

    def find(self, platform: Platform) -> Toolchain:
        self.tool.find()
        flags = (*platform.core.flags, *SECTIONS, "-ffreestanding", "-fno-common", "-g")
        link = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--fatal-warnings")
        return Toolchain(
            self.name, f"{_PREFIX}gcc", f"{_PREFIX}objcopy", f"{_PREFIX}size", flags, link, ("-lgcc",), hosted=False
        )
