"""The peripherals of an nRF52840 that move sound and text by EasyDMA: serial port and microphone.

Section numbers are those of the nRF52840 product specification v1.7. Not modelled: the time that sent bytes take to
leave, analogue noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from wwtool.emulators.nrf52840.peripherals import Clock, Pins
from wwtool.emulators.nrf52840.registers import FaultError, Machine, Peripheral, in_ram
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

_BITS_PER_CHARACTER = 10  # 8N1
_RX_BURST_BYTES = 64  # they arrive together, at the time of the last one
_TX_CYCLES = 64
_FIFO_BYTES = 4  # 6.34.2: what the receiver holds while it stops


class Uarte(Peripheral):
    """UARTE0 (6.34): bytes of the host arrive no faster than the programmed rate."""

    TX, RX = 0x23, 0x2A  # P1.03 and P1.10
    FIRST_BAUD = 115200
    BAUDS: ClassVar = {
        0x00275000: 9600, 0x004EA000: 19200, 0x009D0000: 38400, 0x00EB0000: 57600, 0x01D60000: 115200,
        0x03B00000: 230400, 0x04000000: 250000, 0x07400000: 460800, 0x0F000000: 921600, 0x10000000: 1000000,
    }  # fmt: skip
    _ENDRX, _RXDRDY, _ENDTX, _RXTO, _RXSTARTED, _TXSTOPPED = 0x110, 0x108, 0x120, 0x144, 0x14C, 0x158
    _ENABLE, _RXD_PTR, _RXD_MAXCNT, _TXD_PTR, _TXD_MAXCNT = 0x500, 0x534, 0x538, 0x544, 0x548
    _PSEL = (0x508, 0x50C, 0x510, 0x514)
    _SHORT_ENDRX_STARTRX = 1 << 5

    def __init__(self, machine: Machine, clock: Clock, pins: Pins, say: Callable[[bytes], None]) -> None:
        super().__init__(machine, "UARTE0", 0x40002000)
        self._clock, self._pins, self._say = clock, pins, say
        self.queue = bytearray()
        self.bytes_in = self.bytes_out = 0
        self._receiving = self._stopping = self._sending = self._scheduled = self._used = False
        self._fifo = bytearray()
        self._at = self._left = 0
        self._line_free = 0.0
        self.tasks.update({0x000: self._start_rx, 0x004: self._stop_rx, 0x008: self._start_tx})
        self.tasks.update({0x00C: self._stop_tx, 0x02C: self._flush_rx})
        for offset, bit in ((0x108, 2), (0x110, 4), (0x120, 8), (0x144, 17), (0x14C, 19), (0x158, 22)):
            self.add_event(offset, bit)
        self.add_values(0x200, self._ENABLE, self._RXD_PTR, self._RXD_MAXCNT, self._TXD_PTR, self._TXD_MAXCNT, 0x56C)
        self.add_values(*self._PSEL, reset=0xFFFFFFFF)
        self.add_values(0x524, reset=0x04000000)
        self.add_fields(
            {0x200: 0x60, self._ENABLE: 15, self._RXD_MAXCNT: 0xFFFF, self._TXD_MAXCNT: 0xFFFF, 0x56C: 0x1F}
        )
        self.hooks[self._ENABLE] = self._enable
        for offset in self._PSEL:
            self.hooks[offset] = lambda value, offset=offset: self._connect(offset, value)  # type: ignore[misc]

    def reset(self) -> None:
        super().reset()
        self._receiving = self._stopping = self._sending = self._scheduled = self._used = False
        self._fifo.clear()

    def leave(self, registers: dict[int, int], running: str) -> None:
        super().leave(registers, running)
        if running:
            self._begin_buffer()
            self.kick()

    def _enable(self, value: int) -> None:
        if not value and (self._receiving or self._stopping):
            raise FaultError("UARTE0 is disabled while it receives; a boot loader leaves it receiving")
        self.values[self._ENABLE] = value

    def _connect(self, offset: int, pin: int) -> None:
        if self.values[self._ENABLE]:
            raise FaultError("UARTE0 gets pins while it is enabled; a boot loader leaves it enabled")  # 6.34.8
        self.values[offset] = pin

    @property
    def baud(self) -> int:
        return self.BAUDS.get(self.values[0x524], 0)

    def _check(self) -> None:
        if self.values[self._ENABLE] != 8 or self.values[0x56C] != 0:
            raise FaultError("UARTE0 is not enabled for 8N1")
        if self.values[0x50C] != self.TX or self.values[0x514] != self.RX:
            raise FaultError("UARTE0 is not on P1.03 and P1.10, the board's TX and RX")
        if self.values[0x508] != 0xFFFFFFFF or self.values[0x510] != 0xFFFFFFFF:
            raise FaultError("UARTE0 waits for flow control that no pin gives")
        if not self._pins.is_output(self.TX) or not self._pins.level(self.TX) or not self._pins.is_input(self.RX):
            raise FaultError("P1.03 is not an output at idle level, or P1.10 no input")  # 6.34.8
        if not self._clock.crystal and not self._clock.crystal_is_broken:
            raise FaultError("UARTE0 runs without the crystal oscillator, at an uncertain rate")
        if not self.baud or (not self._used and self.baud != self.FIRST_BAUD):
            raise FaultError(f"UARTE0 runs at {self.baud or 'an unknown'} baud (setting {self.values[0x524]:#x})")

    def _start_rx(self) -> None:
        self._check()
        if self._receiving or self._stopping:
            raise FaultError("UARTE0 starts to receive before it has stopped")
        self._begin_buffer()
        self._move_fifo()  # bytes that came before are the first of the buffer, and no event counts them
        self.kick()

    def _move_fifo(self) -> None:
        count = min(len(self._fifo), self._left)
        self.machine.write_memory(self._at, bytes(self._fifo[:count]))
        del self._fifo[:count]
        self._at += count
        self._left -= count

    def _flush_rx(self) -> None:
        self._at, self._left = self.values[self._RXD_PTR], self.values[self._RXD_MAXCNT]
        if self._receiving or self._stopping or self._left < _FIFO_BYTES or not in_ram(self._at, self._left):
            raise FaultError(
                f"UARTE0 flushes into {self._left} bytes at {self._at:#x}, or before it has stopped"
            )  # 6.34.2
        self._move_fifo()
        self.set_event(self._ENDRX)

    def arrive_now(self, data: bytes) -> None:
        """Bytes come at this very moment, whatever the receiver does."""
        self.queue[:0] = data
        self._arrive(len(data))

    @property
    def _shortcut(self) -> bool:
        return bool(self.values[0x200] & self._SHORT_ENDRX_STARTRX)

    def _begin_buffer(self) -> None:
        start, count = self.values[self._RXD_PTR], self.values[self._RXD_MAXCNT]
        if not count or not in_ram(start, count):
            raise FaultError(f"UARTE0 receives {count} bytes at {start:#x}, which is no RAM")
        self._at, self._left, self._receiving = start, count, True
        self.set_event(self._RXSTARTED)

    def _stop_rx(self) -> None:
        if not self._receiving:
            return
        self._receiving, self._stopping = False, True
        self.set_event(self._ENDRX)
        characters = _FIFO_BYTES * _BITS_PER_CHARACTER * self.machine.clock_hz / (self.baud or self.FIRST_BAUD)
        self.machine.at(self.machine.now + characters, self._stopped)

    def _stopped(self) -> None:
        self._stopping = False
        self.set_event(self._RXTO)

    def _stop_tx(self) -> None:
        self.set_event(self._TXSTOPPED)

    def _start_tx(self) -> None:
        self._check()
        self._used = True
        start, count = self.values[self._TXD_PTR], self.values[self._TXD_MAXCNT]
        if self._sending:
            raise FaultError("UARTE0 starts to send before it has sent the last buffer")
        if not in_ram(start, count):
            raise FaultError(f"UARTE0 sends {count} bytes at {start:#x}, where EasyDMA cannot read")  # 4.2.4
        self.bytes_out += count
        self._sending = True
        self._say(self.machine.read_memory(start, count))
        self.machine.at(self.machine.now + _TX_CYCLES, self._sent)

    def _sent(self) -> None:
        self._sending = False
        self.set_event(self._ENDTX)

    def kick(self) -> None:
        """Bytes are in the queue. They arrive after the time that the line needs for them."""
        if self._scheduled or not self.queue or not self._receiving:
            return
        self._scheduled = True
        count = min(len(self.queue), _RX_BURST_BYTES)
        start = max(self._line_free, self.machine.now)
        self._line_free = start + count * _BITS_PER_CHARACTER * self.machine.clock_hz / self.baud
        self.machine.at(self._line_free, lambda: self._arrive(count))

    def _arrive(self, count: int) -> None:
        self._scheduled = False
        while count and not self._receiving:
            if len(self._fifo) == _FIFO_BYTES:
                raise FaultError("UARTE0 loses a byte, as its receiver is stopped")
            self._fifo.append(self.queue.pop(0))
            self.bytes_in += 1
            count -= 1
            self.set_event(self._RXDRDY)
        if self._shortcut:
            self._check()
        while count and self._receiving:
            part = min(count, self._left)
            self.machine.write_memory(self._at, bytes(self.queue[:part]))
            del self.queue[:part]
            self.bytes_in += part
            count -= part
            self._at += part
            self._left -= part
            for _ in range(part):
                self.set_event(self._RXDRDY)
            if not self._left:
                self._end_buffer()
        self.kick()

    def _end_buffer(self) -> None:
        self._receiving = False
        self.set_event(self._ENDRX)
        if self._shortcut:
            if self.events[self._RXSTARTED]:
                raise FaultError("UARTE0 did not get its next buffer in time")
            self._begin_buffer()


class Pdm(Peripheral):
    """The microphone interface (6.15). It gets samples instead of a bit stream, and silence after their end."""

    POWER, DIN, CLK = 17, 25, 26
    _CLOCKS_HZ: ClassVar = {0x0A000000: 1_280_000, 0x08400000: 1_032_258, 0x08000000: 1_000_000, 0x08800000: 1_066_667}
    _RATIOS = (64, 80)
    _STARTED, _STOPPED, _END, _PTR, _MAXCNT = 0x100, 0x104, 0x108, 0x560, 0x564

    def __init__(self, machine: Machine, clock: Clock, pins: Pins, audio: bytes) -> None:
        super().__init__(machine, "PDM", 0x4001D000)
        self._clock, self._pins, self._audio = clock, pins, audio
        self.samples = len(audio) // 2
        self.position = 0
        self._plan = 0
        self._sampling = False
        self._buffer = 0
        self.tasks.update({0x000: self._start, 0x004: self._stop})
        for offset, bit in ((self._STARTED, 0), (self._STOPPED, 1), (self._END, 2)):
            self.add_event(offset, bit)
        self.add_values(0x500, 0x508, 0x520, self._PTR, self._MAXCNT)
        self.add_values(0x504, reset=0x08400000)
        self.add_values(0x518, 0x51C, reset=0x28)
        self.add_values(0x540, 0x544, reset=0xFFFFFFFF)
        self.add_fields({0x500: 1, 0x508: 3, 0x518: 0x7F, 0x51C: 0x7F, 0x520: 1, self._MAXCNT: 0x7FFF})

    @property
    def plays(self) -> bool:
        """Whether it listens to audio that has not ended."""
        return self._sampling and self.position < self.samples

    def reset(self) -> None:
        super().reset()
        self._plan += 1
        self._sampling = False

    def leave(self, registers: dict[int, int], running: str) -> None:
        super().leave(registers, running)
        if running:
            self._begin_buffer()

    def _check(self) -> None:
        rate = self._CLOCKS_HZ.get(self.values[0x504], 0) / self._RATIOS[self.values[0x520] & 1]
        if not self.values[0x500] & 1:
            raise FaultError("PDM is started before it is enabled")
        if rate != SAMPLE_RATE_HZ or self.values[0x508] != 1:
            raise FaultError(
                f"PDM samples at {rate:.0f} Hz in mode {self.values[0x508]}, not at {SAMPLE_RATE_HZ} Hz, mono, left"
            )
        if self.values[0x540] != self.CLK or self.values[0x544] != self.DIN:
            raise FaultError("PDM is not on P0.26 and P0.25, the board's microphone")
        if not self._pins.is_output(self.CLK) or not self._pins.is_input(self.DIN):
            raise FaultError("P0.26 is not an output, or P0.25 no input")  # 6.15.6
        if not self._pins.is_output(self.POWER) or not self._pins.level(self.POWER):
            raise FaultError("PDM is started while the microphone has no power (P0.17)")
        if not self._clock.crystal and not self._clock.crystal_is_broken:
            raise FaultError("PDM runs without the crystal oscillator")

    def _start(self) -> None:
        self._check()
        if self._sampling:
            raise FaultError("PDM is started while it runs; a program before this one can leave it running")
        self._begin_buffer()

    def _begin_buffer(self) -> None:
        self._buffer, count = self.values[self._PTR], self.values[self._MAXCNT]
        if not count or not in_ram(self._buffer, 2 * count):
            raise FaultError(f"PDM writes {count} samples at {self._buffer:#x}, which is no RAM")
        self._sampling = True
        self.set_event(self._STARTED)
        plan = self._plan
        length = count * self.machine.clock_hz / SAMPLE_RATE_HZ
        self.machine.at(self.machine.now + length, lambda: self._filled(plan, count))

    def _filled(self, plan: int, count: int) -> None:
        if plan != self._plan:
            return
        if self.events[self._STARTED]:
            raise FaultError("PDM did not get its next buffer in time")
        data = self._audio[2 * self.position : 2 * (self.position + count)]
        self.position = min(self.samples, self.position + count)
        self.machine.write_memory(self._buffer, data.ljust(2 * count, b"\0"))
        self.set_event(self._END)
        self._begin_buffer()

    def _stop(self) -> None:
        self._plan += 1
        self._sampling = False
        self.set_event(self._STOPPED)
