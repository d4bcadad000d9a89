"""A second emulator runs the same image: where the two disagree, one of them, or the image, is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import rp2040py
import serial
from board_images import pico_elf, pico_image
from test_pico_image import needs_emulator

from wwtool.emulators import pico

READY = b"m-ready\r\n"
COMMANDS = [
    b"name%",
    b"db load 120%",
    *(b"db %s%%" % bytes(range(n, n + 30)).hex().encode() for n in range(0, 120, 30)),
    b"infer 1 0%",
    b"ww-output%",
    b"ww-pcm 640%" + bytes(range(256)) * 2 + bytes(range(128)),
    b"help%",
]
NS_PER_CYCLE, NS_PER_CHARACTER = 1e9 / 125e6, 10 * 1e9 / 115200
BOOT2_AT, BOOT2_STACK, FLASH, SRAM = 0x20041F00, 0x20042000, 0x10000000, 0x20000000


def without_times(text: bytes) -> str:
    return re.sub(r"(m-lap-us-|clock_khz=|reset_code=)\d+", r"\1", text.decode())


class Rp2040py:
    """The chip in rp2040py, with as much of the mask ROM as starts boot2 (RP2040 datasheet 2.8.1.3)."""

    def __init__(self, image: bytes) -> None:
        self.chip: Any = rp2040py.RP2040()
        self.said = bytearray()
        self.chip.uart[0].on_byte = self.said.append
        self.chip.flash[: len(image)] = image
        self.chip.sram[BOOT2_AT - SRAM : BOOT2_AT - SRAM + 256] = image[:256]
        core = self.chip.core
        core.sp, core.lr, core.pc = BOOT2_STACK, 0, BOOT2_AT

    def step(self) -> None:
        core, clock = self.chip.core, self.chip.clock
        if core.waiting and not core.check_for_interrupts():
            clock.tick(clock.nanos_to_next_alarm)
            return
        core.waiting = False
        clock.tick(core.execute_instruction() * NS_PER_CYCLE)

    def run_until_ready(self, steps: int = 4_000_000) -> bytes:
        for _ in range(steps):
            if self.said.endswith(READY):
                answer = bytes(self.said)
                self.said.clear()
                return answer
            self.step()
        raise AssertionError(f"it only says {bytes(self.said[-200:])!r}")

    def ask(self, command: bytes) -> bytes:
        for byte in command:
            self.chip.uart[0].feed_byte(byte)
            until = self.chip.clock.nanos + NS_PER_CHARACTER
            while self.chip.clock.nanos < until:
                self.step()
        return self.run_until_ready()


@needs_emulator
def test_rp2040js_and_rp2040py_agree(tmp_path: Path) -> None:
    image = pico_image(pico_elf(tmp_path))
    second = Rp2040py(image.read_bytes())
    with pico.start(image) as emulator, serial.serial_for_url(emulator.url, timeout=20) as port:
        assert without_times(second.run_until_ready()) == without_times(bytes(port.read_until(READY)))
        for command in COMMANDS:
            port.write(command)
            assert without_times(second.ask(command)) == without_times(bytes(port.read_until(READY))), command
        emulator.check()
