"""bossac, for the Arduino Nano 33 BLE: only Arduino's own build knows the nRF52840."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from wwtool.base.files import in_home
from wwtool.base.text import for_shell
from wwtool.base.tools import Tool, missing
from wwtool.device.flash import ports
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.plan import PORT, WRITE_TIMEOUT_S, AwaitPort, Plan, Run, Touch
from wwtool.device.flash.tools.flash_tool import FlashTool
from wwtool.errors import InputError, ToolError
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform

_REMEDY = "arduino-cli core install arduino:mbed_nano (Arduino's own build; Debian's bossa-cli knows no nRF52840)"
_PURPOSE = "flashing a Nano 33 BLE"
_KNOWS_NANO = b"nRF52840"
_SCRIPT_BYTES = 1 << 16
# Where the Arduino IDE and arduino-cli keep a board's tools (their documentation, "directories.data").
_ARDUINO = ("~/.arduino15", "~/Library/Arduino15", "~/AppData/Local/Arduino15")


def _find() -> str:
    """A bossac that knows the nRF52840: the one on PATH, else the Arduino IDE's."""
    on_path = shutil.which("bossac")
    candidates = [Path(on_path)] if on_path else []
    name = "bossac.exe" if os.name == "nt" else "bossac"
    for root in filter(None, map(in_home, _ARDUINO)):
        folder = root / "packages" / "arduino" / "tools" / "bossac"
        candidates += sorted(folder.glob(f"*/{name}"), reverse=True)
    for path in candidates:
        if _knows_nano(path):
            return str(path.absolute())
    if candidates:
        raise ToolError(f"{candidates[0]} knows no nRF52840; get Arduino's own with: {_REMEDY}")
    raise missing("bossac", _REMEDY)


def _knows_nano(path: Path) -> bool:
    """Whether the chip's name is in the program. A script that starts another program is believed."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return _KNOWS_NANO in content or (content.startswith(b"#!") and len(content) < _SCRIPT_BYTES)


class Bossac(FlashTool):
    """Writes through the boot loader's port, as the board's Arduino core does, and verifies with -v."""

    name = "bossac"
    kinds = ("bin",)
    tool = Tool("bossac", _PURPOSE, _REMEDY, _find)

    def plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        command = self.tool.find()
        board = ports.choose(build.platform, port)
        ports.require_access(board)
        image, usb = build.image("bin"), build.platform.usb
        assert usb is not None  # check_platform has seen to it
        words = (command, "-p", PORT, "-U", "-i", "-e", "-w", "-v", "-R", image.name)
        run = Run(self.name, words, "write", image, WRITE_TIMEOUT_S)
        first = (Touch(board), AwaitPort(usb.loader, board)) if board.usb_id in usb.running else ()
        return Plan(self.name, image, (*first, run), board)

    def by_hand(self, platform: Platform, file: Path) -> str:
        """As the board's own Arduino core calls it (ArduinoCore-mbed, platform.txt, tools.bossac.upload.pattern)."""
        return f"{platform.enter_loader}, then: bossac --port=PORT -U -i -e -w {for_shell(file)} -R"

    def check_platform(self, platform: Platform) -> None:
        super().check_platform(platform)
        if platform.usb is not None and not platform.usb.loader:
            raise InputError(f"{platform.file}: flash_tool {self.name} needs usb.loader, the boot loader's serial port")
