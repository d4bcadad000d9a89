"""Sentences for what goes wrong while flashing, each with its remedy."""

from __future__ import annotations

from pathlib import Path

from wwtool.platforms.profile import Platform

_TTY_RULE = 'SUBSYSTEM=="tty", TAG+="uaccess"'


def not_allowed(device: str) -> str:
    """This user may not use a serial port; with the line that changes that."""
    group = "dialout"
    try:
        import grp

        group = grp.getgrgid(Path(device).stat().st_gid).gr_name
    except (ImportError, KeyError, OSError):
        pass
    # Nobody should join the group root. The rule lets whoever sits at the machine use the port.
    if group == "root":
        return f"this user may not use {device}; allow it with: {udev_line(_TTY_RULE)}"
    return f"this user may not use {device}; allow it with: sudo usermod -aG {group} $USER, then log out and in again"


def udev_line(rule: str) -> str:
    """The shell line that adds a udev rule and applies it."""
    apply = "sudo udevadm control --reload && sudo udevadm trigger"
    return f"echo '{rule}' | sudo tee /etc/udev/rules.d/70-wwtool.rules && {apply}"


def lost(platform: Platform, where: str) -> str:
    """The board disappeared while it was written."""
    return f"the {platform.title} at {where} went away while it was written, and {half_written(platform)}"


def hung(platform: Platform, tool: str, timeout_s: float) -> str:
    """A tool did not end."""
    return (
        f"{tool} did not end within {timeout_s:g} s and was stopped, and the {platform.title} "
        f"{half_written(platform)}, once it has been unplugged"
    )


def half_written(platform: Platform) -> str:
    """The state of the board after a failure, and what to do, as the end of a sentence."""
    return f"may hold half an image; {platform.enter_loader}, and run the same command again"


def not_mounted(platform: Platform) -> str:
    """The boot loader is on USB, but its drive is not mounted."""
    label = platform.uf2.label if platform.uf2 else ""
    return (
        f"the {platform.title} waits in its boot loader, but its drive is not mounted; mount it, for example with: "
        f"udisksctl mount -b /dev/disk/by-label/{label}"
    )


def not_writable(drive: Path, error: OSError) -> str:
    """A drive cannot be written."""
    return f"cannot write the drive {drive} ({error.strerror}); mount it so that this user may write it"
