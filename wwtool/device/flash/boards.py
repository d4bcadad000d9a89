"""Which board an image goes to: the drive of its boot loader, or the port of the program that runs on it."""

from __future__ import annotations

from pathlib import Path

from wwtool.device.flash import drives, ports
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.failures import not_mounted
from wwtool.device.flash.ports import Port
from wwtool.errors import DeviceError, UsageError
from wwtool.platforms.profile import Platform


def drive_of(platform: Platform, given: str | None) -> Drive | None:
    """The mounted drive that the image goes to; None if there is none. ``given`` is what the user names.

    Raises:
        UsageError: several boards wait for an image.
        DeviceError: what the user names is not the drive of such a board.
    """
    if platform.uf2 is None or (given is not None and not Path(given).is_dir()):
        return None
    mounted = [d for d in drives.drives() if given is None or d.path.resolve() == Path(given).resolve()]
    if given is not None and not mounted:
        raise DeviceError(
            f"{given} is not the mounted drive of a boot loader, which has a file {drives.INFO_FILE}; check --port"
        )
    right = [drive for drive in mounted if drive.board_id in platform.uf2.board_ids]
    if given is not None and not right:
        raise _wrong_drive(platform, mounted[0])
    if len(right) > 1:
        names = ", ".join(str(drive.path) for drive in right)
        raise UsageError(f"several boards wait for an image: {names}; choose one with --port")
    if right:
        _refuse_softdevice(platform, right[0])
    return right[0] if right else None


def touchable_port(platform: Platform, given: str | None, needs_drive: bool) -> Port | None:
    """The program's port, through which the boot loader can be started; None if the boot loader waits already.

    Raises:
        DeviceError: there is no such board, or its drive is needed and not mounted.
    """
    assert platform.usb is not None and platform.uf2 is not None
    if given is None and not ports.with_ids(platform.usb.running):
        if ports.seen_on_usb(platform.uf2.usb):
            if needs_drive:
                raise DeviceError(not_mounted(platform))
            return None
        others = drives.drives()
        if others:
            raise _wrong_drive(platform, others[0])
    return ports.choose(platform, given)


def _wrong_drive(platform: Platform, drive: Drive) -> DeviceError:
    return DeviceError(
        f"the drive {drive.path} is of the board {drive.board_id or 'without a name'}, the image is for "
        f"{platform.title}; plug in that board, or build for the other"
    )


def _refuse_softdevice(platform: Platform, drive: Drive) -> None:
    """One boot loader starts images at two addresses. Its chip must be without a SoftDevice."""
    assert platform.uf2 is not None
    if platform.uf2.entry is not None and drive.facts.get("SoftDevice") != "not found":
        raise DeviceError(
            f"the board at {drive.path} holds Nordic's {drive.softdevice or 'SoftDevice'}, behind which its boot "
            "loader looks for the program, and the image would overwrite it; use a boot loader without SoftDevice, or "
            "a debug probe with --tool openocd"
        )
