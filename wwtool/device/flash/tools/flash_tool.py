"""What every flash tool can be asked. A tool is one class in a file of its own, and one line of the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from wwtool.base.tools import Tool
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.failures import udev_line
from wwtool.device.flash.plan import Plan
from wwtool.errors import InputError, UsageError
from wwtool.firmware.builds import Build
from wwtool.platforms.profile import Platform

PROBE_RULE = 'ATTRS{product}=="*CMSIS-DAP*", TAG+="uaccess"'


class FlashTool(ABC):
    """A way to write an image to a board. It holds no state.

    Attributes:
        name: the word in a profile and for ``--tool``.
        kinds: the kinds of image that it writes, the best first.
        tool: the program that has to be installed; None: none.
        writes_drives: it takes a board whose boot loader shows a drive.
        uses_probe: it goes through a debug probe and finds that by itself, so which board hangs there is not known.
        needs_usb: it finds the board by the section ``usb`` of the profile.
        port_stays: the port that it writes through may be a USB-to-serial chip, which stays when the program starts.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    tool: ClassVar[Tool | None] = None
    writes_drives: ClassVar[bool] = False
    uses_probe: ClassVar[bool] = False
    needs_usb: ClassVar[bool] = True
    port_stays: ClassVar[bool] = False

    @abstractmethod
    def plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        """The steps that write a build.

        Args:
            build: what is flashed.
            port: the port that the user has given.
            drive: the drive of the board's boot loader, if one is mounted.

        Raises:
            UsageError: there are several boards, or the tool takes no port.
            ToolError: the tool is not installed.
            DeviceError: there is no board, or one of another platform.
        """

    def runs_from_ram(self, platform: Platform) -> bool:
        """Whether it can start a build from RAM and leave the flash alone; see ``ram_plan``."""
        return False

    def ram_plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        """The steps that start a build from RAM; the next reset ends it. The arguments are those of ``plan``.

        Raises:
            BudgetError: the program does not fit the RAM.
            UsageError: the tool cannot, or there are several boards.
            ToolError: the tool is not installed.
            DeviceError: there is no board.
        """
        raise UsageError(f"{self.name} cannot start a program from RAM; leave --ram out")

    @abstractmethod
    def by_hand(self, platform: Platform, file: Path) -> str:
        """How the tool is used without wwtool, in one line."""

    def check_platform(self, platform: Platform) -> None:
        """Raises InputError if a profile lacks what this tool needs."""
        if self.needs_usb and platform.usb is None:
            raise InputError(f"{platform.file}: flash_tool {self.name} needs usb, by which the board is found")

    def image_of(self, files: dict[str, Path]) -> Path:
        """Of a build's files, the one that it writes."""
        return next(files[kind] for kind in self.kinds if kind in files)

    def udev_line(self, platform: Platform) -> str:
        """The shell line that lets this user use the tool's USB device."""
        return udev_line(PROBE_RULE)
