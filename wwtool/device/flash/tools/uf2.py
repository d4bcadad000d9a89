"""Boot loaders that show a drive and take a UF2 file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wwtool.device.flash.boards import touchable_port
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.images import ram_image
from wwtool.device.flash.plan import AwaitDrive, Copy, Plan, Touch
from wwtool.device.flash.tools.flash_tool import FlashTool
from wwtool.errors import InputError
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform


class Uf2(FlashTool):
    """Copies the file to the drive; the program on the board is asked for its boot loader first, if it runs."""

    name = "uf2"
    kinds = ("uf2",)
    writes_drives = True

    def plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        return self.plan_of(build, build.image("uf2"), port, drive)

    def runs_from_ram(self, platform: Platform) -> bool:
        return platform.uf2 is not None and platform.uf2.starts_from_ram

    def ram_plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        return replace(self.plan_of(build, ram_image(build), port, drive), from_ram=True)

    def plan_of(self, build: Build, image: Path, port: str | None, drive: Drive | None) -> Plan:
        """The steps that bring one of the build's files to the board."""
        assert build.platform.uf2 is not None  # check_platform has seen to it
        if drive is not None:
            return Plan(self.name, image, (Copy(image, drive),))
        touched = touchable_port(build.platform, port, needs_drive=True)
        first = (Touch(touched),) if touched is not None else ()
        return Plan(self.name, image, (*first, AwaitDrive(build.platform.uf2.board_ids), Copy(image, None)), touched)

    def by_hand(self, platform: Platform, file: Path) -> str:
        assert platform.uf2 is not None
        return f"{platform.enter_loader}, and copy {file} to the drive {platform.uf2.label}"

    def check_platform(self, platform: Platform) -> None:
        super().check_platform(platform)
        if platform.uf2 is None:
            raise InputError(
                f"{platform.file}: uf2 is needed, with usb, label, board_ids and family, for flash_tool {self.name}"
            )
