"""A machine for the emulated nRF52840's peripherals: no core, and a time that the test moves."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

RAM = 0x20000000
US = 64  # cycles


class Bench:
    """A machine whose time the test moves."""

    clock_hz = 64_000_000

    def __init__(self) -> None:
        self.now = 0.0
        self.memory = bytearray(0x1000)
        self.seen: list[int] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.on_event: Callable[[int], None] = self.seen.append

    def at(self, time: float, action: Callable[[], None], lasting: bool = False) -> None:
        heapq.heappush(self._agenda, (time, next(self._order), action))

    def attention(self) -> None:
        pass

    def read_memory(self, address: int, count: int) -> bytes:
        return bytes(self.memory[address - RAM : address - RAM + count])

    def write_memory(self, address: int, data: bytes) -> None:
        self.memory[address - RAM : address - RAM + len(data)] = data

    def event(self, address: int) -> None:
        self.on_event(address)

    def run(self, cycles: float) -> None:
        end = self.now + cycles
        while self._agenda and self._agenda[0][0] <= end:
            self.now, _, action = heapq.heappop(self._agenda)
            action()
        self.now = end
