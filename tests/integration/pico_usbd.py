"""The USB device controller of an RP2040 (datasheet 4.1) for rp2040py: registers on one side, the bus on the other.

The controller of the emulator moves every packet at once. This one moves a packet when a host asks for it (the host is
``wwtool.emulators.usb_host``, transaction by transaction), keeps data toggles, stalls and halts, and ends the run where
the program takes a buffer back that the controller still has. Revision B2: errata E2 and E5 are gone, E15 is not.
"""

from __future__ import annotations

from typing import Any, Protocol

from rp2040py.peripherals.peripheral import atomic_update

from wwtool.emulators.nrf52840.registers import FaultError
from wwtool.emulators.nrf52840.usbd import Handshake

ADDR_ENDP, MAIN_CTRL, SOF_RD, SIE_CTRL, SIE_STATUS = 0x00, 0x40, 0x48, 0x4C, 0x50
BUFF_STATUS, EP_ABORT, EP_ABORT_DONE, EP_STALL_ARM, INTE, INTS = 0x58, 0x60, 0x64, 0x68, 0x90, 0x98
WRITE_1_TO_CLEAR = (SIE_STATUS, BUFF_STATUS, EP_ABORT_DONE)
PULLUP, ENABLE = 1 << 16, 1
BUS_RESET, SETUP_REC, SUSPENDED = 1 << 19, 1 << 17, 1 << 4
INT_SOF, INT_SETUP, INT_BUS_RESET, INT_BUFF_STATUS = 1 << 17, 1 << 16, 1 << 12, 1 << 4
FULL, DATA1, STALL, AVAILABLE, LENGTH = 1 << 15, 1 << 13, 1 << 11, 1 << 10, 0x3FF
EP_ENABLE, BUFFERS, BUFFERS_END, EP0_BUFFER = 1 << 31, 0x80, 0x100, 0x100
IRQ_USB = 5
FRAME_NS, FRAME_UNSAFE_NS = 1e6, 8e5
SETTLE_NS = 3 / 48e6 * 1e9  # 4.1.2.5.1: three cycles of clk_usb between a buffer's other bits and AVAILABLE


class Bus(Protocol):
    """The host at the other end of the cable."""

    def attached(self, attached: bool) -> None: ...
    def changed(self) -> None: ...


