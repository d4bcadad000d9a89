"""A DMA of the ESP32-S3 that a program before has left running: it fills memory until something stops it."""

from __future__ import annotations

from typing import Protocol

from wwtool.emulators.gdb_stub import GdbStub

_CLK_EN1, _RST_EN1, _DMA_BIT = 0x600C001C, 0x600C0024, 1 << 6
_DMA_CONF, _DMA_LINK, _DMA_STOP = 0x6003F000, 0x6003F020, 1 << 21
_BYTES_A_US = 20.0  # a camera's eight lines at 20 MHz


class _Chip(Protocol):
    """What the DMA has to do with the rest of the chip."""

    stub: GdbStub
    now_us: float

    def get(self, address: int) -> int: ...
    def pass_time(self) -> None: ...


class StrayDma:
    """It fills ``memory`` again and again."""

    def __init__(self, chip: _Chip, memory: range) -> None:
        self._chip, self._memory = chip, memory
        self._since_us, self._place = 0.0, 0
        self._runs = True

    def write(self) -> None:
        """Writes what it has written up to now, if nothing has stopped it."""
        if not self._runs:
            return
        chip = self._chip
        chip.pass_time()
        stopped = chip.get(_RST_EN1) & _DMA_BIT or not chip.get(_CLK_EN1) & _DMA_BIT
        if stopped or chip.get(_DMA_CONF) & 1 or chip.get(_DMA_LINK) & _DMA_STOP:
            self._runs = False
            return
        count = min(int((chip.now_us - self._since_us) * _BYTES_A_US), len(self._memory))
        self._since_us = chip.now_us
        while count > 0:
            part = min(count, len(self._memory) - self._place)
            chip.stub.write(self._memory.start + self._place, b"\xa5" * part)
            self._place = (self._place + part) % len(self._memory)
            count -= part
