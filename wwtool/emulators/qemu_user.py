"""The Raspberry Pi Zero's program in QEMU's user mode, with its instructions counted."""

from __future__ import annotations

from pathlib import Path

from wwtool.emulators.emulator import Emulator, Options
from wwtool.emulators.linux import QEMU, start
from wwtool.emulators.linux_count import count_cycles
from wwtool.emulators.stdio_board import StdioBoard
from wwtool.firmware.cycles import Cycles
from wwtool.platforms.profile import Platform


class QemuUser(Emulator):
    """QEMU runs the program on this machine's kernel: it is not confined, and its time is this machine's."""

    name = "qemu-user"
    image_kind = "elf"
    is_confined = False
    tools = (QEMU,)

    def start(self, platform: Platform, image: Path, options: Options) -> StdioBoard:
        return start(image, options.tcp_port, options.pty, options.audio, in_qemu=True)

    def cycles(self, platform: Platform, files: dict[str, Path], samples: int, on_console: Cycles) -> Cycles:
        assert platform.chip.cycles_per_instruction is not None  # check_platform has seen to it
        return count_cycles(files[self.image_kind], samples, platform.chip.cycles_per_instruction)
