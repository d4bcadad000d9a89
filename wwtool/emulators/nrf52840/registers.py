"""The common part of the emulated nRF52840's peripherals: registers, events and interrupts.

They are stricter than a simulator has to be. A register without a model, a pin or clock that is not set up, a buffer
outside of the RAM or too late raises :class:`FaultError`, which ends the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# nRF52840 product specification v1.7, 4.2.1 and 4.2.3.
FLASH_BYTES = 0x100000
RAM = range(0x20000000, 0x20040000)
INFORMATION = 0x10000000  # FICR


class FaultError(Exception):
    """The program does something that would fail on the chip."""


class Machine(Protocol):
    """The part of the core that peripherals use: time in core cycles, an agenda, memory, other peripherals."""

    clock_hz: int

    @property
    def now(self) -> float: ...
    def at(self, time: float, action: Callable[[], None], lasting: bool = False) -> None:
        """Calls ``action`` at that time. A reset of the chip cancels it, unless it is lasting."""

    def attention(self) -> None: ...
    def read_memory(self, address: int, count: int) -> bytes: ...
    def write_memory(self, address: int, data: bytes) -> None: ...
    def event(self, address: int) -> None: ...


def in_ram(address: int, count: int) -> bool:
    return address in RAM and address + count - 1 in RAM


class Peripheral:
    """Registers of three kinds: tasks (written with 1), events (set by the chip, cleared by writing 0), and values.

    An event may be tied to a bit of INTEN; the interrupt line is high while any such event is set.
    """

    _INTENSET, _INTENCLR = 0x304, 0x308

    def __init__(self, machine: Machine, name: str, base: int) -> None:
        self.machine = machine
        self.name = name
        self.base = base
        self.values: dict[int, int] = {}
        self.tasks: dict[int, Callable[[], None]] = {}
        self.events: dict[int, int] = {}
        self.hooks: dict[int, Callable[[int], None]] = {}
        self.inten = 0
        self._bits: dict[int, int] = {}
        self._reserved: dict[int, int] = {}
        self._cold: tuple[dict[int, int], dict[int, int]] | None = None

    def add_values(self, *offsets: int, reset: int = 0) -> None:
        self.values.update(dict.fromkeys(offsets, reset))

    def add_fields(self, fields: dict[int, int]) -> None:
        """Says which bits of a register there are; a write to another one is refused."""
        self._reserved.update({offset: ~bits for offset, bits in fields.items()})

    def add_event(self, offset: int, bit: int | None = None) -> None:
        self.events[offset] = 0
        if bit is not None:
            self._bits[offset] = 1 << bit

    def reset(self) -> None:
        """Gives the registers the values of a reset. A subclass with a state of its own ends what it is doing."""
        if self._cold is None:
            self._cold = dict(self.values), dict(self.events)
        self.values.update(self._cold[0])
        self.events.update(self._cold[1])
        self.inten = 0

    def leave(self, registers: dict[int, int], running: str) -> None:
        """Gives the registers the values that a boot loader leaves. A subclass goes on with what it left running."""
        for offset, value in registers.items():
            if offset == self._INTENSET:
                self.inten = value
            elif offset in self.values:
                self.values[offset] = value
            else:
                raise FaultError(
                    f"{self.name}: register {offset:#05x} is not modelled, and a boot loader leaves it set"
                )

    @property
    def interrupt(self) -> bool:
        return any(value and self._bits.get(offset, 0) & self.inten for offset, value in self.events.items())

    def set_event(self, offset: int) -> None:
        self.events[offset] = 1
        self.machine.event(self.base + offset)
        self.machine.attention()

    def read(self, offset: int) -> int:
        if offset in self.values:
            return self.values[offset]
        if offset in self.events:
            return self.events[offset]
        if offset in (self._INTENSET, self._INTENCLR) and self._bits:
            return self.inten
        if offset in self.tasks:
            raise FaultError(f"{self.name}: read of the task {offset:#05x}, which can only be written")
        raise FaultError(f"{self.name}: read of register {offset:#05x}, which is not modelled")

    def write(self, offset: int, value: int) -> None:
        if value & self._reserved.get(offset, 0):
            raise FaultError(f"{self.name}: {value:#x} in register {offset:#05x} sets bits that are reserved")
        if offset in self.hooks:
            self.hooks[offset](value)
        elif offset in self.values:
            self.values[offset] = value
        elif offset in self.tasks:
            if value & 1:
                self.tasks[offset]()
        elif offset in self.events:
            if value:
                raise FaultError(f"{self.name}: event {offset:#05x} is written with {value}, which is not modelled")
            self.events[offset] = 0
        elif offset in (self._INTENSET, self._INTENCLR) and self._bits:
            if offset == self._INTENSET and value & ~sum(self._bits.values()):
                raise FaultError(f"{self.name}: interrupts {value:#x}, some of which are not modelled")
            self.inten = self.inten | value if offset == self._INTENSET else self.inten & ~value
            self.machine.attention()
        else:
            raise FaultError(f"{self.name}: write of register {offset:#05x}, which is not modelled")
