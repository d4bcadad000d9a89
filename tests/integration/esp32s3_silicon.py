"""A strict model of what an ESP32-S3's receiver wants of its driver: clocks, I2S0, GDMA, pins. Not a test.

The firmware runs in QEMU with the emulator's model of the chip around it, which stops it before every write to
a register. Here the write is held to the rules of the receiver, too. Addresses and fields are written down here once
more, from the ESP32-S3 TRM's register summaries, so that a slip in the firmware's header does not go unseen.
"""

from __future__ import annotations

import itertools
import struct
import time
from collections.abc import Callable
from fractions import Fraction

from wwtool.emulators.esp32s3_chip import A0, A2, A3, A4, PC, Chip, Defects, Domain
from wwtool.emulators.gdb_stub import GdbStub

CLK_EN0, CLK_EN1, RST_EN0, RST_EN1 = 0x600C0018, 0x600C001C, 0x600C0020, 0x600C0024
I2S0_BIT, DMA_BIT = 1 << 4, 1 << 6
I2S, GDMA, GPIO, IO_MUX = 0x6000F000, 0x6003F000, 0x60004000, 0x60009000
RX_CONF, RX_CONF1, RX_CLKM, TX_CLKM, RX_DIV = I2S + 0x20, I2S + 0x28, I2S + 0x30, I2S + 0x34, I2S + 0x38
RX_TDM, RX_EOF = I2S + 0x50, I2S + 0x64
IN_CONF0, IN_CONF1, IN_LINK, IN_PERI = GDMA, GDMA + 0x04, GDMA + 0x20, GDMA + 0x48
RX_RESET, RX_FIFO_RESET, RX_START, RX_UPDATE, RX_TDM_EN, RX_PDM_EN, RX_PDM2PCM = (
    1 << n for n in (0, 1, 2, 8, 19, 20, 21)
)
LINK_STOP, LINK_START = 1 << 21, 1 << 22
SRAM = range(0x3FC88000, 0x3FCD7E00)
SOURCES_HZ = {0: 40_000_000, 2: 160_000_000}
# Values after a reset (TRM, register descriptions).
RESET_VALUES = {
    RX_CONF: 0x9600,
    RX_CONF1: 0x2F3DE300,
    RX_CLKM: 2,
    TX_CLKM: 2,
    RX_DIV: 0x200,
    RX_TDM: 0xFFFF,
    RX_EOF: 0x40,
}


def _field(value: int, low: int, bits: int) -> int:
    return value >> low & ((1 << bits) - 1)


