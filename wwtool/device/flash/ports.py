"""Serial ports and the boards behind them. A USB id tells which board it is."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import serial
from serial.tools import list_ports

from wwtool.device.byte_port import check_url
from wwtool.device.flash.failures import not_allowed, not_mounted
from wwtool.errors import DeviceError, UsageError
from wwtool.platforms.load import load_platforms
from wwtool.platforms.profile import Platform

TOUCH_BAUD = 1200  # by Arduino's convention: opened and closed at this rate, a program starts its boot loader
_SYSFS = Path("/sys/bus/usb/devices")
_TOUCH_S = 0.1


@dataclass(frozen=True)
class Port:
    """A serial port. ``usb_id`` is VENDOR:PRODUCT in hex, "" if it is not on USB; ``location`` is where on the bus."""

    device: str
    usb_id: str = ""
    location: str = ""


def ports() -> list[Port]:
    """The serial ports at this moment, in order of their names."""
    listed = [
        Port(
            str(info.device),
            f"{info.vid:04x}:{info.pid:04x}" if info.vid is not None and info.pid is not None else "",
            str(info.location or "").partition(":")[0],
        )
        for info in list_ports.comports()
    ]
    return sorted(listed, key=lambda port: port.device)


def with_ids(usb_ids: Sequence[str]) -> list[Port]:
    """The ports that have one of these ids."""
    return [port for port in ports() if port.usb_id in usb_ids]


def seen_on_usb(usb_ids: Sequence[str]) -> bool | None:
    """Whether a device with one of these ids is on the bus, with or without a driver; None if nobody can tell."""
    if not _SYSFS.is_dir():
        return None
    for folder in _SYSFS.iterdir():
        with suppress(OSError):
            vendor, product = ((folder / name).read_text().strip() for name in ("idVendor", "idProduct"))
            if f"{vendor}:{product}" in usb_ids:
                return True
    return False


def owners(usb_id: str) -> list[Platform]:
    """The platforms whose boards have this id, in a program or in the boot loader."""
    return [
        p
        for p in load_platforms()
        if p.usb and usb_id in (*p.usb.running, *p.usb.loader, *(p.uf2.usb if p.uf2 else ()))
    ]


def choose(platform: Platform, given: str | None) -> Port:
    """The port of the one board of ``platform``, or the port ``given``.

    Raises:
        UsageError: there are several boards.
        DeviceError: there is none, or it is of another platform.
    """
    return _given(platform, given) if given else _only(platform)


def _given(platform: Platform, name: str) -> Port:
    if "://" in name:
        check_url(name)
        return Port(name)
    listed = ports()
    port = next((p for p in listed if p.device in (name, str(Path(name).resolve()))), None)
    if port is None:
        there = ", ".join(p.device for p in listed) or "none"
        if not Path(name).exists():
            raise DeviceError(f"there is no port {name}; plug the board in, and give one of: {there}")
        if Path(name).is_dir():
            raise DeviceError(f"{name} is a folder, no serial port; give one of: {there}")
        return Port(name)
    kinds = owners(port.usb_id)
    if kinds and platform.name not in (p.name for p in kinds):
        raise DeviceError(
            f"the board at {port.device} is a {kinds[0].title}, the image is for {platform.title}; give the port of "
            f"the right board, or build with --platform {kinds[0].name}"
        )
    return port


def _only(platform: Platform) -> Port:
    assert platform.usb is not None
    boards = with_ids((*platform.usb.running, *platform.usb.loader)) or with_ids(platform.usb.bridges)
    if len(boards) > 1:
        names = ", ".join(port.device for port in boards)
        raise UsageError(f"there are several boards that could be the {platform.title}: {names}; choose with --port")
    if boards:
        return boards[0]
    raise DeviceError(why_none(platform))


def why_none(platform: Platform) -> str:
    """Why there is no board of ``platform``, and what to do."""
    assert platform.usb is not None
    if seen_on_usb((*platform.usb.running, *platform.usb.loader)):
        return (
            f"the {platform.title} is on USB, but has no serial port, as its driver is not loaded; load it with: "
            "sudo modprobe cdc_acm"
        )
    if platform.uf2 and seen_on_usb(platform.uf2.usb):
        return not_mounted(platform)
    if seen_on_usb(platform.usb.bridges):
        return (
            "a USB-to-serial chip is on USB, but has no serial port, as its driver is not loaded; load it with: "
            "sudo modprobe -a cp210x ch341 cdc_acm ftdi_sio"
        )
    for port in ports():
        kinds = owners(port.usb_id)
        if kinds:
            return (
                f"no {platform.title} is plugged in, only a {kinds[0].title} at {port.device}; plug the right board "
                f"in, or build with --platform {kinds[0].name}"
            )
    return (
        f"there is no {platform.title} on USB; plug it in with a cable that carries data, and if it does not appear, "
        f"{platform.usb.enter}, then run the same command again"
    )


def require_access(port: Port) -> None:
    """Raises DeviceError if this user may not use the port."""
    if os.name == "posix" and Path(port.device).exists() and not os.access(port.device, os.R_OK | os.W_OK):
        raise DeviceError(not_allowed(port.device))


def touch(port: Port, platform: Platform) -> None:
    """Asks the program on the board to start its boot loader.

    Raises:
        DeviceError: the port cannot be opened.
    """
    assert platform.usb is not None
    require_access(port)
    line = serial.Serial()
    line.port = port.device
    line.baudrate = TOUCH_BAUD
    line.dtr = False
    try:
        line.open()
        time.sleep(_TOUCH_S)
    except (serial.SerialException, OSError, ValueError) as error:
        if "ermission" in str(error):
            raise DeviceError(not_allowed(port.device)) from error
        raise DeviceError(
            f"the port {port.device} cannot be opened; end the program that uses it, or {platform.usb.enter}, then run "
            "the same command again"
        ) from error
    finally:
        with suppress(serial.SerialException, OSError):  # the board may have gone already, as it should
            line.close()


def same_board(candidates: Sequence[Port], before: Port | None) -> Port | None:
    """The one of ``candidates`` at the location of ``before``. Without locations: the only one."""
    if before is not None and before.location:
        here = [port for port in candidates if port.location == before.location]
        candidates = here or [port for port in candidates if not port.location]
    return candidates[0] if len(candidates) == 1 else None
