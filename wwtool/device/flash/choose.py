"""Which tool flashes a build, and so the plan."""

from __future__ import annotations

from wwtool.device.flash.boards import drive_of
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.plan import Plan
from wwtool.device.flash.tools import FlashTool, flash_tools_of
from wwtool.errors import UsageError
from wwtool.firmware.builds import Build


def make_ram_plan(build: Build, given_port: str | None, given_tool: str | None) -> Plan:
    """As ``make_plan``, but the flash stays as it is and the build runs from RAM.

    Raises:
        UsageError: no tool can do that on this platform, and those of ``make_plan``.
        InputError, ToolError, DeviceError: as ``make_plan``.
        BudgetError: the program does not fit the RAM.
    """
    platform = build.platform
    able = {name: tool for name, tool in flash_tools_of(platform).items() if tool.runs_from_ram(platform)}
    if not able:
        raise UsageError(
            f"the firmware of {platform.title} runs from flash, and no tool of its profile starts it from RAM; leave "
            "--ram out"
        )
    if given_tool is not None and given_tool not in able:
        raise UsageError(f"{given_tool} cannot start {platform.title} from RAM; choose from {', '.join(able)}")
    tool, drive = _tool_and_drive(build, given_port, [able[given_tool]] if given_tool else list(able.values()))
    return tool.ram_plan(build, given_port, drive)


def make_plan(build: Build, given_port: str | None, given_tool: str | None) -> Plan:
    """Looks at what is plugged in and installed.

    Args:
        build: what is flashed.
        given_port: a serial port, or a boot loader's drive; None: the only one there is.
        given_tool: the tool; None: the one that writes drives where such a drive is mounted, else the platform's usual
            one.

    Raises:
        UsageError: the tool is not for this platform, or there are several boards.
        InputError: the platform's profile names a tool that wwtool does not have.
        ToolError: the tool is not installed.
        DeviceError: there is no board, or one of another platform.
    """
    platform = build.platform
    tools = flash_tools_of(platform)
    if given_tool is not None and given_tool not in tools:
        raise UsageError(f"{given_tool} cannot flash {platform.title}; choose from {', '.join(tools)}")
    tool, drive = _tool_and_drive(build, given_port, [tools[given_tool]] if given_tool else list(tools.values()))
    return tool.plan(build, given_port, drive)


def _tool_and_drive(build: Build, given_port: str | None, tools: list[FlashTool]) -> tuple[FlashTool, Drive | None]:
    """The tool that writes drives if the drive of a boot loader is mounted, else the first."""
    writer = next((tool for tool in tools if tool.writes_drives), None)
    drive = drive_of(build.platform, given_port) if writer else None
    return (writer if writer and drive else tools[0]), drive
