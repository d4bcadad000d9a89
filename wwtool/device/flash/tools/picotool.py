"""picotool, which speaks the protocol of the RP2040's boot ROM."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.base.tools import program
from wwtool.device.flash.boards import touchable_port
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.failures import udev_line
from wwtool.device.flash.plan import WRITE_TIMEOUT_S, AwaitUsb, Plan, Run, Touch
from wwtool.device.flash.tools.uf2 import Uf2
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform


class Picotool(Uf2):
    """Writes, verifies and starts a UF2 file, without a drive."""

    name = "picotool"
    tool = program("picotool", "flashing a Pico without its drive", "https://github.com/raspberrypi/picotool/releases")

    def plan_of(self, build: Build, image: Path, port: str | None, drive: Drive | None) -> Plan:
        command = self.tool.find()
        assert build.platform.uf2 is not None  # check_platform has seen to it
        touched = None if drive else touchable_port(build.platform, port, needs_drive=False)
        run = Run(self.name, (command, "load", "-v", "-x", image.name), "write", image, WRITE_TIMEOUT_S)
        first = (Touch(touched), AwaitUsb(build.platform.uf2.usb)) if touched is not None else ()
        return Plan(self.name, image, (*first, run), touched)

    def by_hand(self, platform: Platform, file: Path) -> str:
        return f"{platform.enter_loader}, then: picotool load -v -x {for_shell(file)}"

    def udev_line(self, platform: Platform) -> str:
        vendor = platform.uf2.usb[0].partition(":")[0] if platform.uf2 else ""
        return udev_line(f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", TAG+="uaccess"')
