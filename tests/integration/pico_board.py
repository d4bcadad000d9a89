"""An emulated Pico in the test's own process, in rp2040py: the test is the PC, and moves the time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, cast

import rp2040py
from pico_usbd import PicoUsbd
from usb_board import READY, UsbBoard

from wwtool.emulators.usb_host import UsbHost

NAME = b"m-name-dut-[wwtool-pico]\r\n" + READY
NS_PER_CYCLE, NS_PER_CHARACTER = 1e9 / 125e6, 10 * 1e9 / 115200
BOOT2_AT, BOOT2_STACK, SRAM = 0x20041F00, 0x20041E00, 0x20000000
RESETS, RESET_USBCTRL, RESET_ADC = 0x4000C, 1 << 24, 1 << 0
USB, SYSINFO, REVISION_B2 = 0x50110, 0x40000, 0x20002927


class SysInfo:
    """Says that the chip is of revision B2."""

    def read_uint32(self, offset: int) -> int:
        return REVISION_B2

    def reset(self) -> None:
        """It holds nothing."""


class Resets:
    """The chip's resets: the controller of USB and the ADC lose all when they go into reset."""

    def __init__(self, resets: Any, parts: dict[int, Any]) -> None:
        self._resets, self._parts = resets, parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resets, name)

    def write_uint32(self, offset: int, value: int) -> None:
        self.write_uint32_atomic(offset, value, 0)

    def write_uint32_atomic(self, offset: int, value: int, kind: int) -> None:
        before = self._resets.read_uint32(0)
        self._resets.write_uint32_atomic(offset, value, kind)
        for bit, part in self._parts.items():
            if self._resets.read_uint32(0) & ~before & bit:
                part.reset()


class PicoBoard(UsbBoard):
    """A chip with an image, at the end of a PC's cable. Its time is in nanoseconds, and so ``clock_hz`` is 1e9.

    Attributes:
        usb, uart: what the board has said.
    """

    clock_hz = 1_000_000_000
    answer_to_name = NAME

    def __init__(self, image: Path) -> None:
        self.usb, self.uart = bytearray(), bytearray()
        self.chip: Any = cast(Any, rp2040py.RP2040())
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.usbd = self.chip.usb_ctrl = PicoUsbd(self.chip, self)
        self.chip.peripherals.update({USB: self.usbd, SYSINFO: SysInfo()})
        self.chip.peripherals[RESETS] = Resets(
            self.chip.peripherals[RESETS], {RESET_USBCTRL: self.usbd, RESET_ADC: self.chip.adc}
        )
        self.chip.uart[0].on_byte = self.uart.append
        self.chip.adc.on_adc_read = lambda channel: None  # no samples: the time goes to the bus
        self._boot2 = image.read_bytes()[:256]
        self.chip.flash[: image.stat().st_size] = image.read_bytes()
        self._start_core()
        self.host = UsbHost(self, self.usbd, self.usb.extend)  # type: ignore[arg-type]

    def _start_core(self) -> None:
        """As the ROM starts the program: boot2 in RAM."""
        self.chip.sram[BOOT2_AT - SRAM : BOOT2_AT - SRAM + 256] = self._boot2
        self.chip.core.sp, self.chip.core.lr, self.chip.core.pc = BOOT2_STACK, 0, BOOT2_AT

    def reset_core(self) -> None:
        """A reset of the core alone, as by SYSRESETREQ: every peripheral goes on (datasheet 2.4.2.4)."""
        self.chip.core.reset()
        self._start_core()

    # What a host needs of a machine (nrf52840.registers.Machine)

    @property
    def now(self) -> float:
        return float(self.chip.clock.nanos)

    def at(self, time: float, action: Callable[[], None], lasting: bool = False) -> None:
        heapq.heappush(self._events, (time, next(self._order), action))

    @property
    def seconds(self) -> float:
        return self.now / self.clock_hz

    def run(self, seconds: float) -> None:
        core, clock, events = self.chip.core, self.chip.clock, self._events
        end = clock.nanos + seconds * 1e9
        while clock.nanos < end:
            while events and events[0][0] <= clock.nanos:
                heapq.heappop(events)[2]()
            if core.waiting and not core.check_for_interrupts():
                ahead = min(events[0][0] if events else end, end) - clock.nanos
                clock.tick(max(min(clock.nanos_to_next_alarm, ahead), 1))
                continue
            core.waiting = False
            clock.tick(core.execute_instruction() * NS_PER_CYCLE)

    def type_on_uart(self, text: bytes) -> None:
        for byte in text:
            self.chip.uart[0].feed_byte(byte)
            self.run(NS_PER_CHARACTER / 1e9)
