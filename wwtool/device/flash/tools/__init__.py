"""The ways to write flash: ``FLASH_TOOLS`` is the registry."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.device.flash.tools.bossac import Bossac
from wwtool.device.flash.tools.esptool import Esptool
from wwtool.device.flash.tools.flash_tool import FlashTool
from wwtool.device.flash.tools.picotool import Picotool
from wwtool.device.flash.tools.probes import OpenOcd, ProbeRs, PyOcd
from wwtool.device.flash.tools.uf2 import Uf2
from wwtool.platforms.profile import NONE, Platform

__all__ = ["FLASH_TOOLS", "FlashTool", "flash_tools_of", "usual_tool"]

FLASH_TOOLS: Registry[FlashTool] = Registry(
    "flash_tool",
    {tool.name: tool for tool in (Uf2(), Esptool(), Bossac(), Picotool(), OpenOcd(), PyOcd(), ProbeRs())},
    also=[NONE],
)


def flash_tools_of(platform: Platform) -> dict[str, FlashTool]:
    """The tools that a profile names, the usual one first; none where there is nothing to flash.

    Raises:
        InputError: there is no such tool, or the profile lacks what it needs.
    """
    tools = {name: FLASH_TOOLS.member(name, platform.file) for name in platform.flash_tools}
    for tool in tools.values():
        tool.check_platform(platform)
    return tools


def usual_tool(platform: Platform) -> FlashTool | None:
    """The tool that a profile names first; None where there is nothing to flash."""
    return next(iter(flash_tools_of(platform).values()), None)
