"""The peripherals of an nRF52840 that the firmware uses: registers in, events and interrupts out.

Stricter than a simulator has to be: a register that is not modelled, a pin or clock that is not set up, a buffer
outside of the RAM or one that was not given in time raises :class:`FaultError`, which ends the run. Section
numbers are those of the nRF52840 product specification v1.7.

Not modelled: the time that sent bytes take to leave, analogue noise, the waits of the flash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

SAMPLE_RATE_HZ = 16000

_BITS_PER_CHARACTER = 10  # 8N1
_RX_BURST_BYTES = 64  # delivered together, at the time of the last one
_TX_CYCLES = 64
_HFXO_START_US = 360  # 5.4.4.2, 32 MHz crystal
_USB_REGULATOR_US = 1000  # some time
_RAM = range(0x20000000, 0x20040000)


class FaultError(Exception):
    """What would fail on the chip."""


class Machine(Protocol):
    """What a peripheral needs of the core: time in core cycles, an agenda, memory, other peripherals."""

    clock_hz: int

    @property
    def now(self) -> float: ...
    def at(self, time: float, action: Callable[[], None]) -> None: ...
    def attention(self) -> None: ...
    def read_memory(self, address: int, count: int) -> bytes: ...
    def write_memory(self, address: int, data: bytes) -> None: ...
    def event(self, address: int) -> None: ...


def in_ram(address: int, count: int) -> bool:
    return address in _RAM and address + count - 1 in _RAM


class Peripheral:
    """Registers of three kinds: tasks (written with 1), events (set by the chip, cleared by writing 0), and values.

    An event may be tied to a bit of INTEN; the interrupt line is high while any such event is set.
    """

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

    def add_values(self, *offsets: int, reset: int = 0) -> None:
        self.values.update(dict.fromkeys(offsets, reset))

    def add_event(self, offset: int, bit: int | None = None) -> None:
        self.events[offset] = 0
        if bit is not None:
            self._bits[offset] = 1 << bit

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
        if offset in (0x304, 0x308) and self._bits:
            return self.inten
        raise FaultError(f"{self.name}: read of register {offset:#05x}, which is not modelled")

    def write(self, offset: int, value: int) -> None:
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
        elif offset in (0x304, 0x308) and self._bits:
            if offset == 0x304 and value & ~sum(self._bits.values()):
                raise FaultError(f"{self.name}: interrupts {value:#x}, some of which are not modelled")
            self.inten = self.inten | value if offset == 0x304 else self.inten & ~value
            self.machine.attention()
        else:
            raise FaultError(f"{self.name}: write of register {offset:#05x}, which is not modelled")


class Clock(Peripheral):
    """High-frequency clock (5.4), and on the same page USB power (5.3) and the byte that a reset leaves."""

    BOOT_LOADER_STAYS = 0xB0
    _USBDETECTED, _USBREMOVED, _USBPWRRDY, _USBREGSTATUS, _GPREGRET = 0x11C, 0x120, 0x124, 0x438, 0x51C

    def __init__(self, machine: Machine, usb_power: bool = False) -> None:
        super().__init__(machine, "POWER and CLOCK", 0x40000000)
        self.crystal = False
        for offset, bit in ((self._USBDETECTED, 7), (self._USBREMOVED, 8), (self._USBPWRRDY, 9)):
            self.add_event(offset, bit)
        self.add_values(self._USBREGSTATUS, reset=3 if usb_power else 0)
        self.add_values(self._GPREGRET)
        self.tasks[0x000] = lambda: machine.at(machine.now + _HFXO_START_US * machine.clock_hz / 1e6, self._started)
        self.add_event(0x100, 0)

    def _started(self) -> None:
        self.crystal = True
        self.set_event(0x100)

    @property
    def usb_power(self) -> bool:
        """The bus has power, and the regulator for USB has got ready."""
        return self.values[self._USBREGSTATUS] == 3

    def plug(self) -> None:
        self.values[self._USBREGSTATUS] = 1
        self.set_event(self._USBDETECTED)
        self.machine.at(self.machine.now + _USB_REGULATOR_US * self.machine.clock_hz / 1e6, self._usb_ready)

    def _usb_ready(self) -> None:
        if self.values[self._USBREGSTATUS]:
            self.values[self._USBREGSTATUS] = 3
            self.set_event(self._USBPWRRDY)

    def unplug(self) -> None:
        self.values[self._USBREGSTATUS] = 0
        self.set_event(self._USBREMOVED)

    def after_reset(self) -> str:
        """What a reset of the chip now leads to."""
        if self.values[self._GPREGRET] == self.BOOT_LOADER_STAYS:
            return "the program asked for the boot loader"
        return f"the program reset the chip (GPREGRET {self.values[self._GPREGRET]:#x})"


class Gpio(Peripheral):
    """One port (6.9)."""

    def __init__(self, machine: Machine, port: int, changed: Callable[[int, int], None]) -> None:
        super().__init__(machine, f"P{port}", 0x50000000 + 0x300 * port)
        self.out = 0
        self._changed = changed
        self.add_values(*(0x700 + 4 * pin for pin in range(32)), reset=2)
        self.hooks[0x508] = lambda bits: self._set(self.out | bits)
        self.hooks[0x50C] = lambda bits: self._set(self.out & ~bits)

    def _set(self, out: int) -> None:
        old, self.out = self.out, out
        self._changed(old, out)

    def is_output(self, pin: int) -> bool:
        return bool(self.values[0x700 + 4 * pin] & 1)

    def is_input(self, pin: int) -> bool:
        return not self.values[0x700 + 4 * pin] & 3


class Pins:
    """Both ports, by the pin numbers of PSEL registers."""

    def __init__(self, machine: Machine, led: int) -> None:
        self._led = led
        self._machine = machine
        self.led_times: list[float] = []
        self.ports = (Gpio(machine, 0, self._changed), Gpio(machine, 1, lambda old, out: None))

    def _changed(self, old: int, out: int) -> None:
        if out & ~old & 1 << self._led:
            self.led_times.append(self._machine.now / self._machine.clock_hz)

    def level(self, pin: int) -> int:
        return self.ports[pin >> 5].out >> (pin & 31) & 1

    def is_output(self, pin: int) -> bool:
        return self.ports[pin >> 5].is_output(pin & 31)

    def is_input(self, pin: int) -> bool:
        return self.ports[pin >> 5].is_input(pin & 31)


class Uarte(Peripheral):
    """UARTE0 (6.34): bytes of the host come in no faster than the programmed rate."""

    TX, RX = 0x23, 0x2A  # P1.03 and P1.10
    FIRST_BAUD = 115200
    BAUDS: ClassVar = {
        0x00275000: 9600, 0x004EA000: 19200, 0x009D0000: 38400, 0x00EB0000: 57600, 0x01D60000: 115200,
        0x03B00000: 230400, 0x04000000: 250000, 0x07400000: 460800, 0x0F000000: 921600, 0x10000000: 1000000,
    }  # fmt: skip
    _ENDRX, _RXDRDY, _ENDTX, _RXTO, _RXSTARTED = 0x110, 0x108, 0x120, 0x144, 0x14C
    _ENABLE, _RXD_PTR, _RXD_MAXCNT, _TXD_PTR, _TXD_MAXCNT = 0x500, 0x534, 0x538, 0x544, 0x548
    _SHORT_ENDRX_STARTRX = 1 << 5

    def __init__(self, machine: Machine, clock: Clock, pins: Pins, say: Callable[[bytes], None]) -> None:
        super().__init__(machine, "UARTE0", 0x40002000)
        self._clock, self._pins, self._say = clock, pins, say
        self.queue = bytearray()
        self.bytes_in = self.bytes_out = 0
        self._receiving = self._sending = self._scheduled = self._used = False
        self._at = self._left = 0
        self._line_free = 0.0
        self.tasks.update({0x000: self._start_rx, 0x004: self._stop_rx, 0x008: self._start_tx})
        for offset, bit in ((0x108, 2), (0x110, 4), (0x120, 8), (0x144, 17), (0x14C, 19)):
            self.add_event(offset, bit)
        self.add_values(0x200, self._ENABLE, self._RXD_PTR, self._RXD_MAXCNT, self._TXD_PTR, self._TXD_MAXCNT, 0x56C)
        self.add_values(0x508, 0x50C, 0x510, 0x514, reset=0xFFFFFFFF)
        self.add_values(0x524, reset=0x04000000)

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
        if not self._clock.crystal:
            raise FaultError("UARTE0 runs without the crystal oscillator, at an uncertain rate")
        if not self.baud or (not self._used and self.baud != self.FIRST_BAUD):
            raise FaultError(f"UARTE0 runs at {self.baud or 'an unknown'} baud (setting {self.values[0x524]:#x})")

    def _start_rx(self) -> None:
        self._check()
        self._begin_buffer()
        self.kick()

    def _begin_buffer(self) -> None:
        start, count = self.values[self._RXD_PTR], self.values[self._RXD_MAXCNT]
        if not count or not in_ram(start, count):
            raise FaultError(f"UARTE0 receives {count} bytes at {start:#x}, which is no RAM")
        self._at, self._left, self._receiving = start, count, True
        self.set_event(self._RXSTARTED)

    def _stop_rx(self) -> None:
        self._receiving = False
        self.set_event(self._ENDRX)
        self.set_event(self._RXTO)

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
        """Bytes are in the queue: they arrive when the line has carried them."""
        if self._scheduled or not self.queue or not self._receiving:
            return
        self._scheduled = True
        count = min(len(self.queue), _RX_BURST_BYTES)
        start = max(self._line_free, self.machine.now)
        self._line_free = start + count * _BITS_PER_CHARACTER * self.machine.clock_hz / self.baud
        self.machine.at(self._line_free, lambda: self._arrive(count))

    def _arrive(self, count: int) -> None:
        self._scheduled = False
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
        if self.values[0x200] & self._SHORT_ENDRX_STARTRX:
            if self.events[self._RXSTARTED]:
                raise FaultError("UARTE0 was not given its next buffer in time")
            self._begin_buffer()


class Timer(Peripheral):
    """A timer or counter (6.30), 32 bits wide."""

    _SOURCE_HZ = 16_000_000

    def __init__(self, machine: Machine, number: int) -> None:
        super().__init__(machine, f"TIMER{number}", 0x40008000 + 0x1000 * number)
        self._started: float | None = None
        self._count = 0
        self._plan = [0] * 6
        self.tasks.update({0x000: self._start, 0x008: self._tick, 0x00C: self._clear})
        self.add_values(0x504, 0x508)
        self.add_values(0x510, reset=4)
        for n in range(6):
            self.tasks[0x040 + 4 * n] = lambda n=n: self._capture(n)  # type: ignore[misc]
            self.hooks[0x540 + 4 * n] = lambda value, n=n: self._compare(n, value)  # type: ignore[misc]
            self.add_values(0x540 + 4 * n)
            self.add_event(0x140 + 4 * n, 16 + n)

    @property
    def _is_timer(self) -> bool:
        return self.values[0x504] == 0

    @property
    def _cycles_per_tick(self) -> float:
        return self.machine.clock_hz / (self._SOURCE_HZ >> self.values[0x510])

    def count(self) -> int:
        if not self._is_timer or self._started is None:
            return self._count
        return int((self.machine.now - self._started) / self._cycles_per_tick) & 0xFFFFFFFF

    def _start(self) -> None:
        if self.values[0x508] != 3:
            raise FaultError(f"{self.name} is not set to 32 bits; other widths are not modelled")
        self._started = self.machine.now
        for n in range(6):
            if self.inten & 1 << 16 + n:
                self._compare(n, self.values[0x540 + 4 * n])

    def _tick(self) -> None:
        if self._started is not None and not self._is_timer:
            self._count = (self._count + 1) & 0xFFFFFFFF

    def _clear(self) -> None:
        self._count = 0
        if self._started is not None:
            self._started = self.machine.now

    def _capture(self, n: int) -> None:
        self.values[0x540 + 4 * n] = self.count()

    def _compare(self, n: int, value: int) -> None:
        self.values[0x540 + 4 * n] = value
        if self._started is None or not self._is_timer or not self.inten & 1 << 16 + n:
            return
        self._plan[n] += 1
        plan = self._plan[n]
        ahead = (value - self.count()) & 0xFFFFFFFF or 1 << 32  # it is reached by counting, not by being there
        self.machine.at(self.machine.now + ahead * self._cycles_per_tick, lambda: self._reach(n, plan))

    def _reach(self, n: int, plan: int) -> None:
        if plan == self._plan[n]:
            self.set_event(0x140 + 4 * n)


class Ppi(Peripheral):
    """Sixteen channels of the interconnect (6.16)."""

    def __init__(self, machine: Machine, trigger: Callable[[int], None]) -> None:
        super().__init__(machine, "PPI", 0x4001F000)
        self._trigger = trigger
        self._enabled = 0
        self._routes: dict[int, list[int]] = {}
        self.add_values(*(0x510 + 4 * n for n in range(32)))
        self.hooks[0x504] = self._enable

    def _enable(self, channels: int) -> None:
        self._enabled |= channels
        self._routes = {}
        for n in range(16):
            if self._enabled & 1 << n:
                self._routes.setdefault(self.values[0x510 + 8 * n], []).append(self.values[0x514 + 8 * n])

    def event(self, address: int) -> None:
        for task in self._routes.get(address, ()):
            self._trigger(task)


class Watchdog(Peripheral):
    """WDT (6.36)."""

    _RELOAD = 0x6E524635
    _HZ = 32768

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "WDT", 0x40010000)
        self._running = False
        self._plan = 0
        self.tasks[0x000] = self._start
        self.values[0x504] = 0xFFFFFFFF
        self.hooks[0x504] = lambda value: self._configure(0x504, value)
        self.hooks[0x50C] = lambda value: self._configure(0x50C, value)
        self.hooks[0x600] = self._reload

    def _configure(self, offset: int, value: int) -> None:
        if self._running:
            raise FaultError("WDT is set up after it was started, when that is locked")  # 6.36.3
        self.values[offset] = value

    def _start(self) -> None:
        self._running = True
        self._wind()

    def _reload(self, value: int) -> None:
        if value != self._RELOAD:
            raise FaultError(f"WDT is fed {value:#x}")
        if self._running:
            self._wind()

    def _wind(self) -> None:
        self._plan += 1
        plan = self._plan
        patience_s = (self.values[0x504] + 1) / self._HZ
        self.machine.at(self.machine.now + patience_s * self.machine.clock_hz, lambda: self._bite(plan))

    def _bite(self, plan: int) -> None:
        if plan == self._plan:
            raise FaultError("the watchdog reset the chip")


class Pdm(Peripheral):
    """The microphone interface (6.15), fed with samples instead of a bit stream; silence after their end."""

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
        self._buffer = 0
        self.tasks.update({0x000: self._start, 0x004: self._stop})
        for offset, bit in ((self._STARTED, 0), (self._STOPPED, 1), (self._END, 2)):
            self.add_event(offset, bit)
        self.add_values(0x500, 0x508, 0x520, self._PTR, self._MAXCNT)
        self.add_values(0x504, reset=0x08400000)
        self.add_values(0x518, 0x51C, reset=0x28)
        self.add_values(0x540, 0x544, reset=0xFFFFFFFF)

    def _check(self) -> None:
        rate = self._CLOCKS_HZ.get(self.values[0x504], 0) / self._RATIOS[self.values[0x520] & 1]
        if not self.values[0x500] & 1:
            raise FaultError("PDM is started before it is enabled")
        if rate != SAMPLE_RATE_HZ or self.values[0x508] != 1:
            raise FaultError(f"PDM samples at {rate:.0f} Hz in mode {self.values[0x508]}, not at 16000 Hz, mono, left")
        if self.values[0x540] != self.CLK or self.values[0x544] != self.DIN:
            raise FaultError("PDM is not on P0.26 and P0.25, the board's microphone")
        if not self._pins.is_output(self.CLK) or not self._pins.is_input(self.DIN):
            raise FaultError("P0.26 is not an output, or P0.25 no input")  # 6.15.6
        if not self._pins.is_output(self.POWER) or not self._pins.level(self.POWER):
            raise FaultError("PDM is started while the microphone has no power (P0.17)")
        if not self._clock.crystal:
            raise FaultError("PDM runs without the crystal oscillator")

    def _start(self) -> None:
        self._check()
        self._plan += 1
        self._begin_buffer()

    def _begin_buffer(self) -> None:
        self._buffer, count = self.values[self._PTR], self.values[self._MAXCNT]
        if not count or not in_ram(self._buffer, 2 * count):
            raise FaultError(f"PDM writes {count} samples at {self._buffer:#x}, which is no RAM")
        self.set_event(self._STARTED)
        plan = self._plan
        length = count * self.machine.clock_hz / SAMPLE_RATE_HZ
        self.machine.at(self.machine.now + length, lambda: self._filled(plan, count))

    def _filled(self, plan: int, count: int) -> None:
        if plan != self._plan:
            return
        if self.events[self._STARTED]:
            raise FaultError("PDM was not given its next buffer in time")
        data = self._audio[2 * self.position : 2 * (self.position + count)]
        self.position = min(self.samples, self.position + count)
        self.machine.write_memory(self._buffer, data.ljust(2 * count, b"\0"))
        self.set_event(self._END)
        self._begin_buffer()

    def _stop(self) -> None:
        self._plan += 1
        self.set_event(self._STOPPED)


class Information(Peripheral):
    """FICR (4.4): the device's identifier alone."""

    DEVICE_ID = (0x89ABCDEF, 0x01234567)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "FICR", 0x10000000)
        self.add_values(0x060, reset=self.DEVICE_ID[0])
        self.add_values(0x064, reset=self.DEVICE_ID[1])

    def write(self, offset: int, value: int) -> None:
        raise FaultError(f"FICR: write of register {offset:#05x}, which is read-only")


class FlashController(Peripheral):
    """NVMC: the instruction cache's switch alone (4.3)."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "NVMC", 0x4001E000)
        self.add_values(0x540)
