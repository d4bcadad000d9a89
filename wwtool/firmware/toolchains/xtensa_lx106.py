"""GCC and picolibc for the ESP32-S3."""

from __future__ import annotations

import shutil

from wwtool.base.tools import Tool
from wwtool.engines.machines import XTENSA_PACKAGES, picolibc
from wwtool.errors import ToolError
from wwtool.firmware.toolchains.toolchain import SECTIONS, Toolchain, ToolchainKind
from wwtool.platforms.profile import Platform

_PREFIX = "xtensa-lx106-elf-"


def _find() -> str:
    compiler = shutil.which(f"{_PREFIX}gcc")
    if compiler is None or not picolibc():
        raise ToolError(
            f"the compiler {_PREFIX}gcc or its C library was not found; get them with: "
            f"apt-get install {XTENSA_PACKAGES}"
        )
    return compiler


class XtensaLx106(ToolchainKind):
    """GCC for the ESP8266's core. Its call0 code is a subset of what the LX7 runs."""

    name = "xtensa-lx106"
    tool = Tool(f"{_PREFIX}gcc", "firmware for the ESP32-S3", f"apt-get install {XTENSA_PACKAGES}", _find)

    def find(self, platform: Platform) -> Toolchain:
        self.tool.find()
        flags = (*picolibc(), *platform.core.flags, *SECTIONS, "-ffreestanding", "-fno-common", "-g")
        link = ("-nostartfiles", "-nostdlib", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", "-Wl,--fatal-warnings")
        return Toolchain(
            self.name, f"{_PREFIX}gcc", f"{_PREFIX}objcopy", f"{_PREFIX}size", flags, link, ("-lc", "-lgcc"),
            hosted=False,
        )  # fmt: skip
