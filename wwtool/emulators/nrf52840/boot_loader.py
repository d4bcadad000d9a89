"""The boot loaders of a Nano 33 BLE, as far as a program can tell: what they look at, write, and wait for.

A boot loader does not run on the emulated core. It holds the core and lets time pass, as the real one does.
"""

from __future__ import annotations

import math
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import ClassVar, Protocol

from wwtool.emulators.nrf52840.peripherals import Clock, Watchdog
from wwtool.emulators.nrf52840.registers import FaultError

_PAGE_BYTES = 4096
_PAGE_S = 0.085 + _PAGE_BYTES / 4 * 41e-6  # 4.3.11: tERASEPAGE, and tWRITE of each word
_TRANSFER_S = 0.010  # of a page over USB, with its command and answer
_APPEAR_S = 1.5  # until the host knows the boot loader's port and the flash tool has opened it
_WORD = struct.Struct("<I")


class Reset(Enum):
    """Why the chip was reset: the bit in RESETREAS (5.3.7.7)."""

    WATCHDOG = 1 << 1
    PROGRAM = 1 << 2


class Host(Protocol):
    """The chip, for its boot loader."""

    clock: Clock
    watchdog: Watchdog
    origin: int

    def after(self, seconds: float, action: Callable[[], None]) -> None: ...
    def read_memory(self, address: int, count: int) -> bytes: ...
    def write_memory(self, address: int, data: bytes) -> None: ...
    def reset_chip(self, reason: Reset) -> None: ...
    def start_program(self, vectors: int) -> None: ...


class BootLoader(ABC):
    """What runs before the program.

    Attributes:
        upload: the image that a flash tool is ready to write; None if no tool waits for the boot loader.
        uploads: how many images were written.
        vectors: where the program's vectors are looked for.
        vector_table: what the core's VTOR has when the program starts.
        feeds_watchdog: it feeds a watchdog that runs.
    """

    feeds_watchdog: ClassVar[bool] = False
    vector_table: int

    def __init__(self, chip: Host) -> None:
        self._chip = chip
        self.vectors = self.vector_table = chip.origin
        self.upload: bytes | None = None
        self.uploads = 0
        self._page = -1  # that is being written

    def begin(self, reason: Reset) -> None:
        """The chip comes out of a reset."""
        if self._page >= 0:
            what = f"page {self._page} of {self._pages}" if self._page else "a page"
            raise FaultError(
                f"the {reason.name.lower()} reset the chip before bossac wrote {what}: no whole image is left"
            )
        self._decide(reason)

    @abstractmethod
    def _decide(self, reason: Reset) -> None:
        """Stays, or starts the program."""

    @property
    def _pages(self) -> int:
        return math.ceil(len(self.upload or b"") / _PAGE_BYTES)

    def _start(self) -> None:
        self._chip.start_program(self.vectors)

    def _stay(self) -> None:
        self._chip.clock.gpregret = 0
        if self.upload is None:
            raise FaultError("the program asked for the boot loader")
        self._page = 0
        self._chip.after(_APPEAR_S, self._write_page)

    def _feed(self) -> None:
        if self.feeds_watchdog:
            self._chip.watchdog.feed()

    def _write_page(self) -> None:
        """Writes a page, in the time that it takes; after the last one the flash tool resets the chip."""
        assert self.upload is not None
        self._feed()
        if self._page == self._pages:
            self._page, self.uploads, self.upload = -1, self.uploads + 1, None
            self._chip.reset_chip(Reset.PROGRAM)
            return
        start = self._page * _PAGE_BYTES
        self._chip.write_memory(
            self._chip.origin + start, self.upload[start : start + _PAGE_BYTES].ljust(_PAGE_BYTES, b"\xff")
        )
        self._page += 1
        self._chip.after(_PAGE_S + _TRANSFER_S, self._write_page)


class Arduino(BootLoader):
    """Arduino's (its main, at 0x694 of bootloaders/nano33ble/bootloader.elf). It never feeds the watchdog."""

    WORD_AT, WORD, GPREGRET = 0x20007FFC, 0x07738135, 0xB0
    WAIT_S = 0.5

    def _decide(self, reason: Reset) -> None:
        if self._word == self.WORD:
            self._set_word(0)
            self._stay()
            return
        self._set_word(self.WORD)
        self._chip.after(self.WAIT_S, self._waited)

    def _waited(self) -> None:
        self._set_word(0)
        if self._chip.clock.gpregret == self.GPREGRET:
            self._stay()
        else:
            self._start()

    @property
    def _word(self) -> int:
        return int(_WORD.unpack(self._chip.read_memory(self.WORD_AT, 4))[0])

    def _set_word(self, value: int) -> None:
        self._chip.write_memory(self.WORD_AT, _WORD.pack(value))


class Probe(BootLoader):
    """None: a debug probe has reset and halted the chip, written the program to RAM, and set stack pointer and PC."""

    def __init__(self, chip: Host) -> None:
        super().__init__(chip)
        self.vector_table = 0  # as a reset leaves it

    def _decide(self, reason: Reset) -> None:
        raise FaultError(f"the {reason.name.lower()} reset the chip, which ends a program that runs from RAM")


class Adafruit(BootLoader):
    """Adafruit's (src/main.c, check_dfu_mode; bootloader.c feeds a watchdog that runs).

    It finds the program by the vectors behind the master boot record.
    """

    feeds_watchdog = True
    STAYS = (0x57, 0x4E)

    def __init__(self, chip: Host) -> None:
        super().__init__(chip)
        self.vectors = 0x1000
        chip.write_memory(self.vectors, chip.read_memory(chip.origin, 256))

    def _decide(self, reason: Reset) -> None:
        if self._chip.clock.gpregret in self.STAYS:
            self._feed()
            self._stay()
        else:
            self._start()
