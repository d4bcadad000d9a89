"""Which file of a build a board is given, and how, in one line for a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.firmware.esp_image import write_command
from wwtool.platforms.profile import Platform

_KINDS = {"uf2": ("uf2",), "esptool": ("bin",), "bossac": ("bin",), "none": ("elf",)}
_PROBE_KINDS = ("hex", "bin")  # a .hex carries its address


def flashed(platform: Platform, files: Mapping[str, Path]) -> Path:
    """Of a build's image files, the one that the platform's usual tool puts on the board."""
    return next(files[kind] for kind in _KINDS.get(platform.flash_tool, _PROBE_KINDS) if kind in files)


def flash_command(build: Path) -> str:
    """The line that flashes a build."""
    return f"wwtool flash {for_shell(build)}"


def by_hand(platform: Platform, files: Mapping[str, Path]) -> str:
    """The same without wwtool; the path of the program where there is nothing to flash.

    bossac: as the board's own Arduino core calls it (ArduinoCore-mbed, platform.txt, tools.bossac.upload.pattern).
    """
    file = flashed(platform, files)
    enter = platform.usb.enter if platform.usb else ""
    if platform.flash_tool == "bossac":
        return f"{enter}, then: bossac --port=PORT -U -i -e -w {for_shell(file)} -R"
    if platform.flash_tool == "esptool":
        return write_command(platform, for_shell(file))
    if platform.flash_tool == "uf2" and platform.uf2:
        return f"{enter}, and copy {file} to the drive {platform.uf2.label}"
    return str(file)
