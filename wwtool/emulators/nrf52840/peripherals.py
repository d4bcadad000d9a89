"""The peripherals of an nRF52840 that the firmware uses, but for USB and those with EasyDMA: clock, pins, timers, PPI.

Section numbers are those of the nRF52840 product specification v1.7. Not modelled: the waits of the flash.
"""

from __future__ import annotations

from collections.abc import Callable

from wwtool.emulators.nrf52840.registers import INFORMATION, FaultError, Machine, Peripheral

_HFXO_START_US = 360  # 5.4.4.2, 32 MHz crystal
_USB_REGULATOR_US = 1000  # the specification has no figure


class Clock(Peripheral):
    """High-frequency clock (5.4), and at the same addresses USB power (5.3) and the byte that survives a reset."""

    _USBDETECTED, _USBREMOVED, _USBPWRRDY, _USBREGSTATUS, _GPREGRET = 0x11C, 0x120, 0x124, 0x438, 0x51C
    _RESETREAS, _HFCLKSTAT, _CRYSTAL_RUNS = 0x400, 0x40C, 1 << 16 | 1

    def __init__(self, machine: Machine, usb_power: bool = False) -> None:
        super().__init__(machine, "POWER and CLOCK", 0x40000000)
        self.crystal = False
        self.crystal_is_broken = False
        for offset, bit in ((self._USBDETECTED, 7), (self._USBREMOVED, 8), (self._USBPWRRDY, 9)):
            self.add_event(offset, bit)
        self.add_values(self._USBREGSTATUS, reset=3 if usb_power else 0)
        self.add_values(self._GPREGRET, self._RESETREAS, 0x578)
        self.add_values(self._HFCLKSTAT, reset=1 << 16)
        self.add_fields({self._GPREGRET: 0xFF, self._RESETREAS: 0xF000F, self._HFCLKSTAT: 0, self._USBREGSTATUS: 0})
        self.hooks[self._RESETREAS] = self._forget_reasons
        self.tasks[0x000] = self._start_crystal
        self.add_event(0x100, 0)

    def _start_crystal(self) -> None:
        if not self.crystal_is_broken:
            self.machine.at(self.machine.now + _HFXO_START_US * self.machine.clock_hz / 1e6, self._started)

    def _started(self) -> None:
        self.crystal = True
        self.values[self._HFCLKSTAT] = self._CRYSTAL_RUNS
        self.set_event(0x100)

    def _forget_reasons(self, bits: int) -> None:
        self.values[self._RESETREAS] &= ~bits

    def reset(self) -> None:
        """Power on the bus, reset reasons and GPREGRET are kept (5.3.6.6)."""
        kept = {offset: self.values[offset] for offset in (self._USBREGSTATUS, self._RESETREAS, self._GPREGRET)}
        super().reset()
        self.values.update(kept)
        self.crystal = False

    def note_reset(self, bit: int, keeps_gpregret: bool) -> None:
        self.values[self._RESETREAS] |= bit
        if not keeps_gpregret:
            self.gpregret = 0

    @property
    def gpregret(self) -> int:
        return self.values[self._GPREGRET]

    @gpregret.setter
    def gpregret(self, value: int) -> None:
        self.values[self._GPREGRET] = value

    @property
    def usb_power(self) -> bool:
        """The bus has power, and the regulator for USB is ready."""
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


class Gpio(Peripheral):
    """One port (6.9)."""

    def __init__(self, machine: Machine, port: int, changed: Callable[[int, int], None]) -> None:
        super().__init__(machine, f"P{port}", 0x50000000 + 0x300 * port)
        self.out = 0
        self._changed = changed
        self.add_values(*(0x700 + 4 * pin for pin in range(32)), reset=2)
        self.add_fields(dict.fromkeys((0x700 + 4 * pin for pin in range(32)), 0x3070F))
        self.hooks[0x508] = lambda bits: self._set(self.out | bits)
        self.hooks[0x50C] = lambda bits: self._set(self.out & ~bits)

    def reset(self) -> None:
        super().reset()
        self.out = 0

    def _set(self, out: int) -> None:
        old, self.out = self.out, out
        self._changed(old, out)

    def is_output(self, pin: int) -> bool:
        return bool(self.values[0x700 + 4 * pin] & 1)

    def is_input(self, pin: int) -> bool:
        return not self.values[0x700 + 4 * pin] & 3


