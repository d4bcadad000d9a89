"""The ESP32-S3 around QEMU's core: its registers, clocks, watchdogs and resets, as strict as its manual or stricter.

QEMU has plain memory where the chip has registers. So the core is stopped before every write to a register, and before
reads of the few whose content depends on time; this model holds the access to the rules and does what the hardware
would do. Time is counted by the core's cycles at the clock that the program has chosen.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from wwtool.emulators.esp32s3_consoles import UART_FSM, UART_STATUS, USB_EP1, Uart, Usb
from wwtool.emulators.esp32s3_flash import BUS, TABLE, Flash
from wwtool.emulators.esp32s3_registers import MisuseError, Start, check_write, registers
from wwtool.emulators.esp32s3_sleep import COMP0_LOAD, RAW_OF, Waiting
from wwtool.emulators.esp32s3_stray_dma import StrayDma
from wwtool.emulators.gdb_stub import GdbStub

A0, A2, A3, A4, A5, PC = 0, 2, 3, 4, 5, 16  # QEMU's order of registers: a0 to a15, pc
_PERIPHERALS = (0x60000000, 0x100000)
_OPTIONS0, _RESET_STATE, _DATE = 0x60008000, 0x60008038, 0x600081FC
_WDT_CONFIG, _WDT_STAGE0, _WDT_STAGE1, _WDT_FEED = 0x60008098, 0x6000809C, 0x600080A0, 0x600080AC
_SWD_CONF, _TIMG_CONFIG = 0x600080B4, (0x6001F048, 0x60020048)
_RTC_DOMAIN = range(0x60008000, 0x60008200)  # it keeps its content when only the core is reset
_ANA_CONF0, _ANA_CONFIG = 0x6000E040, 0x6000E044
_SYSTIMER_OP, _SYSTIMER_LOW = 0x60023004, 0x60023044
_CPU_PER_CONF, _SYSCLK_CONF = 0x600C0010, 0x600C0060
_PLL_OFF = 1 << 6 | 1 << 8 | 1 << 10
_CRYSTAL_HZ, _SYSTIMER_HZ, _SLOW_HZ = 40_000_000, 16_000_000, 136_000
_PLL_READY_US = 60.0  # after it gets power: the firmware waits for 100
_BIAS_SETTLES_US = 30.0  # the firmware waits for 40
_BIAS_OF = {1: 27, 2: 28}  # by the period that is selected: 160 and 240 MHz
_TIMG_PATIENCE_US = 1_300_000.0  # what the boot from flash has
_SYSTEM_RESET, _ALL_RESET = 3, 4  # actions of a stage
POWER_ON, SOFTWARE, TIMER_WATCHDOG, RTC_WATCHDOG, RTC_WATCHDOG_ALL = 0x01, 0x03, 0x07, 0x09, 0x10
_PROBE, _PROBE_CODE = 0x1000, bytes.fromhex("20ea03")  # rsr a2, ccount, where the chip has no memory
_OTHER_PROBE = 0x1010
_LOOP, _LOOP_CODE, _LOOP_CYCLES = 0x1020, bytes.fromhex("22c2ff5692ff"), 2.56  # addi a2, a2, -1; bnez a2, _LOOP
_LONG_AGO = -1e9
_FLASH_BYTES = 4 << 20


@dataclass(frozen=True)
class Defects:
    """What is wrong with a chip, for tests of the firmware.

    Attributes:
        pll_hz: what the PLL makes instead of 480 MHz; 0: nothing, and a core that takes it stops.
        systimer_stuck: the system timer's value is never ready and never changes.
        uart_stuck: the transmitter never sends what is in its FIFO, where the ROM's last line is already.
        usb_unread: the host never reads what it gets over USB.
        bad_ram: the address of a word whose lowest bit always reads 1.
    """

    pll_hz: int = 480_000_000
    systimer_stuck: bool = False
    uart_stuck: bool = False
    usb_unread: bool = False
    bad_ram: int | None = None


@dataclass
class Domain:
    """What outlives a reset of the core: registers of the RTC domain, analogue blocks, the time.

    Attributes:
        cause: why the chip starts.
        kept: registers of the RTC domain by address.
        analogue: registers of analogue blocks, by block and number, and when they were written.
    """

    cause: int = POWER_ON
    kept: dict[int, int] = field(default_factory=dict)
    analogue: dict[tuple[int, int], tuple[int, float]] = field(default_factory=dict)

    def after(self, cause: int) -> Domain:
        """The domain when the chip starts again."""
        if cause == RTC_WATCHDOG_ALL:
            return Domain(cause)
        return Domain(cause, dict(self.kept), {key: (value, _LONG_AGO) for key, (value, _) in self.analogue.items()})


class Chip:
    """A core that stands before its first instruction, and the chip around it.

    Attributes:
        now_us: the time since the core's start.
        reset_cause: why it resets, once it does; the caller then starts a new core with ``domain``.
        uart, usb: the consoles.
        writes: all writes to registers.
        waiting: how the core waits for interrupts.
        flash: the flash, and the data cache before it.
        stray: a DMA that a program before has left running.
        rules: further rules, called with address and value before a write; each may return what to do after it.
    """

    def __init__(
        self, stub: GdbStub, domain: Domain | None = None, defects: Defects | None = None, flash: bytes = b"",
        flash_bytes: int = _FLASH_BYTES, start: Start | None = None,
    ) -> None:  # fmt: skip
        self.stub, self.domain, self._defects = stub, domain or Domain(), defects or Defects()
        self.reset_cause: int | None = None
        self.uart, self.usb = Uart(self, self._defects.uart_stuck), Usb(self, self._defects.usb_unread)
        self._effects = self.uart.effects | self.usb.effects
        self.stray: StrayDma | None = None
        self.writes: list[tuple[int, int]] = []
        self.rules: list[Callable[[int, int], Callable[[], None] | None]] = []
        self.now_us = 0.0
        self.waiting = Waiting(self)
        self._cycles = 0
        self._core_hz = _CRYSTAL_HZ / 2
        self._pll_since = 0.0
        self._fed_us = 0.0
        self._stage = 0
        self._start_state(start)
        self.flash = Flash(self, flash, flash_bytes)

    def _start_state(self, start: Start | None) -> None:
        stub = self.stub
        for register in set(registers().values()):
            stub.write(register.at, struct.pack("<I", register.start) * register.count)
        for address, value in self.domain.kept.items():
            self.set(address, value)
        for address, value in start.registers.items() if start is not None else ():
            self.set(address, value)
        self.set(_RESET_STATE, registers()[_RESET_STATE].start & ~0x3F | self.domain.cause)
        stub.write(_PROBE, _PROBE_CODE)
        stub.write(_LOOP, _LOOP_CODE)
        stub.stop_at(_LOOP + len(_LOOP_CODE))
        self._cycles = self._ccount()
        stub.stop_at_write(*_PERIPHERALS)
        for address in (UART_STATUS, UART_FSM, USB_EP1, *(a for a, r in registers().items() if r.wo)):
            stub.stop_at_read(address)
        if self._defects.bad_ram is not None:
            stub.stop_at_read(self._defects.bad_ram)

    def get(self, address: int) -> int:
        return int(struct.unpack("<I", self.stub.read(address, 4))[0])

    def set(self, address: int, value: int) -> None:
        self.stub.write(address, struct.pack("<I", value))

    def _ccount(self) -> int:
        return self._stepped(_PROBE)

    def special_register(self, number: int) -> int:
        """The content of a special register of the core."""
        self.stub.write(_OTHER_PROBE, bytes((A2 << 4, number, 3)))  # rsr a2
        return self._stepped(_OTHER_PROBE)

    def _stepped(self, probe: int) -> int:
        """What one instruction at an address leaves in a2; the core is then as before."""
        before = self.stub.registers()
        self.stub.set_registers([*before[:PC], probe, *before[PC + 1 :]])
        self.stub.step()
        value = self.stub.registers()[A2]
        self.stub.set_registers(before)
        return value

    def pass_time(self, skipped_us: float = 0.0) -> None:
        """Counts the cycles since the last call; ``skipped_us`` pass in addition, with the core at rest."""
        count = self._ccount()
        cycles = (count - self._cycles) & 0xFFFFFFFF
        self.now_us += skipped_us
        if cycles >> 31:  # an interpreted instruction has taken back what its interpretation had counted
            return
        if self._core_hz:
            self.now_us += cycles * 1e6 / self._core_hz
        self._cycles = count

    def skip(self, us: float) -> None:
        """Lets the core run for some time, in which it would only look at the same register again."""
        before = self.stub.registers()
        turns = max(1, int(us * self._core_hz / 1e6 / _LOOP_CYCLES))
        self.stub.set_registers([*before[:A2], turns, *before[A2 + 1 : PC], _LOOP, *before[PC + 1 :]])
        self.stub.resume()
        self.stub.set_registers(before)
        self.check_watchdogs()

    # Stops of the core.

    def handle(self, core: list[int]) -> None:
        """Does the access to a register before which the core stands.

        Raises:
            MisuseError: the program may not do that.
        """
        if self.stub.accessed is not None:
            self.flash.check_access(self.stub.accessed)
        code = int.from_bytes(self.stub.read(core[PC], 3), "little")
        operation, t, s = code & 15, code >> 4 & 15, code >> 8 & 15
        narrow = operation in (8, 9)
        if not narrow and (operation != 2 or code >> 12 & 15 not in (2, 6)):
            raise MisuseError(f"it stops at {core[PC]:#x}, at {code:#x}, which is no access of a word")
        address = core[s] + 4 * (code >> 12 & 15 if narrow else code >> 16 & 255) & 0xFFFFFFFF
        is_store = operation == 9 or (not narrow and code >> 12 & 15 == 6)
        length = 2 if narrow else 3
        if is_store:
            self._store(address, core[t])
        else:
            core = [*core]
            core[t] = self._load(address)
        while self._core_hz == 0 and self.reset_cause is None:  # a core without a clock waits for a watchdog
            if not self.get(_WDT_CONFIG) & (1 << 31 | 1 << 12):
                raise MisuseError("the core has no clock, and no watchdog runs")
            self.check_watchdogs(skipped_us=100_000.0)
        if self.reset_cause is None:
            self.stub.set_registers([*core[:PC], core[PC] + length, *core[PC + 1 :]])

    def _load(self, address: int) -> int:
        if address == self._defects.bad_ram:
            return self.get(address) | 1
        if registers()[address].wo:
            raise MisuseError(f"it reads {registers()[address].name}, which is write-only")
        return self.usb.load() if address == USB_EP1 else self.uart.load(address)

    def _store(self, address: int, value: int) -> None:
        if self.stray is not None:
            self.stray.write()
        self.usb.poll()
        before = self.get(address)
        register = registers().get(address)
        lock = self.get(register.lock) if register is not None and register.lock is not None else 0
        check_write(address, before, value, lock)
        self.writes.append((address, value))
        self.uart.note_write()
        follow = [after for rule in self.rules if (after := rule(address, value)) is not None]
        if address in self._effects:
            value = self._effects[address](before, value)
        elif address in _EFFECTS:
            value = _EFFECTS[address](self, before, value)
        self.set(address, value)
        for after in follow:
            after()

    # What registers do. Each takes the value before and the one written, and returns the one that is there then.

    def _options0(self, before: int, value: int) -> int:
        self.pass_time()
        if before & _PLL_OFF and not value & _PLL_OFF:
            self._pll_since = self.now_us
        if value >> 31:
            self.reset(SOFTWARE)
        return value & 0x7FFFFFFF

    def select_clock(self, period: int, system: int) -> None:
        """The core's clock of CPU_PER_CONF and SYSCLK_CONF."""
        if not system >> 10 & 3:
            self._core_hz = _CRYSTAL_HZ / ((system & 0x3FF) + 1)
            return
        if system >> 10 & 3 != 1 or period & 3 > 2 or not period >> 2 & 1:
            raise MisuseError(f"it selects a clock that is not there ({period:#x}, {system:#x})")
        if self.get(_OPTIONS0) & _PLL_OFF:
            raise MisuseError("it takes the clock of a PLL that has no power")
        if self.now_us - self._pll_since < _PLL_READY_US:
            raise MisuseError(
                f"it takes the PLL's clock {self.now_us - self._pll_since:.0f} us after its start, too early"
            )
        self._check_voltage(period & 3)
        self._core_hz = self._defects.pll_hz / (6, 3, 2)[period & 3]

    def _check_voltage(self, period: int) -> None:
        wanted = _BIAS_OF.get(period)
        if wanted is None:
            return
        mhz = 80 * (period + 1)
        for number in (4, 6):  # regulators of the RTC domain and of the digital core
            value, since = self.domain.analogue.get((0x6D, number), (0, 0.0))
            if value & 0x1F < wanted:
                raise MisuseError(f"the core goes to {mhz} MHz, for which the voltage is too low: bias {value & 0x1F}")
            if self.now_us - since < _BIAS_SETTLES_US:
                raise MisuseError(f"the core goes to {mhz} MHz before the voltage has risen")
        if self.get(_DATE) & 0x3F << 13:
            raise MisuseError(f"the core goes to {mhz} MHz with slaves of its regulator off")

    def _ana_conf0(self, before: int, value: int) -> int:
        if value & 8 and not before & 8:
            if self.get(_ANA_CONFIG) & 1 << 17:
                raise MisuseError("it calibrates the PLL while the bus to it is off (ANA_CONFIG, bit 17)")
            if self.get(_SYSCLK_CONF) >> 10 & 3:
                raise MisuseError("it calibrates the PLL while the core has its clock")
            return value & ~(1 << 24)
        return value | 1 << 24

    def write_analogue(self, block: int, number: int, high: int, low: int, value: int) -> None:
        """What the ROM's rom_i2c_writeReg_Mask does."""
        self.pass_time()
        before, _ = self.domain.analogue.get((block, number), (0, 0.0))
        mask = (1 << (high + 1)) - (1 << low)
        self.domain.analogue[block, number] = (before & ~mask | value << low & mask, self.now_us)

    def _cache_bus(self, before: int, value: int) -> int:
        self.set(BUS, value)
        self.flash.show()
        return value

    def _page(self, before: int, value: int) -> int:
        self.flash.check_entry(value)
        return value

    def _systimer(self, before: int, value: int) -> int:
        self.pass_time()
        if self._defects.systimer_stuck:
            return 0
        self.set(_SYSTIMER_LOW, int(self.now_us * _SYSTIMER_HZ / 1e6) & 0xFFFFFFFF)
        return 1 << 29

    def _load_tick(self, before: int, value: int) -> int:
        self.pass_time()
        self.waiting.load_tick()
        return 0

    def _feed(self, before: int, value: int) -> int:
        self.pass_time()
        self._fed_us, self._stage = self.now_us, 0
        return 0

    # Watchdogs and resets.

    def check_watchdogs(self, skipped_us: float = 0.0) -> None:
        """Counts the time, as ``pass_time`` does, and resets the chip if a watchdog is due."""
        self.pass_time(skipped_us)
        self.check_watchdogs_at(self.now_us)

    def check_watchdogs_at(self, now_us: float) -> None:
        """As ``check_watchdogs``, for a core that has not run up to that time."""
        self.now_us = now_us
        config = self.get(_WDT_CONFIG)
        if config & (1 << 31 | 1 << 12):
            self._rtc_watchdog(config)
        watches = any(self.get(address) & (1 << 31 | 1 << 14) for address in _TIMG_CONFIG)
        if self.reset_cause is None and watches and self.now_us > _TIMG_PATIENCE_US:
            self.reset(TIMER_WATCHDOG)

    def _rtc_watchdog(self, config: int) -> None:
        holds = (self.get(_WDT_STAGE0) << 1, self.get(_WDT_STAGE1))
        actions = (config >> 28 & 7 or _ALL_RESET, config >> 25 & 7)
        if (self.now_us - self._fed_us) * _SLOW_HZ / 1e6 >= holds[self._stage]:
            action = actions[self._stage]
            self._fed_us, self._stage = self.now_us, 1
            if action >= _SYSTEM_RESET:
                self.reset(RTC_WATCHDOG_ALL if action == _ALL_RESET else RTC_WATCHDOG)

    @property
    def watchdogs_stopped(self) -> bool:
        """Whether all that the ROM has started are off, but for the RTC's."""
        return not any(self.get(a) & (1 << 31 | 1 << 14) for a in _TIMG_CONFIG) and bool(self.get(_SWD_CONF) >> 31)

    def reset(self, cause: int) -> None:
        """The chip resets; ``domain`` is then what outlives it."""
        self.domain.kept = {a: self.get(a) for a in registers() if a in _RTC_DOMAIN}
        self.domain.kept.pop(_RESET_STATE)
        self.domain.kept[_OPTIONS0] = self.domain.kept[_OPTIONS0] & 0x7FFFFFFF
        self.domain = self.domain.after(cause)
        self.reset_cause = cause

    @property
    def core_mhz(self) -> float:
        """The core's clock."""
        return self._core_hz / 1e6


def _selecting(is_system: bool) -> Callable[[Chip, int, int], int]:
    def effect(chip: Chip, before: int, value: int) -> int:
        chip.pass_time()
        other = chip.get(_CPU_PER_CONF if is_system else _SYSCLK_CONF)
        chip.select_clock(*((other, value) if is_system else (value, other)))
        return value

    return effect


def _clearing(raw: int) -> Callable[[Chip, int, int], int]:
    def effect(chip: Chip, before: int, value: int) -> int:
        chip.set(raw, chip.get(raw) & ~value)
        return 0

    return effect


_EFFECTS: dict[int, Callable[[Chip, int, int], int]] = {
    _OPTIONS0: Chip._options0,
    _ANA_CONF0: Chip._ana_conf0,
    _SYSTIMER_OP: Chip._systimer,
    _WDT_FEED: Chip._feed,
    COMP0_LOAD: Chip._load_tick,
    _CPU_PER_CONF: _selecting(is_system=False),
    _SYSCLK_CONF: _selecting(is_system=True),
    BUS: Chip._cache_bus,
    **dict.fromkeys(TABLE, Chip._page),
    **{clear: _clearing(raw) for clear, raw in RAW_OF.items()},
}
