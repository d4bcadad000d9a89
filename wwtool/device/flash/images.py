"""The build to flash: one whose image goes to a board."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.errors import UsageError
from wwtool.firmware import builds
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform

__all__ = ["Build", "read_build"]


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
