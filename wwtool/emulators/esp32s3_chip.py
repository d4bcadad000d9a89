"""The ESP32-S3 around QEMU's core: its registers, clocks, watchdogs and resets, as strict as its manual or stricter.

QEMU has plain memory where the chip has registers. So the core is stopped before every write to a register, and before
reads of the few whose content depends on time; this model holds the access to the rules and does what the hardware
would do. Time is counted by the core's cycles at the clock that the program has chosen.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from wwtool.emulators.esp32s3_flash import BUS, TABLE, Flash
from wwtool.emulators.esp32s3_registers import MisuseError, Start, check_write, registers
from wwtool.emulators.esp32s3_sleep import COMP0_LOAD, RAW_OF, Waiting
from wwtool.emulators.gdb_stub import GdbStub

A0, A2, A3, A4, A5, PC = 0, 2, 3, 4, 5, 16  # QEMU's order of registers: a0 to a15, pc
_PERIPHERALS = (0x60000000, 0x100000)
_UART_FIFO, _UART_STATUS, _UART_CONF0, _UART_FSM, _UART_CLKDIV = (0x60000000 + n for n in (0, 0x1C, 0x20, 0x6C, 0x14))
_UART_RESETS = 1 << 17 | 1 << 18
_UART_FLOW, _UART_CLK, _UART_HELD = 0x60000034, 0x60000078, 1 << 3
_UART_8N1, _UART_CRYSTAL, _UART_RATES = 0x1000001C, 0x03700000, (10_000, 5_000_000)
_RX_SELECT, _TX_MUX, _RX_MUX = 0x60004154 + 4 * 12, 0x60009004 + 4 * 43, 0x60009004 + 4 * 44
_CLK_EN1, _RST_EN1, _DMA_BIT = 0x600C001C, 0x600C0024, 1 << 6
_DMA_CONF, _DMA_LINK, _DMA_STOP = 0x6003F000, 0x6003F020, 1 << 21
_STRAY_BYTES_A_US = 20.0  # a camera's eight lines at 20 MHz
_OPTIONS0, _RESET_STATE, _DATE = 0x60008000, 0x60008038, 0x600081FC
_WDT_CONFIG, _WDT_STAGE0, _WDT_STAGE1, _WDT_FEED = 0x60008098, 0x6000809C, 0x600080A0, 0x600080AC
_SWD_CONF, _TIMG_CONFIG = 0x600080B4, (0x6001F048, 0x60020048)
_RTC_DOMAIN = range(0x60008000, 0x60008200)  # it keeps its content when only the core is reset
_ANA_CONF0, _ANA_CONFIG = 0x6000E040, 0x6000E044
_SYSTIMER_OP, _SYSTIMER_LOW = 0x60023004, 0x60023044
_USB_EP1, _USB_CONF = 0x60038000, 0x60038004
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
_UART_POLL_US = 100.0  # between looks at a busy transmitter: a stop for each would take long
_STUCK_POLL_US = 10_000.0  # the same, of one that stays busy
_UART_FIFO_BYTES, _USB_FIFO_BYTES = 128, 64
_USB_FREE = 1 << 1


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
        uart_sent: bytes that the program has written to the UART's register.
        usb_sent: bytes that the host has got over USB.
        usb_host_reads: whether it reads; see ``read_usb`` for one that begins to.
        writes: all writes to registers.
        waiting: how the core waits for interrupts.
        uart_waiting: how many bytes wait in the UART's receive FIFO.
        flash: the flash, and the data cache before it.
        stray: memory that a DMA fills which a program before has left running.
        rules: further rules, called with address and value before a write; each may return what to do after it.
    """

    def __init__(
        self, stub: GdbStub, domain: Domain | None = None, defects: Defects | None = None, flash: bytes = b"",
        flash_bytes: int = _FLASH_BYTES, start: Start | None = None,
    ) -> None:  # fmt: skip
        self.stub, self.domain, self._defects = stub, domain or Domain(), defects or Defects()
        self.reset_cause: int | None = None
        self.uart_sent, self.usb_sent = bytearray(), bytearray()
        self.usb_host_reads = not self._defects.usb_unread
        self._usb_packet = bytearray()
        self.writes: list[tuple[int, int]] = []
        self.rules: list[Callable[[int, int], Callable[[], None] | None]] = []
        self.now_us = 0.0
        self.waiting = Waiting(self)
        self.uart_waiting: Callable[[], int] = lambda: 0
        self._cycles = 0
        self._core_hz = _CRYSTAL_HZ / 2
        self._pll_since = 0.0
        self._uart_free_us = 8_000.0  # the ROM's last lines are on their way
        self._uart_held = 90  # bytes of them, in a FIFO that nothing leaves
        self.stray: range | None = None
        self._stray_us, self._stray_place = 0.0, 0
        self._looks = 0  # at the transmitter, without a write to any register between
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
        for address in (_UART_STATUS, _UART_FSM, *(a for a, r in registers().items() if r.wo)):
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

    def _skip(self, us: float) -> None:
        """Lets the core run for some time, in which it would only look at the same register again."""
        before = self.stub.registers()
        turns = max(1, int(us * self._core_hz / 1e6 / _LOOP_CYCLES))
        self.stub.set_registers([*before[:A2], turns, *before[A2 + 1 : PC], _LOOP, *before[PC + 1 :]])
        self.stub.resume()
        self.stub.set_registers(before)
        self.pass_time()

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
        if self.now_us < self._uart_free_us:
            self.pass_time()
        sending = self._uart_sending
        busy = self._uart_stuck or self.now_us < self._uart_free_us
        if busy and self._looks > 0:
            most_us = _STUCK_POLL_US if self._uart_stuck else _UART_POLL_US
            self._skip(min(most_us, _UART_POLL_US * self._looks**2))
            self.check_watchdogs_at(self.now_us)
        self._looks += 1
        if address == _UART_FSM:
            return 0x20 if busy else 0
        return sending << 16 | min(127, self.uart_waiting())

    @property
    def _uart_stuck(self) -> bool:
        return self._defects.uart_stuck or bool(self.get(_UART_FLOW) & _UART_HELD)

    def check_uart(self) -> None:
        """Raises MisuseError if the UART is not set up for the console when the program begins to read it."""
        if self.get(_UART_CONF0) != _UART_8N1 or self.get(_UART_FLOW):
            raise MisuseError(
                f"the UART is not 8N1 without flow control: {self.get(_UART_CONF0):#x}, {self.get(_UART_FLOW):#x}"
            )
        if self.get(_UART_CLK) != _UART_CRYSTAL:
            raise MisuseError(f"the UART has not the crystal's clock, undivided: {self.get(_UART_CLK):#x}")
        if not _UART_RATES[0] <= 10e6 / self._character_us <= _UART_RATES[1]:
            raise MisuseError(f"the UART is at {10e6 / self._character_us:.0f} baud")
        if self.get(_RX_SELECT) & 1 << 7 or self.get(_TX_MUX) >> 12 & 7 or self.get(_RX_MUX) >> 12 & 7:
            raise MisuseError("the UART's lines do not come to GPIO43 and GPIO44, the board's TX and RX")
        if not self.get(_RX_MUX) & 1 << 9:
            raise MisuseError("GPIO44, the UART's RX, is no input")

    @property
    def _uart_sending(self) -> int:
        """Bytes in the transmitter's FIFO."""
        if self._uart_stuck:
            return self._uart_held
        return max(0, int((self._uart_free_us - self.now_us) / self._character_us))

    @property
    def _character_us(self) -> float:
        divisor = self.get(_UART_CLKDIV)
        return 10e6 * ((divisor & 0xFFF) + (divisor >> 20) / 16) / _CRYSTAL_HZ

    def _let_stray_write(self) -> None:
        """What the DMA of a program before has written up to now, if nothing has stopped it."""
        if self.stray is None:
            return
        self.pass_time()
        stopped = self.get(_RST_EN1) & _DMA_BIT or not self.get(_CLK_EN1) & _DMA_BIT
        if stopped or self.get(_DMA_CONF) & 1 or self.get(_DMA_LINK) & _DMA_STOP:
            self.stray = None
            return
        count = min(int((self.now_us - self._stray_us) * _STRAY_BYTES_A_US), len(self.stray))
        self._stray_us = self.now_us
        while count > 0:
            part = min(count, len(self.stray) - self._stray_place)
            self.stub.write(self.stray.start + self._stray_place, b"\xa5" * part)
            self._stray_place = (self._stray_place + part) % len(self.stray)
            count -= part

    def _store(self, address: int, value: int) -> None:
        self._let_stray_write()
        before = self.get(address)
        register = registers().get(address)
        lock = self.get(register.lock) if register is not None and register.lock is not None else 0
        check_write(address, before, value, lock)
        self.writes.append((address, value))
        self._looks = 0
        follow = [after for rule in self.rules if (after := rule(address, value)) is not None]
        effect = _EFFECTS.get(address)
        self.set(address, value if effect is None else effect(self, before, value))
        for after in follow:
            after()

    # What registers do. Each takes the value before and the one written, and returns the one that is there then.

    def _uart_fifo(self, before: int, value: int) -> int:
        self.pass_time()
        if self._uart_sending >= _UART_FIFO_BYTES:
            raise MisuseError("it writes to the UART's FIFO while that is full")
        if self._uart_stuck:
            self._uart_held += 1
            return 0
        self.uart_sent.append(value & 0xFF)
        self._uart_free_us = max(self._uart_free_us, self.now_us) + self._character_us
        return 0

    def _uart_conf0(self, before: int, value: int) -> int:
        self.pass_time()
        if value & _UART_RESETS:
            self._uart_held = 0
        if value & _UART_RESETS and not self._uart_stuck and self.now_us < self._uart_free_us:
            raise MisuseError("it resets the UART's FIFO while bytes are on their way")
        return value

    def _uart_flow(self, before: int, value: int) -> int:
        self.pass_time()
        if before & ~value & _UART_HELD:  # what has waited leaves
            self._uart_free_us = self.now_us + self._uart_held * self._character_us
        return value

    def _usb_ep1(self, before: int, value: int) -> int:
        if not self.get(_USB_CONF) & _USB_FREE:
            raise MisuseError("it writes to the FIFO of USB while that has no room")
        self._usb_packet.append(value & 0xFF)
        if len(self._usb_packet) == _USB_FIFO_BYTES:  # the hardware sends a full one by itself
            self.set(_USB_CONF, self._send_usb(self.get(_USB_CONF)))
        return 0

    def _usb_conf(self, before: int, value: int) -> int:
        return self._send_usb(before & ~1) if value & 1 else before

    def _send_usb(self, conf: int) -> int:
        """What is written waits for the host, and until that has read it there is no room."""
        if self._usb_packet and not self.usb_host_reads:
            return conf & ~_USB_FREE
        self.usb_sent += self._usb_packet
        self._usb_packet.clear()
        return conf | _USB_FREE

    def read_usb(self) -> None:
        """The host begins to read: it gets what waits, and from now on what comes."""
        self.usb_host_reads = True
        self.set(_USB_CONF, self._send_usb(self.get(_USB_CONF)))

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
    _UART_FIFO: Chip._uart_fifo,
    _UART_CONF0: Chip._uart_conf0,
    _UART_FLOW: Chip._uart_flow,
    _USB_EP1: Chip._usb_ep1,
    _USB_CONF: Chip._usb_conf,
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
