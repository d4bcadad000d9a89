"""This machine's own C compiler."""

from __future__ import annotations

from wwtool.base.tools import Tool
from wwtool.engines.machines import host_compiler
from wwtool.firmware.toolchains.toolchain import SECTIONS, Toolchain, ToolchainKind
from wwtool.platforms.profile import Platform


class Host(ToolchainKind):
    """GCC or Clang for this machine."""

    name = "host"
    tool = Tool("C compiler", "running generated C on this machine", "apt-get install gcc", host_compiler)

    def find(self, platform: Platform) -> Toolchain:
        flags = (*SECTIONS, "-g")
        return Toolchain(self.name, host_compiler(), "objcopy", "size", flags, ("-Wl,--gc-sections",), (), hosted=True)
