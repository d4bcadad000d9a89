"""Why a flash tool failed, read from what it printed, as a sentence with its remedy."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from wwtool.device.flash.failures import half_written, lost, not_allowed
from wwtool.device.flash.tools import FlashTool
from wwtool.platforms.profile import Platform

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


def explain(platform: Platform, tool: FlashTool, where: str, code: int, output: str, gone: bool) -> str:
    """Why a tool failed.

    Args:
        platform: the board.
        tool: the tool.
        where: the port that it used, or what else it connects to.
        code: its exit status; negative: the signal that ended it.
        output: the text that it printed.
        gone: the port that it used has disappeared.
    """

    def says(pattern: str) -> bool:
        return re.search(pattern, output, re.IGNORECASE) is not None

    if says(_DENIED):
        if Path(where).exists():
            return not_allowed(where)
        return f"{tool.name} may not use the USB device; allow it with: {tool.udev_line(platform)}"
    if gone:
        return lost(platform, where)
    if says(_BUSY):
        return (
            f"another program uses {where}; end it (a serial monitor, or ModemManager), and run the same command again"
        )
    if says(_OTHER_CHIP):
        reason = _telling(output, _OTHER_CHIP)
        return (
            f"{tool.name} finds another chip than the {platform.title}'s at {where} "
            f"({reason}); check the board and --port"
        )
    if says(_VERIFY):
        return (
            f"{tool.name} read back other bytes than it wrote to the {platform.title}; run the same command again, "
            "with another cable if it happens twice"
        )
    if says(_NOBODY) and tool.uses_probe:
        return (
            f"{tool.name} finds no debug probe, or no chip behind it; connect the probe to the SWD pins of the "
            f"{platform.title}, and run the same command again"
        )
    if says(_NOBODY):
        return (
            f"{tool.name} finds no {platform.title} that listens at {where}; {platform.enter_loader}, and run the same "
            "command again"
        )
    if says(_GONE):
        return lost(platform, where)
    if code < 0:
        return f"{tool.name} was ended by {_signal(-code)}, and the {platform.title} {half_written(platform)}"
    reason = _telling(output, r"error|fail")
    return f"{tool.name} could not flash the {platform.title} ({reason}), which {half_written(platform)}"


def _telling(output: str, pattern: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(pattern, line, re.IGNORECASE)]
    line = (telling or lines[-1:] or ["it gave no reason"])[0]
    return re.sub(r"^(?:ERROR: )?A fatal error occurred: ", "", line).rstrip(".")[:300]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