class PicoUsbd:
    """The controller; ``chip`` is an rp2040py.RP2040, ``machine`` has its time."""

    def __init__(self, chip: Any, machine: Any) -> None:
        self.chip, self.machine = chip, machine
        self.bus: Bus | None = None
        self.powered = True
        self.on_reset = None
        self._frame_due = False
        self._clear()

    def _clear(self) -> None:
        self.values: dict[int, int] = {}
        self._owned: set[int] = set()  # control words of buffers that the controller has
        self._written: dict[int, tuple[int, float]] = {}
        self._sof = self._asleep = self._attached = False

    def get(self, offset: int) -> int:
        return self.values.get(offset, 0)

    @property
    def address(self) -> int:
        return self.get(ADDR_ENDP) & 0x7F

    # The program's side

    def reset(self) -> None:
        was = self._attached
        self._clear()
        if was and self.bus is not None:
            self.bus.attached(False)

    def read_uint32(self, offset: int) -> int:
        if offset == SOF_RD:
            self._sof = False
            self._interrupt()
        return self._status() & self.get(INTE) if offset == INTS else self.get(offset)

    def write_uint32(self, offset: int, value: int) -> None:
        self.write_uint32_atomic(offset, value, 0)

    def write_uint32_atomic(self, offset: int, value: int, kind: int) -> None:
        before = self.get(offset)
        if offset in WRITE_1_TO_CLEAR:
            self.values[offset] = before & ~value
        else:
            self.values[offset] = value if kind == 0 else atomic_update(before, kind, value) & 0xFFFFFFFF
        if offset == EP_ABORT and self.get(EP_ABORT) & ~before:
            self.machine.at(self.machine.now + 1000, self._aborted)
        elif offset == INTE:
            self._plan_frame()
        self._connect()
        self._interrupt()

    def _connect(self) -> None:
        attached = bool(self.get(MAIN_CTRL) & ENABLE and self.get(SIE_CTRL) & PULLUP)
        if attached != self._attached:
            self._attached = attached
            if self.bus is not None and self.powered:
                self.bus.attached(attached)

    def _aborted(self) -> None:
        self._owned -= {BUFFERS + 4 * bit for bit in range(32) if self.get(EP_ABORT) >> bit & 1}
        self.values[EP_ABORT_DONE] = self.get(EP_ABORT_DONE) | self.get(EP_ABORT)

    def dpram_updated(self, offset: int, value: int) -> None:
        if not BUFFERS <= offset < BUFFERS_END:
            return
        now, ep0 = self.machine.now, offset < BUFFERS + 8
        if offset in self._owned and ep0:
            raise FaultError("USB: endpoint 0's buffer is written while the controller has it")
        self._owned.discard(offset)
        before, since = self._written.get(offset, (0, 0.0))
        self._written[offset] = value, now
        if value & AVAILABLE:
            if before != value & ~AVAILABLE or now - since < SETTLE_NS:
                raise FaultError("USB: AVAILABLE is set before the other bits of the buffer have settled")
            if not ep0 and offset % 8 == 0 and now % FRAME_NS > FRAME_UNSAFE_NS:
                raise FaultError("USB: a packet is given in the last 200 us of a frame (RP2040-E15)")
            self._owned.add(offset)
            if self.bus is not None:
                self.bus.changed()

    def _status(self) -> int:
        status = self.get(SIE_STATUS)
        return (
            (INT_SOF if self._sof else 0)
            | (INT_SETUP if status & SETUP_REC else 0)
            | (INT_BUS_RESET if status & BUS_RESET else 0)
            | (INT_BUFF_STATUS if self.get(BUFF_STATUS) else 0)
        )

    def _interrupt(self) -> None:
        self.chip.set_interrupt(IRQ_USB, bool(self._status() & self.get(INTE)))

    def _plan_frame(self) -> None:
        if self.get(INTE) & INT_SOF and not self._frame_due:
            self._frame_due = True
            self.machine.at((self.machine.now // FRAME_NS + 1) * FRAME_NS, self._frame)

    def _frame(self) -> None:
        self._frame_due = False
        if self.powered and not self._asleep:
            self._sof = True
            self._interrupt()
        self._plan_frame()

    # The bus's side: what wwtool.emulators.usb_host asks of a device

    def _word(self, n: int, out: bool) -> tuple[int, int]:
        offset = BUFFERS + 8 * n + 4 * out
        return offset, int.from_bytes(self.chip.usb_dpram[offset : offset + 4], "little")

    def _buffer(self, n: int, out: bool) -> int | None:
        if n == 0:
            return EP0_BUFFER
        at = 8 * n + 4 * out
        control = int.from_bytes(self.chip.usb_dpram[at : at + 4], "little")
        return control & 0xFFC0 if control & EP_ENABLE else None

    def _answer(self, n: int, out: bool) -> Handshake | None:
        """What the device says without a look at the buffer; None if the buffer decides."""
        offset, word = self._word(n, out)
        if not self.powered or not self._attached or self._buffer(n, out) is None:
            return Handshake.SILENCE
        if word & STALL and (n > 0 or self.get(EP_STALL_ARM) >> out & 1):
            return Handshake.STALL
        return None if offset in self._owned and not self.get(EP_ABORT) >> (2 * n + out) & 1 else Handshake.NAK

    def _finished(self, offset: int, word: int) -> None:
        self._owned.discard(offset)
        self.chip.usb_dpram[offset : offset + 4] = word.to_bytes(4, "little")
        self._written[offset] = word, self.machine.now
        self.values[BUFF_STATUS] = self.get(BUFF_STATUS) | 1 << (offset - BUFFERS) // 4
        self._interrupt()

    def setup(self, request: bytes) -> Handshake:
        if not self.powered or not self._attached:
            return Handshake.SILENCE
        self.chip.usb_dpram[:8] = request
        self.values[SIE_STATUS] = self.get(SIE_STATUS) | SETUP_REC
        self.values[EP_STALL_ARM] = 0  # 4.1.4: a SETUP clears it
        self._interrupt()
        return Handshake.ACK

    def take(self, n: int) -> tuple[Handshake, int, bytes]:
        answer = self._answer(n, False)
        offset, word = self._word(n, False)
        if answer is not None or not word & FULL:
            return answer or Handshake.NAK, 0, b""
        at = self._buffer(n, False)
        assert at is not None
        packet = bytes(self.chip.usb_dpram[at : at + (word & LENGTH)])
        self._finished(offset, word & ~(AVAILABLE | FULL))
        return Handshake.ACK, int(bool(word & DATA1)), packet

    def give(self, n: int, toggle: int, packet: bytes) -> Handshake:
        answer = self._answer(n, True)
        if answer is not None:
            return answer
        offset, word = self._word(n, True)
        if toggle != bool(word & DATA1):
            raise FaultError(f"USB: endpoint {n} expects DATA{1 - toggle} where DATA{toggle} is due")
        at = self._buffer(n, True)
        assert at is not None
        self.chip.usb_dpram[at : at + len(packet)] = packet
        self._finished(offset, word & ~(AVAILABLE | LENGTH) | FULL | len(packet))
        return Handshake.ACK

    def bus_reset(self) -> None:
        self._asleep = False
        self.values[SIE_STATUS] = self.get(SIE_STATUS) & ~SUSPENDED | BUS_RESET
        self._interrupt()

    def suspend(self) -> None:
        self._asleep = True
        self.values[SIE_STATUS] = self.get(SIE_STATUS) | SUSPENDED

    def resume(self) -> None:
        self._asleep = False
        self.values[SIE_STATUS] = self.get(SIE_STATUS) & ~SUSPENDED

    def lose_power(self) -> None:
        self.powered = False

    def get_power(self) -> None:
        """The program still pulls D+ up, as the board is powered from elsewhere."""
        self.powered, self._asleep = True, False
        if self._attached and self.bus is not None:
            self.bus.attached(True)
