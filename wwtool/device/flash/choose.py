"""Which tool flashes a build, where the board is, and so the plan."""

from __future__ import annotations

from pathlib import Path

from wwtool.device.flash import drives, plan, ports, tools
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.failures import PROBES, not_mounted
from wwtool.device.flash.images import Build
from wwtool.device.flash.plan import Plan
from wwtool.device.flash.ports import Port
from wwtool.errors import DeviceError, UsageError


def make_plan(build: Build, given_port: str | None, given_tool: str | None) -> Plan:
    """Looks at what is plugged in and installed.

    Args:
        build: what is flashed.
        given_port: a serial port, or a boot loader's drive; None: the only one there is.
        given_tool: the tool; None: UF2 where such a drive is mounted, else the platform's usual one.

    Raises:
        UsageError: the tool is not for this platform, or there are several boards.
        ToolError: the tool is not installed.
        DeviceError: there is no board, or one of another platform.
    """
    platform = build.platform
    if given_tool is not None and given_tool not in platform.flash_tools:
        raise UsageError(f"{given_tool} cannot flash {platform.title}; choose from {', '.join(platform.flash_tools)}")
    drive = _drive(build, given_port, given_tool)
    tool = given_tool or ("uf2" if drive else platform.flash_tool)
    if tool == "uf2":
        return plan.uf2(build, drive, None if drive else _touchable(build, given_port, needs_drive=True))
    command = tools.command(tool)
    if tool in PROBES:
        if given_port is not None:
            raise UsageError(f"{tool} finds the debug probe by itself; leave --port out")
        return plan.probe(build, tool, command)
    if tool == "picotool":
        return plan.picotool(build, command, None if drive else _touchable(build, given_port, needs_drive=False))
    port = ports.choose(platform, given_port)
    ports.require_access(port)
    return plan.esptool(build, command, port) if tool == "esptool" else plan.bossac(build, command, port)


def _drive(build: Build, given: str | None, tool: str | None) -> Drive | None:
    """The drive that the image goes to, if one is mounted and nothing else was asked for."""
    if build.platform.uf2 is None or tool not in (None, "uf2", "picotool"):
        return None
    if given is not None and not Path(given).is_dir():
        return None
    found = [d for d in drives.drives() if given is None or d.path.resolve() == Path(given).resolve()]
    if given is not None and not found:
        raise DeviceError(f"{given} is not the drive of a boot loader, as it has no {drives.INFO_FILE}; check --port")
    right = [drive for drive in found if drive.board_id in build.platform.uf2.board_ids]
    if given is not None and not right:
        raise _wrong_drive(build, found[0])
    if len(right) > 1:
        names = ", ".join(str(drive.path) for drive in right)
        raise UsageError(f"several boards wait for an image: {names}; choose one with --port")
    if right:
        _refuse_softdevice(build, right[0])
    return right[0] if right else None


def _wrong_drive(build: Build, drive: Drive) -> DeviceError:
    return DeviceError(
        f"the drive {drive.path} is of the board {drive.board_id or 'without a name'}, the image is for "
        f"{build.platform.title}; plug in that board, or build for the other"
    )


def _refuse_softdevice(build: Build, drive: Drive) -> None:
    """Where one boot loader starts images at two addresses, its chip must be without a SoftDevice."""
    assert build.platform.uf2 is not None
    if build.platform.uf2.entry is not None and drive.facts.get("SoftDevice") != "not found":
        raise DeviceError(
            f"the board at {drive.path} holds Nordic's {drive.softdevice or 'SoftDevice'}, behind which its boot "
            "loader looks for the program, and the image would overwrite it; use a boot loader without SoftDevice, or "
            "a debug probe with --tool openocd"
        )


def _touchable(build: Build, given: str | None, needs_drive: bool) -> Port | None:
    """The program's port through which the boot loader can be started; None if that waits already.

    Raises:
        DeviceError: there is no such board, or its drive is needed and not mounted.
    """
    platform = build.platform
    assert platform.usb is not None
    assert platform.uf2 is not None
    if given is None and not ports.with_ids(platform.usb.running):
        if ports.seen_on_usb(platform.uf2.usb):
            if needs_drive:
                raise DeviceError(not_mounted(platform))
            return None
        others = drives.drives()
        if others:
            raise _wrong_drive(build, others[0])
    return ports.choose(platform, given)
