"""What went wrong while flashing, as a sentence with its remedy. Reads what tools print; decides nothing else."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from wwtool.platforms.profile import Platform

PROBES = ("openocd", "pyocd", "probe-rs")

_DENIED = r"permission denied|errno 13|libusb_error_access|access denied|insufficient permissions"
_OTHER_CHIP = r"this chip is|wrong chip argument|device unsupported|wrong target|chip family mismatch"
_BUSY = r"resource temporarily unavailable|resource busy|exclusively lock|access is denied"
_VERIFY = r"verif(?:y|ication) fail|does not match|do not match|contents differ|mismatch"
_GONE = (
    r"no such file or directory.*(?:/dev|port)|device disconnected|device not configured|no such device"
    r"|input/output error|device reports readiness to read but returned no data|clearcommerror|getoverlappedresult"
    r"|the port is busy or doesn't exist|sam-ba operation failed|libusb_error_no_device|disconnected"
)
_NOBODY = (
    r"no device found|failed to connect|no serial data received|unable to connect|no target device"
    r"|no (?:available|connected) debug probe|unable to find a matching|no accessible rp2040|no probe"
    r"|probe (?:was )?not found"
)
_TTY_RULE = 'SUBSYSTEM=="tty", TAG+="uaccess"'
_PROBE_RULE = 'ATTRS{product}=="*CMSIS-DAP*", TAG+="uaccess"'


def not_allowed(device: str) -> str:
    """That this user may not use a serial port, and the line that changes it."""
    group = "dialout"
    try:
        import grp

        group = grp.getgrgid(Path(device).stat().st_gid).gr_name
    except (ImportError, KeyError, OSError):
        pass
    # A port that belongs to root alone has no group to join; the rule gives it to whoever sits at the machine.
    if group == "root":
        return f"this user may not use {device}; allow it with: {udev_line(_TTY_RULE)}"
    return f"this user may not use {device}; allow it with: sudo usermod -aG {group} $USER, then log out and in again"


def udev_line(rule: str) -> str:
    """The shell line that adds a udev rule and applies it."""
    apply = "sudo udevadm control --reload && sudo udevadm trigger"
    return f"echo '{rule}' | sudo tee /etc/udev/rules.d/70-wwtool.rules && {apply}"


def _board_rule(platform: Platform) -> str:
    vendor = platform.uf2.usb[0].partition(":")[0] if platform.uf2 else ""
    return f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{vendor}", TAG+="uaccess"'


def lost(platform: Platform, where: str) -> str:
    """That the board went away in the middle."""
    return f"the {platform.title} at {where} went away in the middle, and {_half(platform)}"


def hung(platform: Platform, tool: str, timeout_s: float) -> str:
    """That a tool did not end."""
    return (
        f"{tool} did not end within {timeout_s:g} s and was stopped, and the {platform.title} {_half(platform)}, once "
        "it has been unplugged"
    )


def _half(platform: Platform) -> str:
    return f"may hold half an image; {platform.enter_loader}, and run the same command again"


def explain(platform: Platform, tool: str, where: str, code: int, output: str, gone: bool) -> str:
    """Why a tool failed.

    Args:
        platform: the board.
        tool: the tool's name.
        where: the port it was given, or what it speaks to.
        code: its exit status; negative: the signal that ended it.
        output: what it printed.
        gone: the port it was given is no longer there.
    """

    def says(pattern: str) -> bool:
        return re.search(pattern, output, re.IGNORECASE) is not None

    if says(_DENIED):
        if Path(where).exists():
            return not_allowed(where)
        rule = _board_rule(platform) if tool == "picotool" else _PROBE_RULE
        return f"{tool} may not use the USB device; allow it with: {udev_line(rule)}"
    if gone:
        return lost(platform, where)
    if says(_BUSY):
        return (
            f"another program uses {where}; end it (a serial monitor, or ModemManager), and run the same command again"
        )
    if says(_OTHER_CHIP):
        said = _telling(output, _OTHER_CHIP)
        return f"{tool} finds another chip than the {platform.title}'s at {where} ({said}); check the board and --port"
    if says(_VERIFY):
        return (
            f"{tool} read back something else than it wrote to the {platform.title}; run the same command again, with "
            "another cable if it happens twice"
        )
    if says(_NOBODY) and tool in PROBES:
        return (
            f"{tool} finds no debug probe, or no chip behind it; connect the probe to the SWD pins of the "
            f"{platform.title}, and run the same command again"
        )
    if says(_NOBODY):
        return (
            f"{tool} finds no {platform.title} that listens at {where}; {platform.enter_loader}, and run the same "
            "command again"
        )
    if says(_GONE):
        return lost(platform, where)
    if code < 0:
        return f"{tool} was ended by {_signal(-code)}, and the {platform.title} {_half(platform)}"
    said = _telling(output, r"error|fail")
    return f"{tool} could not flash the {platform.title} ({said}), which {_half(platform)}"


def _telling(output: str, pattern: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(pattern, line, re.IGNORECASE)]
    said = (telling or lines[-1:] or ["it gave no reason"])[0]
    return re.sub(r"^(?:ERROR: )?A fatal error occurred: ", "", said).rstrip(".")[:300]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def not_mounted(platform: Platform) -> str:
    """That the boot loader's drive is on USB, but not mounted."""
    label = platform.uf2.label if platform.uf2 else ""
    return (
        f"the {platform.title} waits in its boot loader, but its drive is not mounted; mount it, for example with: "
        f"udisksctl mount -b /dev/disk/by-label/{label}"
    )


def not_writable(drive: Path, error: OSError) -> str:
    """That a drive cannot be written."""
    return f"cannot write the drive {drive} ({error.strerror}); mount it so that this user may write it"
