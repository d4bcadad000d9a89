"""An emulated Nano 33 BLE in the test's own process: the test is the PC, and moves the time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from wwtool.emulators.nrf52840.core import Chip
from wwtool.emulators.usb_host import Script, UsbHost
from wwtool.platforms.load import load_platform

READY = b"m-ready\r\n"
NAME = b"m-name-dut-[wwtool-nano33ble]\r\n" + READY


class Board:
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
    def usbd(self) -> Any:
        return self.chip.usbd

    def run(self, seconds: float) -> None:
        end = self.chip.now + seconds * self.chip.clock_hz
        while self.chip.now < end:
            self.chip.run(end - self.chip.now)
            if self.chip.asleep:
                self.chip.sleep_until_next_event(end - self.chip.now)

    def until(self, condition: Callable[[], bool], seconds: float = 1.0) -> None:
        end = self.chip.now + seconds * self.chip.clock_hz
        while not condition():
            assert self.chip.now < end, "it did not happen in time"
            self.run(0.001)

    def enumerate(self) -> Board:
        self.until(lambda: self.host.configured)
        return self

    def open(self) -> Board:
        self.enumerate().host.open()
        self.until(lambda: self.host.port_open)
        return self

    def type(self, text: bytes) -> None:
        self.host.queue += text
        self.host.kick()

    def ask(self, command: bytes) -> bytes:
        """What comes over USB until the device is ready again."""
        self.usb.clear()
        self.type(command)
        self.until(lambda: self.usb.endswith(READY))
        return bytes(self.usb)

    def do(self, script: Callable[[], Script]) -> bytes:
        """Ends a script of the host; what the last request answered."""
        self.host.request(script)
        self.until(lambda: not self.host.hurry)
        return self.host.answer

    def type_on_uart(self, text: bytes) -> None:
        self.chip.uarte.queue += text
        self.chip.uarte.kick()

    def ask_on_uart(self, command: bytes) -> bytes:
        """What comes over the serial port until the device is ready again."""
        self.uart.clear()
        self.type_on_uart(command)
        self.until(lambda: self.uart.endswith(READY))
        return bytes(self.uart)
