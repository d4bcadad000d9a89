"""A Cortex-M image on a machine of ``qemu-system-arm``, for profiles of a user's own (docs/tutorials/my-own-board.md).

The image lies at its own address, the console is the machine's serial port that the profile names, and an instruction
takes the time that the profile says.
"""

from __future__ import annotations

from pathlib import Path

from wwtool.base.programs import dies_with_wwtool
from wwtool.base.tools import program
from wwtool.emulators.emulator import Emulator, Options
from wwtool.emulators.process import image_of
from wwtool.emulators.stdio_board import StdioBoard
from wwtool.errors import DeviceError, InputError
from wwtool.platforms.profile import Platform

QEMU = program("qemu-system-arm", "the emulator", "apt-get install qemu-system-arm")


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
    image = image_of(build, QemuArm.name).resolve()
    command = [*dies_with_wwtool(), QEMU.find(), "-M", qemu.machine, "-icount", f"shift={qemu.icount_shift}"]
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


class QemuArm(Emulator):
    """A Cortex-M machine of QEMU, as the section ``qemu`` of a profile describes it."""

    name = "qemu-arm"
    has_microphone = False
    uses_qemu_section = True
    tools = (QEMU,)

    def start(self, platform: Platform, image: Path, options: Options) -> StdioBoard:
        return start(platform, image, options.tcp_port, options.pty)

    def check_platform(self, platform: Platform) -> None:
        super().check_platform(platform)
        qemu, factor = platform.qemu, platform.chip.cycles_per_instruction
        assert qemu is not None and factor is not None
        counted = qemu.cycles_per_instruction(platform.chip.clock_hz)
        if abs(counted - factor) > 0.01 * factor:
            raise InputError(
                f"{platform.file}: chip.cycles_per_instruction is {factor:g}, but with qemu.icount_shift "
                f"{qemu.icount_shift} the emulated core counts {counted:g}; make them agree"
            )
