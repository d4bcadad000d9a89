"""esptool, for boards with an ESP32."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.base.tools import module_or_program
from wwtool.device.flash import ports
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.plan import PORT, VERIFY_TIMEOUT_S, WRITE_TIMEOUT_S, Plan, Run
from wwtool.device.flash.ports import Port
from wwtool.device.flash.tools.flash_tool import FlashTool
from wwtool.errors import BudgetError, InputError
from wwtool.firmware.builds import Build
from wwtool.firmware.esp_image import parse_esp_image
from wwtool.platforms.profile import Platform

_BAUD = 460800  # what ESP-IDF flashes with; every bridge keeps up


class Esptool(FlashTool):
    """Writes and verifies at offset 0: the image has all that the ROM needs. The modes stay as the image says."""

    name = "esptool"
    kinds = ("bin",)
    tool = module_or_program("esptool", "flashing an ESP32-S3", "pip install 'esptool>=5'")
    port_stays = True

    def plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        command = self.tool.command()
        board = ports.choose(build.platform, port)
        ports.require_access(board)
        return write_plan(build, command, board)

    def runs_from_ram(self, platform: Platform) -> bool:
        return True

    def ram_plan(self, build: Build, port: str | None, drive: Drive | None) -> Plan:
        """Without esptool's own loader, which would lie where the image goes."""
        image = build.image("bin")
        _require_all_in_ram(build.platform, image)
        command = self.tool.command()
        board = ports.choose(build.platform, port)
        ports.require_access(board)
        assert build.platform.flash_chip is not None  # check_platform has seen to it
        words = (*command, "--chip", build.platform.flash_chip.esptool_chip, "--port", PORT, "--no-stub")
        run = Run(self.name, (*words, "load-ram", image.name), "start", image, WRITE_TIMEOUT_S)
        return Plan(self.name, image, (run,), board, from_ram=True)

    def by_hand(self, platform: Platform, file: Path) -> str:
        chip = platform.flash_chip.esptool_chip if platform.flash_chip else "auto"
        return f"esptool --chip {chip} --port PORT write-flash 0x0 {for_shell(file)}"

    def check_platform(self, platform: Platform) -> None:
        super().check_platform(platform)
        if platform.flash_chip is None:
            raise InputError(
                f"{platform.file}: flash_tool {self.name} needs flash_chip with esptool_chip, mode and frequency"
            )


def _require_all_in_ram(platform: Platform, image: Path) -> None:
    in_flash = sum(part.length for part in parse_esp_image(image.read_bytes()).mapped)
    if in_flash:
        raise BudgetError(
            f"{in_flash:,} bytes of weights are too large for the RAM budget of {platform.title} and are read from "
            "flash, which --ram does not write; leave --ram out, or build with a smaller model"
        )


def write_plan(build: Build, command: list[str], port: Port) -> Plan:
    """The plan for a board at ``port``; ``command`` starts esptool."""
    image = build.image("bin")
    assert build.platform.flash_chip is not None  # check_platform has seen to it
    words = (*command, "--chip", build.platform.flash_chip.esptool_chip, "--port", PORT, "--baud", str(_BAUD))
    steps = (
        Run(Esptool.name, (*words, "write-flash", "0x0", image.name), "write", image, WRITE_TIMEOUT_S),
        Run(Esptool.name, (*words, "verify-flash", "0x0", image.name), "verify", image, VERIFY_TIMEOUT_S),
    )
    return Plan(Esptool.name, image, steps, port)
