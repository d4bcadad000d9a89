"""A device on an I2C bus for tests of board code: it follows the edges of both lines (UM10204)."""

from __future__ import annotations

from collections.abc import Callable


class I2cDevice:
    """Acknowledges its address and takes writes of one register each.

    Attributes:
        sda, scl: the pins of its lines.
        writes: (register, value) in order.
        on_write: called with each of them.
    """

    def __init__(self, sda: int, scl: int, address: int, deaf_for: int = 0) -> None:
        self.writes: list[tuple[int, int]] = []
        self.on_write: Callable[[int, int], None] = lambda register, value: None
        self.sda, self.scl = sda, scl
        self._address, self._deaf_for = address, deaf_for
        self._driven = {sda: True, scl: True}  # what the board makes of each line
        self._pulls = False
        self._bits: list[int] | None = None  # None: not addressed, or no start yet
        self._bytes: list[int] = []

    def level(self, pin: int) -> bool:
        """What is on a line."""
        return self._driven[pin] and not (pin == self.sda and self._pulls)

    def pull(self, pin: int, low: bool) -> None:
        """The board pulls a line low, or lets it go."""
        before, self._driven[pin] = self._driven[pin], not low
        if before == self._driven[pin]:
            return
        if pin == self.sda and self._driven[self.scl]:
            self._condition(start=low)
        elif pin == self.scl and not low:
            self._rising_clock()
        elif pin == self.scl:
            self._falling_clock()

    def _condition(self, start: bool) -> None:
        if not start and self._bits is not None:
            assert len(self._bits) <= 1, "a stop in the middle of a byte"
            assert len(self._bytes) in (0, 1, 3), "address, register, value"
            if len(self._bytes) == 3:
                self.writes.append((self._bytes[1], self._bytes[2]))
                self.on_write(*self.writes[-1])
        self._bits, self._bytes, self._pulls = ([] if start else None), [], False

    def _rising_clock(self) -> None:
        if self._bits is not None:
            self._bits.append(int(self.level(self.sda)))

    def _falling_clock(self) -> None:
        """After eight bits the device pulls the line for the ninth."""
        if self._bits is None:
            return
        if len(self._bits) == 9:
            self._bits, self._pulls = [], False
        elif len(self._bits) == 8:
            byte = int("".join(map(str, self._bits)), 2)
            if not self._bytes and (byte != self._address << 1 or self._deaf_for > 0):
                self._deaf_for -= byte == self._address << 1
                self._bits = None
                return
            self._bytes.append(byte)
            self._pulls = True
