"""An emulated Nano 33 BLE in the test's own process: the test is the PC, and moves the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from usb_board import READY, UsbBoard

from wwtool.emulators.nrf52840.core import Chip
from wwtool.emulators.usb_host import UsbHost
from wwtool.platforms.load import load_platform

NAME = b"m-name-dut-[wwtool-nano33ble]\r\n" + READY


class Board(UsbBoard):
    """A chip with an image, at the end of a PC's cable.

    Attributes:
        usb, uart: what the board has said.
    """

    answer_to_name = NAME

    def __init__(self, image: Path, /, audio: bytes = b"", **options: Any) -> None:
        platform = load_platform("nano33ble")
        factor = platform.chip.cycles_per_instruction
        assert factor is not None
        self.usb, self.uart = bytearray(), bytearray()
        self.chip = Chip(
            image.read_bytes(), platform.memory.application_origin, platform.chip.clock_hz, factor, audio,
            self.uart.extend, self.usb.extend, **options,
        )  # fmt: skip
        assert self.chip.host is not None
        self.host: UsbHost = self.chip.host

    @property
    def seconds(self) -> float:
        return self.chip.now / self.chip.clock_hz

    @property
    def usbd(self) -> Any:
        return self.chip.usbd

    def run(self, seconds: float) -> None:
        end = self.chip.now + seconds * self.chip.clock_hz
        while self.chip.now < end:
            self.chip.run(end - self.chip.now)
            if self.chip.asleep:
                self.chip.sleep_until_next_event(end - self.chip.now)

    def type_on_uart(self, text: bytes) -> None:
        self.chip.uarte.queue += text
        self.chip.uarte.kick()

    def ask_on_uart(self, command: bytes) -> bytes:
        """What comes over the serial port until the device is ready again."""
        self.uart.clear()
        self.type_on_uart(command)
        self.until(lambda: self.uart.endswith(READY))
        return bytes(self.uart)
