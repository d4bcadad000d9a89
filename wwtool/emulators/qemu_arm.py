"""A Cortex-M image on a machine of ``qemu-system-arm``, for profiles of a user's own (docs/tutorials/my-own-board.md).

The image lies at its own address, the console is the machine's serial port that the profile names, and an instruction
takes the time that the profile says.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from wwtool.emulators.process import image_of
from wwtool.emulators.stdio_board import StdioBoard
from wwtool.errors import DeviceError, ToolError
from wwtool.platforms.profile import Platform

EMULATOR = "qemu-arm"
QEMU = "qemu-system-arm"
PACKAGE = "qemu-system-arm"


def find_qemu() -> str:
    """Returns the emulator's program.

    Raises:
        ToolError: not installed.
    """
    found = shutil.which(QEMU)
    if found is None:
        raise ToolError(f"the emulator needs {QEMU}; get it with: apt-get install {PACKAGE}")
    return found


def start(platform: Platform, build: Path, tcp_port: int = 0, pty: bool = False) -> StdioBoard:
    """Starts the ``.bin`` of a build folder, or the file itself.

    Args:
        platform: whose ``qemu`` section says how.
        build: a build folder, or a ``.bin``.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.

    Raises:
        ToolError: QEMU is missing.
        InputError: there is no such image.
        DeviceError: it cannot be started.
    """
    qemu = platform.qemu
    assert qemu is not None, "a platform of this emulator has the section"
    image = image_of(build, EMULATOR).resolve()
    # If this program is killed, so is the emulator.
    command = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
    command += [find_qemu(), "-M", qemu.machine, "-icount", f"shift={qemu.icount_shift}"]
    command += ["-display", "none", "-monitor", "none"]
    command += ["-serial", "null"] * qemu.serial + ["-serial", "stdio"]
    command += [
        "-device",
        f"loader,file={str(image).replace(',', ',,')},addr={platform.memory.application_origin:#x},force-raw=on",
    ]
    try:
        return StdioBoard(command, tcp_port, pty, f"emulated {platform.title}")
    except OSError as error:
        raise DeviceError(f"the emulated {platform.title} cannot be started: {error}; see wwtool doctor") from error
