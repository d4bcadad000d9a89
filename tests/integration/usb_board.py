"""What the emulated boards of a test's own process share: what its PC does with them over USB."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from wwtool.emulators.usb_host import Script, UsbHost

READY = b"m-ready\r\n"


class UsbBoard(ABC):
    """A board at the end of a PC's cable, whose time passes as the test says.

    Attributes:
        usb: what the board has said over USB.
        host: the PC.
    """

    usb: bytearray
    host: UsbHost

    @property
    @abstractmethod
    def seconds(self) -> float:
        """The board's time."""

    @abstractmethod
    def run(self, seconds: float) -> None:
        """Lets time pass."""

    def until(self, condition: Callable[[], bool], seconds: float = 1.0) -> None:
        end = self.seconds + seconds
        while not condition():
            assert self.seconds < end, "it did not happen in time"
            self.run(0.001)

    def enumerate(self) -> Self:
        self.until(lambda: self.host.configured)
        return self

    def open(self) -> Self:
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
