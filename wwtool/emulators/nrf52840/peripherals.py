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

    def after_reset(self) -> str:
        """What starts after a reset of the chip at this moment."""
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
            raise FaultError("WDT is configured after its start, when its registers are locked")  # 6.36.3
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