class Silicon:
    """The chip around a core: run the firmware with :meth:`run`, call a function of it with :meth:`call`."""

    def __init__(self, stub: GdbStub, domain: Domain | None = None, defects: Defects | None = None) -> None:
        self.stub = stub
        self.chip = Chip(stub, domain, defects)
        self.chip.rules.append(self._check)
        self.descriptors: list[int] = []  # addresses, in the order in which the DMA takes them
        self.position = 0  # of the DMA, in descriptors
        self.console = bytearray()  # what the firmware has written to the UART, where that function is replaced
        self._replaced: dict[int, Callable[[list[int]], None]] = {}
        self._watched: dict[int, Callable[[], None]] = {}
        self._reset_done: set[int] = set()
        self._updated = False

    @property
    def writes(self) -> list[tuple[int, int]]:
        return self.chip.writes

    def get(self, address: int) -> int:
        return self.chip.get(address)

    def set(self, address: int, value: int) -> None:
        self.chip.set(address, value)

    def replace(self, symbols: dict[str, int], *names: str) -> None:
        """Does the work of some of the firmware's functions itself: console output, which is kept, and the ROM's."""
        works = {
            "uart_write": lambda core: self.console.extend(self.stub.read(core[A2], core[A3])),
            "usb_write": lambda core: None,
            "rom_i2c_write": lambda core: self.chip.write_analogue(core[A2], *core[A4 : A4 + 4]),
        }
        for name in names:
            if name in symbols:
                self.work_at(symbols[name], works[name])

    def work_at(self, function: int, work: Callable[[list[int]], None]) -> None:
        """Does a function's work, with the core's registers, in place of the firmware."""
        self._replaced[function] = work
        self.stub.stop_at(function)

    def watch(self, function: int, look: Callable[[], None]) -> None:
        """Calls ``look`` whenever the firmware comes to a function."""
        self._watched[function] = look
        self.stub.stop_at(function)

    def restore(self, symbols: dict[str, int], name: str) -> None:
        """Undoes :meth:`replace`: the firmware does the work again."""
        del self._replaced[symbols[name]]
        self.stub.go_on_at(symbols[name])

    def run(self, until: int, patience_s: float = 20.0) -> None:
        """Runs the firmware until it reaches an address or resets the chip, checking every write on the way."""
        self.stub.stop_at(until)
        deadline = time.monotonic() + patience_s
        while self.chip.reset_cause is None:
            assert time.monotonic() < deadline, f"the firmware hangs at {self.stub.registers()[PC]:#x}"
            if not self.stub.resume(0.25):
                self.chip.check_watchdogs()
                continue
            core = self.stub.registers()
            if core[PC] == until:
                break
            if core[PC] in self._replaced:
                self._replaced[core[PC]](core)
                core[PC] = core[A0]
                self.stub.set_registers(core)
            elif core[PC] in self._watched:
                self._watched[core[PC]]()
                self.stub.step()
            else:
                self.chip.handle(core)
        self.stub.go_on_at(until)

    def call(self, function: int, *arguments: int) -> int:
        """Calls a function of the firmware that stands at a function's begin, and returns what it returns."""
        before = self.stub.registers()
        core = [*before]
        core[A2 : A2 + len(arguments)] = arguments
        core[PC] = function
        self.stub.set_registers(core)
        self.run(before[A0])
        result = self.stub.registers()[A2]
        self.stub.set_registers(before)
        return result

    def _check(self, address: int, value: int) -> Callable[[], None] | None:
        """Holds a write to the rules; returns what the hardware does after it."""
        if address == RST_EN0:
            return self._peripheral_reset(CLK_EN0, I2S0_BIT, value)
        if address == RST_EN1:
            return self._peripheral_reset(CLK_EN1, DMA_BIT, value)
        if I2S <= address < I2S + 0x80:
            self._must_run(CLK_EN0, RST_EN0, I2S0_BIT, "I2S0")
            return self._i2s(address, value)
        if GDMA <= address < GDMA + 0x60:
            self._must_run(CLK_EN1, RST_EN1, DMA_BIT, "the DMA")
            return self._gdma(address, value)
        return None

    def _peripheral_reset(self, clock: int, bit: int, value: int) -> Callable[[], None] | None:
        if not value & bit:
            return None
        assert self.get(clock) & bit, "a module is reset before it has a clock"
        self._reset_done.add(bit)
        if bit == DMA_BIT:
            return None

        def defaults() -> None:
            for register, default in RESET_VALUES.items():
                self.set(register, default)

        return defaults

    def _must_run(self, clock: int, reset: int, bit: int, name: str) -> None:
        assert self.get(clock) & bit, f"{name} is written to without a clock"
        assert bit in self._reset_done, f"{name} is used without having been reset"
        assert not self.get(reset) & bit, f"{name} is written to while it is held in reset"

    def _i2s(self, address: int, value: int) -> Callable[[], None] | None:
        before = self.get(RX_CONF)
        if address != RX_CONF:
            assert not before & RX_START, f"{address:#x} is changed while the receiver runs"
            self._updated = False
            return None
        if value & RX_UPDATE:
            self._updated = True
            return lambda: self.set(RX_CONF, value & ~RX_UPDATE)
        if value & RX_START and not before & RX_START:
            self._may_start(value)
        elif (value ^ before) & ~(RX_START | RX_RESET | RX_FIFO_RESET):
            assert not before & RX_START, "the mode is changed while the receiver runs"
            self._updated = False
        return None

    def _may_start(self, conf: int) -> None:
        assert self._updated, "the receiver starts before its registers are taken over"
        assert self.get(RX_CLKM) & 1 << 26, "the receiver has no clock"
        assert self.get(TX_CLKM) & 1 << 29, "the module's clock is gated"
        assert bool(conf & RX_TDM_EN) != bool(conf & RX_PDM_EN), "one mode, not two or none"
        assert not conf & (RX_RESET | RX_FIFO_RESET), "it is held in reset"
        recent = [value for address, value in self.writes if address == RX_CONF][-8:]
        for bit in (RX_RESET, RX_FIFO_RESET):
            assert any(value & bit for value in recent), "it is not reset before it starts"
        assert self.descriptors, "the DMA is not ready"
        size = self.get(self.descriptors[0]) & 0xFFF
        assert self.get(RX_EOF) == size, "a frame does not end with its block"

    def _gdma(self, address: int, value: int) -> Callable[[], None] | None:
        if address == IN_LINK and value & LINK_START:
            assert not self.get(RX_CONF) & RX_START, "the DMA is started behind a running receiver"
            assert self.get(IN_PERI) == 3, "the channel is not I2S0's"
            assert self.get(IN_CONF0) == 0, "the channel is held in reset"
            assert not self.get(IN_CONF1) & 1 << 12, "a block that was not given back would stop it for good"
            self.descriptors = self._list(SRAM.start & 0xFFF00000 | value & 0xFFFFF)
            self.position = 0
            return lambda: self.set(IN_LINK, value & ~LINK_START)
        if address == IN_LINK and value & LINK_STOP:
            assert not self.get(RX_CONF) & RX_START, "the DMA is stopped before the receiver"
            self.descriptors = []
            return lambda: self.set(IN_LINK, value & ~LINK_STOP)
        return None

    def _list(self, first: int) -> list[int]:
        """The circle of descriptors, each checked (TRM, "GDMA Controller", "Linked List")."""
        found: list[int] = []
        memory: list[range] = []
        address = first
        while address not in found:
            assert address in SRAM and address % 4 == 0, f"a descriptor at {address:#x}"
            state, block, following = struct.unpack("<3I", self.stub.read(address, 12))
            size = state & 0xFFF
            assert state >> 31 == 1, "a block that is not the DMA's"
            assert size > 0 and size % 4 == 0 and state & 0x7FFFF000 == 0, f"a state of {state:#x}"
            assert block % 4 == 0 and block in SRAM and block + size <= SRAM.stop, f"a block at {block:#x}"
            memory += [range(block, block + size), range(address, address + 12)]
            found.append(address)
            address = following
        assert address == first, "the list is no circle"
        memory.sort(key=lambda place: place.start)
        for one, other in itertools.pairwise(memory):
            assert one.stop <= other.start, "two places overlap"
        return found

    def receive(self, content: bytes, most: int | None = None) -> None:
        """What the DMA does with bytes from I2S0: fills blocks, with at most ``most`` bytes each, and marks them."""
        assert self.get(RX_CONF) & RX_START, "nothing comes while the receiver is stopped"
        size = self.get(self.descriptors[0]) & 0xFFF
        length = most or size
        assert len(content) % length == 0, "whole blocks only"
        for begin in range(0, len(content), length):
            descriptor = self.descriptors[self.position % len(self.descriptors)]
            self.stub.write(self.get(descriptor + 4), content[begin : begin + length])
            self.set(descriptor, size | length << 12 | 1 << 30)
            self.position += 1

    @property
    def module_hz(self) -> Fraction:
        """The module's clock, from the source and the divider's fields (TRM, "I2S Clock")."""
        clkm, div = self.get(RX_CLKM), self.get(RX_DIV)
        whole = clkm & 0xFF
        z, y, x, yn1 = _field(div, 0, 9), _field(div, 9, 9), _field(div, 18, 9), _field(div, 27, 1)
        if yn1:
            clocks, periods = z * (whole + x * (whole + 1)) + y * (whole + 1), z * (1 + x) + y
        else:
            clocks, periods = z * (x * whole + whole + 1) + y * whole, z * (x + 1) + y
        division = Fraction(clocks, periods) if z else Fraction(whole)
        return SOURCES_HZ[_field(clkm, 27, 2)] / division

    @property
    def bit_clock_hz(self) -> Fraction:
        return self.module_hz / (_field(self.get(RX_CONF1), 7, 6) + 1)

    @property
    def sample_hz(self) -> Fraction:
        """Samples a second of one slot."""
        if self.get(RX_CONF) & RX_PDM_EN:
            assert self.get(RX_CONF) & RX_PDM2PCM and not self.get(RX_CONF) & 1 << 22
            return self.bit_clock_hz / 64
        slots, bits = _field(self.get(RX_TDM), 16, 4) + 1, _field(self.get(RX_CONF1), 24, 5) + 1
        assert _field(self.get(RX_CONF1), 18, 6) + 1 == bits, "half a frame is a slot"
        assert _field(self.get(RX_CONF1), 0, 7) + 1 == bits, "WS is as long as a slot"
        return self.bit_clock_hz / (slots * bits)

    def output(self, pin: int) -> int:
        """The signal that a pin puts out."""
        enabled = {a: v for a, v in self.writes if a == GPIO + (0x24 if pin < 32 else 0x30) and v == 1 << pin % 32}
        assert enabled, f"GPIO{pin} is not driven"
        assert _field(self.get(IO_MUX + 4 + 4 * pin), 12, 3) == 1, f"GPIO{pin} is not the matrix's"
        return self.get(GPIO + 0x554 + 4 * pin) & 0x1FF

    def input(self, signal: int) -> int:
        """The pin that feeds a signal."""
        select = self.get(GPIO + 0x154 + 4 * signal)
        assert select & 1 << 7, "the signal does not come through the matrix"
        pin = select & 0x3F
        mux = self.get(IO_MUX + 4 + 4 * pin)
        assert _field(mux, 12, 3) == 1 and mux & 1 << 9, f"GPIO{pin} is no input"
        return pin
