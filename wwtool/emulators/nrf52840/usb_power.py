"""Power and clock of the nRF52840's USB device: in which order a program may enable it and show it to a host.

Product specification v1.7, 6.35.4, and the errata of the chip. What the device does once it is there is in
``usbd``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from wwtool.emulators.nrf52840.peripherals import Clock
from wwtool.emulators.nrf52840.registers import FaultError, Machine, Peripheral

_READY_US = 20  # the specification has no figure


class Bus(Protocol):
    """What a host has to know: the state of the pull-up, and that a transaction may get another answer now."""

    def attached(self, attached: bool) -> None: ...
    def changed(self) -> None: ...


class UsbErrata(Peripheral):
    """Undocumented registers that the workarounds for errata 171 and 187 write, behind a lock."""

    _LOCK, _KEY, _171, _187 = 0xC00, 0x9375, 0xC14, 0xD14

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "USBD's errata registers", 0x4006E000)
        self.watched = False  # USBD is enabled
        self.add_values(self._LOCK, self._171, self._187)
        self.hooks[self._LOCK] = self._turn
        for offset in (self._171, self._187):
            self.hooks[offset] = lambda value, offset=offset: self._set(offset, value)  # type: ignore[misc]

    def reset(self) -> None:
        super().reset()
        self.watched = False

    def _turn(self, value: int) -> None:
        if value != self._KEY:
            raise FaultError(f"{self.name}: the key is {value:#x}")
        self.values[self._LOCK] ^= 1

    def _set(self, offset: int, value: int) -> None:
        if not self.values[self._LOCK]:
            raise FaultError(f"{self.name}: {offset:#x} is written while locked")
        if offset == self._187 and value == 0 and self.watched:
            raise FaultError("the workaround for erratum 211 ends before USBD is disabled")
        self.values[offset] = value

    @property
    def setting(self) -> tuple[int, int]:
        """The registers set for errata 171 and 187."""
        return self.values[self._171], self.values[self._187]


class SwitchedUsb(Peripheral, ABC):
    """ENABLE, USBPULLUP, LOWPOWER and EVENTCAUSE of USBD, as a boot loader that has used it leaves them."""

    _USBEVENT, _EVENTCAUSE, _ENABLE, _USBPULLUP, _LOWPOWER = 0x158, 0x400, 0x500, 0x504, 0x52C
    _SUSPEND, _RESUME, _READY = 1 << 8, 1 << 9, 1 << 11

    def __init__(self, machine: Machine, clock: Clock, errata: UsbErrata) -> None:
        super().__init__(machine, "USBD", 0x40027000)
        self._clock, self._errata = clock, errata
        self.bus: Bus | None = None
        self._enablings = 0
        self._ready = self._suspended = False
        self.never_ready = False
        self._is_odd = False  # EasyDMA has copied an odd number of bytes
        self.add_event(self._USBEVENT, 22)
        self.add_values(self._EVENTCAUSE, self._LOWPOWER)
        self.add_values(self._ENABLE, self._USBPULLUP, reset=int(clock.usb_power))
        self.hooks[self._EVENTCAUSE] = lambda bits: self._acknowledge(self._EVENTCAUSE, bits)
        self.hooks[self._ENABLE] = self._enable
        self.hooks[self._USBPULLUP] = self._pull_up
        self.hooks[self._LOWPOWER] = self._low_power
        self.inten = int(clock.usb_power)  # set by the boot loader

    def reset(self) -> None:
        showed = self.values[self._USBPULLUP]
        super().reset()
        self.inten = int(self._clock.usb_power)
        self.values[self._ENABLE] = self.values[self._USBPULLUP] = int(self._clock.usb_power)
        self._ready = self._suspended = self._is_odd = False
        self._enablings = 0
        self._flush()
        if showed and self.bus is not None:
            self.bus.attached(False)

    @abstractmethod
    def _flush(self) -> None:
        """Forgets requests and packets."""

    def _cause(self, bit: int) -> None:
        self.values[self._EVENTCAUSE] |= bit
        self.set_event(self._USBEVENT)

    def _acknowledge(self, offset: int, bits: int) -> None:
        self.values[offset] &= ~bits

    def _enable(self, value: int) -> None:
        if not value:
            if self.values[self._USBPULLUP]:
                raise FaultError("USBD is disabled while its pull-up still shows a device")
            self.values[self._ENABLE], self._ready = 0, False
            self._errata.watched = False
            self._flush()
            if self._is_odd:
                self._is_odd = False
                raise FaultError("USBD is disabled after an odd number of bytes by EasyDMA, which spoil its next start")
            return
        if self.values[self._ENABLE]:
            raise FaultError("USBD is enabled a second time; a boot loader can leave it enabled")
        if not self._clock.usb_power:
            raise FaultError("USBD is enabled without power on the bus")  # 6.35.4
        if self._errata.setting != (0xC0, 3):
            raise FaultError("USBD is enabled without the workarounds for errata 171 and 187")
        self.values[self._ENABLE] = 1
        self._errata.watched = True
        self._enablings += 1
        enabling = self._enablings
        self.machine.at(
            self.machine.now + _READY_US * self.machine.clock_hz / 1e6, lambda: self._become_ready(enabling)
        )

    def _become_ready(self, enabling: int) -> None:
        if self.values[self._ENABLE] and enabling == self._enablings and not self.never_ready:
            self._ready = True
            self._cause(self._READY)

    def _pull_up(self, value: int) -> None:
        if value and not self._ready:
            raise FaultError("USBD is attached before it is ready")
        if value and self.values[self._LOWPOWER]:
            raise FaultError("USBD is attached in low power")
        if value and not self._clock.crystal:
            raise FaultError("USBD is attached without the crystal oscillator")  # 6.35.4
        if value and self._errata.setting != (0, 3):
            raise FaultError(
                "USBD is attached while the workaround for erratum 171 still holds, or without that for 211"
            )
        if value and self._enablings < 2:
            raise FaultError("USBD is attached after its first enabling, without the workaround for erratum 223")
        if value != self.values[self._USBPULLUP]:
            self.values[self._USBPULLUP] = value
            if self.bus is not None:
                self.bus.attached(bool(value))

    def _low_power(self, value: int) -> None:
        if value and not self._suspended:
            raise FaultError("USBD goes to low power while the bus is awake")
        self.values[self._LOWPOWER] = value

    def get_power(self) -> None:
        """The cable is plugged in."""
        self._clock.plug()

    def lose_power(self) -> None:
        self._clock.unplug()
        self._suspended = False
        self._flush()

    def suspend(self) -> None:
        """The bus has been idle long enough to suspend."""
        self._suspended = True
        self._cause(self._SUSPEND)

    def resume(self) -> None:
        self._suspended = False
        self._cause(self._RESUME)

    @property
    def deaf(self) -> bool:
        """Whether the device hears no transactions."""
        return not self._ready or not self._clock.usb_power or bool(self.values[self._LOWPOWER])