class Pins:
    """Both ports, by the pin numbers of PSEL registers."""

    def __init__(self, machine: Machine, led: int, pwm: Pwm | None = None) -> None:
        self._led = led
        self._pwm = pwm
        self._machine = machine
        self.led_times: list[float] = []
        self.ports = (Gpio(machine, 0, self._changed), Gpio(machine, 1, lambda old, out: None))

    def _changed(self, old: int, out: int) -> None:
        if out & ~old & 1 << self._led:
            if self._pwm is not None and self._pwm.has(self._led):
                raise FaultError("the LED's pin still belongs to PWM0, as the boot loader leaves it")  # 6.17.4
            self.led_times.append(self._machine.now / self._machine.clock_hz)

    def level(self, pin: int) -> int:
        return self.ports[pin >> 5].out >> (pin & 31) & 1

    def is_output(self, pin: int) -> bool:
        return self.ports[pin >> 5].is_output(pin & 31)

    def is_input(self, pin: int) -> bool:
        return self.ports[pin >> 5].is_input(pin & 31)


class Pwm(Peripheral):
    """PWM0 (6.17): only which pins it has."""

    _ENABLE, _PSEL_OUT = 0x500, (0x560, 0x564, 0x568, 0x56C)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "PWM0", 0x4001C000)
        self.tasks[0x004] = lambda: None
        self.add_values(self._ENABLE, 0x504, 0x508, 0x50C)
        self.add_values(*self._PSEL_OUT, reset=0xFFFFFFFF)

    def has(self, pin: int) -> bool:
        return bool(self.values[self._ENABLE]) and any(self.values[offset] == pin for offset in self._PSEL_OUT)


