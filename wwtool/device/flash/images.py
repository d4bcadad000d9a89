"""The build to flash: one whose image goes to a board."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.errors import BudgetError, UsageError
from wwtool.firmware import builds
from wwtool.firmware.builds import Build
from wwtool.firmware.image_formats import ram_format
from wwtool.firmware.sizes import memory_of
from wwtool.platforms.profile import Platform

__all__ = ["Build", "ram_image", "read_build"]


def read_build(folder: Path, platform: Platform | None = None) -> Build:
    """As ``wwtool.firmware.builds.read_build``.

    Raises:
        InputError: this is no finished build, or its manifest is damaged.
        UsageError: there is nothing to flash on its platform.
    """
    build = builds.read_build(folder, platform)
    if build.platform.flash_tools:
        return build
    program = build.folder / build.images.get("elf", "image")
    if build.platform.core.is_this_machine:
        remedy = f"run {for_shell(program)}, or wwtool emulate {for_shell(folder)}"
    else:
        remedy = f"copy {for_shell(program)} to it, for example with scp, and run it there"
    raise UsageError(f"there is nothing to flash on {build.platform.title}, as the image is a program; {remedy}")


def ram_image(build: Build) -> Path:
    """The build's file that a boot loader or a debug probe starts from RAM.

    Raises:
        BudgetError: the build has none, as the program with its constants is too large.
        InputError: it has none, or not the one that was built.
    """
    memory, kind = build.platform.memory, ram_format(build.platform)
    assert kind is not None  # a tool that starts from RAM has seen to it
    if kind not in build.images and build.images.get("elf"):
        needed = memory_of(build.image("elf").read_bytes()) + memory.reserved_ram_bytes
        if needed > memory.ram_bytes:
            raise BudgetError(
                f"the program with its constants and stack takes {needed:,} bytes, and the RAM of "
                f"{build.platform.title} has {memory.ram_bytes:,}; leave --ram out, or build with a smaller model"
            )
    return build.image(kind)
