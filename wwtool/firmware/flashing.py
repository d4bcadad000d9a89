"""How a board is given its image, in one line for a person."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from wwtool.firmware.esp_image import write_command
from wwtool.platforms import Platform


def flash_line(platform: Platform, files: Mapping[str, Path]) -> str:
    """The command that writes the image, or the file to take where there is no command to give.

    bossac: as the board's own Arduino core calls it (ArduinoCore-mbed, platform.txt, tools.bossac.upload.pattern).
    """
    if platform.flash_tool == "bossac" and "bin" in files:
        return f"bossac --port=PORT -U -i -e -w {shlex.quote(str(files['bin']))} -R"
    if platform.flash_tool == "esptool" and "bin" in files:
        return write_command(platform, shlex.quote(str(files["bin"])))
    return str(flashed(files))


def flashed(files: Mapping[str, Path]) -> Path:
    """Of a build's image files, the one that a user puts on the board."""
    return next(files[kind] for kind in ("uf2", "bin", "elf") if kind in files)