class Rtc(Peripheral):
    """RTC1 (6.22), which only a boot loader uses."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "RTC1", 0x40011000)
        self.add_values(0x540)


class Timer(Peripheral):
    """A timer or counter (6.30), 32 bits wide."""

    _SOURCE_HZ = 16_000_000

    def __init__(self, machine: Machine, number: int) -> None:
        super().__init__(machine, f"TIMER{number}", 0x40008000 + 0x1000 * number)
        self._started: float | None = None
        self._count = 0
        self._plan = [0] * 6
        self.tasks.update({0x000: self._start, 0x004: self._stop, 0x008: self._tick, 0x00C: self._clear})
        self.add_values(0x504, 0x508)
        self.add_values(0x510, reset=4)
        self.add_fields({0x504: 3, 0x508: 3, 0x510: 15})
        for offset in (0x504, 0x508, 0x510):
            self.hooks[offset] = lambda value, offset=offset: self._set_up(offset, value)  # type: ignore[misc]
        for n in range(6):
            self.tasks[0x040 + 4 * n] = lambda n=n: self._capture(n)  # type: ignore[misc]
            self.hooks[0x540 + 4 * n] = lambda value, n=n: self._compare(n, value)  # type: ignore[misc]
            self.add_values(0x540 + 4 * n)
            self.add_event(0x140 + 4 * n, 16 + n)

    def reset(self) -> None:
        super().reset()
        self._stop()
        self._count = 0

    def leave(self, registers: dict[int, int], running: str) -> None:
        super().leave(registers, running)
        if running:
            self._start()

    def _set_up(self, offset: int, value: int) -> None:
        if self._started is not None and value != self.values[offset]:
            raise FaultError(f"{self.name}: register {offset:#05x} is changed while it runs")  # 6.30.6
        self.values[offset] = value

    def _stop(self) -> None:
        self._count = self.count()
        self._started = None
        self._plan = [plan + 1 for plan in self._plan]

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
        ahead = (value - self.count()) & 0xFFFFFFFF or 1 << 32  # not if it is there already
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
        self.add_values(0x500)
        self.hooks[0x504] = lambda channels: self._enable(self._enabled | channels)
        self.hooks[0x508] = lambda channels: self._enable(self._enabled & ~channels)

    def reset(self) -> None:
        super().reset()
        self._enable(0)

    def leave(self, registers: dict[int, int], running: str) -> None:
        super().leave(registers, running)
        self._enable(self.values[0x500])

    def _enable(self, channels: int) -> None:
        self._enabled = channels
        self._routes = {}
        for n in range(16):
            if self._enabled & 1 << n:
                self._routes.setdefault(self.values[0x510 + 8 * n], []).append(self.values[0x514 + 8 * n])

    def event(self, address: int) -> None:
        for task in self._routes.get(address, ()):
            self._trigger(task)


class Watchdog(Peripheral):
    """WDT (6.36). A soft reset does not end it; only its own reset does (5.3.6.6).

    Attributes:
        bite: what happens when nobody feeds it.
    """

    _RELOAD = 0x6E524635
    _HZ = 32768
    _RUNSTATUS, _CRV, _RREN, _CONFIG, _RR = 0x400, 0x504, 0x508, 0x50C, 0x600

    def __init__(self, machine: Machine, bite: Callable[[], None]) -> None:
        super().__init__(machine, "WDT", 0x40010000)
        self.bite = bite
        self._plan = 0
        self._hungry = 0  # reload registers that have not been written
        self.tasks[0x000] = self._start
        self.add_values(self._RUNSTATUS, self._CONFIG)
        self.add_values(self._RREN, reset=1)
        self.add_values(self._CRV, reset=0xFFFFFFFF)
        self.add_fields({self._RUNSTATUS: 0, self._RREN: 0xFF, self._CONFIG: 9})
        for offset in (self._CRV, self._RREN, self._CONFIG):
            self.hooks[offset] = lambda value, offset=offset: self._configure(offset, value)  # type: ignore[misc]
        for n in range(8):
            self.hooks[self._RR + 4 * n] = lambda value, n=n: self._reload(n, value)  # type: ignore[misc]

    @property
    def _running(self) -> bool:
        return bool(self.values[self._RUNSTATUS])

    def reset(self) -> None:
        """Nothing: it outlives a reset."""

    def end(self) -> None:
        """It has reset the chip, and itself."""
        self._plan += 1
        self.values.update({self._RUNSTATUS: 0, self._CONFIG: 0, self._RREN: 1, self._CRV: 0xFFFFFFFF})

    def arm(self, seconds: float, registers: int) -> None:
        """A program before this one has started it."""
        self.values.update({self._CRV: int(seconds * self._HZ) - 1, self._RREN: registers})
        self._start()

    def feed(self) -> None:
        for n in range(8):
            self._reload(n, self._RELOAD)

    def _configure(self, offset: int, value: int) -> None:
        if self._running:
            raise FaultError("WDT is configured after its start, when its registers are locked")  # 6.36.3
        self.values[offset] = value

    def _start(self) -> None:
        if not self._running:
            self.values[self._RUNSTATUS] = 1
            self._wind()

    def _reload(self, n: int, value: int) -> None:
        if value != self._RELOAD:
            raise FaultError(f"WDT is fed {value:#x}")
        self._hungry &= ~(1 << n)
        if self._running and not self._hungry:
            self._wind()

    def _wind(self) -> None:
        self._plan += 1
        plan = self._plan
        self._hungry = self.values[self._RREN]
        patience_s = (self.values[self._CRV] + 1) / self._HZ
        due = self.machine.now + patience_s * self.machine.clock_hz
        self.machine.at(due, lambda: self._bite(plan), lasting=True)

    def _bite(self, plan: int) -> None:
        if plan == self._plan:
            self.bite()


class Information(Peripheral):
    """FICR (4.4): only the device's identifier."""

    DEVICE_ID = (0x89ABCDEF, 0x01234567)

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "FICR", INFORMATION)
        self.add_values(0x060, reset=self.DEVICE_ID[0])
        self.add_values(0x064, reset=self.DEVICE_ID[1])

    def write(self, offset: int, value: int) -> None:
        raise FaultError(f"FICR: write of register {offset:#05x}, which is read-only")


class FlashController(Peripheral):
    """NVMC (4.3): only the switch of the instruction cache."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "NVMC", 0x4001E000)
        self.add_values(0x540)
