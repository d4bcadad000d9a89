"""The ESP32-S3's flash as data accesses see it: a table of pages, the data cache, and its bus to core 0.

QEMU has plain memory at the window's addresses. So it gets the content of the pages that the program has mapped, once
the cache is on and the bus open; every access to another address of the window ends the run.
"""

from __future__ import annotations

import itertools
import struct
from typing import Final, Protocol

from wwtool.emulators.esp32s3_registers import MisuseError
from wwtool.emulators.gdb_stub import GdbStub
from wwtool.firmware.make_image import ESP_MAPPED

PAGE_BYTES: Final = 1 << 16
TABLE: Final = range(0x600C5000, 0x600C5800, 4)
BUS: Final = 0x600C4004
_CTRL, _ENABLE, _CORE0_SHUT = 0x600C4000, 1 << 0, 1 << 0
# ESP-IDF, soc/extmem_reg.h and esp_system/port/soc/esp32s3/Kconfig.cache.
_SIZES, _WAYS, _LINES = (0x8000, 0x10000), (4, 8), (16, 32, 64)
_INVALID, _PSRAM = 1 << 14, 1 << 15
_ERASED = b"\xff"


class _Chip(Protocol):
    """What the flash has to do with the rest of the chip."""

    stub: GdbStub

    def get(self, address: int) -> int: ...
    def set(self, address: int, value: int) -> None: ...


class Flash:
    """The flash of a chip with ``content`` from its first byte on; the rest of its ``size_bytes`` is erased.

    The start state is that of a reset: the cache is off, its bus shut, and the table has never been written.
    """

    def __init__(self, chip: _Chip, content: bytes, size_bytes: int) -> None:
        self._chip, self._content, self._pages = chip, content, size_bytes // PAGE_BYTES
        self._watches: list[tuple[bool, range]] = []  # whether pages of the flash are there, and their addresses
        self._seen: dict[int, int] = {}  # pages of the flash that the core sees, by pages of the window
        self._filled: dict[int, int] = {}  # the same, of what has been written to QEMU's memory
        self._watch()

    def check_access(self, address: int) -> None:
        """Raises MisuseError if an address before whose access the core stands is one of the window's."""
        if address not in ESP_MAPPED:
            return
        if any(is_there and address in addresses for is_there, addresses in self._watches):
            raise MisuseError(f"it writes to flash at {address:#x}")
        if not self._is_on:
            why = "while the data cache is off"
        elif not self._is_open:
            why = "while the data cache's bus to core 0 is shut"
        else:
            why = "where it has mapped no page"
        raise MisuseError(f"it reads flash at {address:#x} {why}")

    def check_entry(self, value: int) -> None:
        """Holds a write to the table to the rules."""
        if self._is_on and self._is_open:
            raise MisuseError(f"it maps a page as {value:#x} while the data cache is in use")

    def enable(self) -> None:
        """The ROM's Cache_Enable_DCache."""
        self._chip.set(_CTRL, self._chip.get(_CTRL) | _ENABLE)
        self.show()

    def disable(self) -> None:
        """The ROM's Cache_Disable_DCache."""
        self._chip.set(_CTRL, self._chip.get(_CTRL) & ~_ENABLE)
        self.show()

    def set_mode(self, nbytes: int, ways: int, line_bytes: int) -> None:
        """The ROM's rom_config_data_cache_mode."""
        if self._is_on:
            raise MisuseError("it changes the data cache's mode while the cache is on")
        if nbytes not in _SIZES or ways not in _WAYS or line_bytes not in _LINES:
            raise MisuseError(f"there is no data cache of {nbytes} bytes, {ways} ways and lines of {line_bytes} bytes")
        self._chip.set(_CTRL, _SIZES.index(nbytes) << 2 | _LINES.index(line_bytes) << 3)

    @property
    def _is_on(self) -> bool:
        return bool(self._chip.get(_CTRL) & _ENABLE)

    @property
    def _is_open(self) -> bool:
        return not self._chip.get(BUS) & _CORE0_SHUT

    def show(self) -> None:
        """Lets the core see the mapped pages, or none while cache or bus are off."""
        seen = self._mapping() if self._is_on and self._is_open else {}
        if seen == self._seen:
            return
        self._seen = seen
        for page, source in seen.items():
            if self._filled.get(page) != source:
                content = self._content[source * PAGE_BYTES : (source + 1) * PAGE_BYTES].ljust(PAGE_BYTES, _ERASED)
                self._chip.stub.write(ESP_MAPPED.start + page * PAGE_BYTES, content)
                self._filled[page] = source
        self._watch()

    def _mapping(self) -> dict[int, int]:
        """The table's valid entries.

        Raises:
            MisuseError: one is for a memory that is not there.
        """
        entries = struct.unpack(f"<{len(TABLE)}I", self._chip.stub.read(TABLE.start, TABLE.step * len(TABLE)))
        mapped = {page: value for page, value in enumerate(entries) if not value & _INVALID}
        for page, value in mapped.items():
            if value & _PSRAM:
                raise MisuseError(f"it maps page {page} to a PSRAM, and there is none")
            if value >= self._pages:
                raise MisuseError(f"it leaves page {page} mapped to page {value} of the flash, which has {self._pages}")
        return mapped

    def _watch(self) -> None:
        """Stops the core at accesses to pages that it does not see, and at writes to those that it does."""
        stub = self._chip.stub
        for is_there, addresses in self._watches:
            (stub.go_on_at_write if is_there else stub.go_on_at_access)(addresses.start, len(addresses))
        self._watches = _runs(set(self._seen))
        for is_there, addresses in self._watches:
            (stub.stop_at_write if is_there else stub.stop_at_access)(addresses.start, len(addresses))


def _runs(pages: set[int]) -> list[tuple[bool, range]]:
    """The window in pieces of pages that are all among ``pages``, or none is."""
    runs = []
    for is_there, run in itertools.groupby(range(len(TABLE)), pages.__contains__):
        numbers = list(run)
        begin = ESP_MAPPED.start + numbers[0] * PAGE_BYTES
        runs.append((is_there, range(begin, begin + len(numbers) * PAGE_BYTES)))
    return runs
