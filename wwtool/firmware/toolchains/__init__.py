"""Cross compilers: ``TOOLCHAINS`` is the registry. Which one builds for a core says ``platforms/cores.py``."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.firmware.toolchains.arm_linux_gnueabi import ArmLinuxGnueabi
from wwtool.firmware.toolchains.arm_none_eabi import ArmNoneEabi
from wwtool.firmware.toolchains.host import Host
from wwtool.firmware.toolchains.toolchain import Toolchain, ToolchainKind, first_error
from wwtool.firmware.toolchains.xtensa_lx106 import XtensaLx106
from wwtool.platforms.profile import Platform

__all__ = ["TOOLCHAINS", "Toolchain", "ToolchainKind", "find_toolchain", "first_error", "toolchain_kind"]

TOOLCHAINS: Registry[ToolchainKind] = Registry(
    "toolchain", {kind.name: kind for kind in (Host(), ArmNoneEabi(), XtensaLx106(), ArmLinuxGnueabi())}
)


def toolchain_kind(platform: Platform) -> ToolchainKind:
    """The toolchain that a profile names.

    Raises:
        InputError: there is none of that name.
    """
    return TOOLCHAINS.member(platform.toolchain, platform.file)


def find_toolchain(platform: Platform) -> Toolchain:
    """The toolchain of a platform, with its flags.

    Raises:
        InputError: the profile names one that wwtool does not have.
        ToolError: it is not installed.
    """
    return toolchain_kind(platform).find(platform)
