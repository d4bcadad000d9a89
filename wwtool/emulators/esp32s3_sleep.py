"""How an ESP32-S3 waits for an interrupt: sources, interrupt matrix, tick of the system timer, vector.

The firmware's core stands before its ``waiti``. What would end the wait follows from the registers that the firmware
has written. A wait that nothing can end is a fault of the program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from wwtool.emulators.esp32s3_registers import MisuseError
from wwtool.emulators.gdb_stub import GdbStub

UART, USB, MICROPHONE, TICK = "uart", "usb", "microphone", "tick"

_A0, _PC, _PS, _EPC2, _EPS2, _VECBASE = 0, 16, 21, 29, 32, 41  # QEMU's order of registers, for its lx106
_MATRIX = 0x600C2000
_EXTERN_LEVEL = 0x8FBE333F  # interrupts that follow their source's level (ESP-IDF, xtensa/config/core-isa.h)
_LEVEL_2 = 0x00380000  # those whose priority is 2
_VECTOR_2 = 0x180  # behind VECBASE
_PS_LEVEL, _PS_EXCEPTION = 0xF, 1 << 4
_CPU_PER_CONF, _WAIT_CLOCK_ON = 0x600C0010, 1 << 3
_SYSTIMER_CONF, _TARGET0_CONF = 0x60023000, 0x60023034
_TARGET0_WORKS, _PERIOD_MODE, _PERIOD = 1 << 24, 1 << 30, 0x03FFFFFF
_SYSTIMER_MHZ = 16


@dataclass(frozen=True)
class _Source:
    """A peripheral's interrupt: its number in the matrix, its registers, and its bits in them."""

    number: int
    raw: int
    enable: int
    clear: int
    bits: int


_SOURCES: Final = {
    UART: _Source(27, 0x60000004, 0x6000000C, 0x60000010, 1 << 0 | 1 << 8),
    USB: _Source(96, 0x60038008, 0x60038010, 0x60038014, 1 << 2),
    MICROPHONE: _Source(66, 0x6003F008, 0x6003F010, 0x6003F014, 1 << 1),
    TICK: _Source(57, 0x60023068, 0x60023064, 0x6002306C, 1 << 0),
}
RAW_OF: Final = {source.clear: source.raw for source in _SOURCES.values()}
COMP0_LOAD: Final = 0x60023050


class _Chip(Protocol):
    """What a wait has to do with the rest of the chip."""

    stub: GdbStub
    now_us: float

    def get(self, address: int) -> int: ...
    def set(self, address: int, value: int) -> None: ...
    def check_watchdogs_at(self, now_us: float) -> None: ...


class Waiting:
    """The waits of a core.

    Attributes:
        asleep_us: how long the core has had no clock.
        wakes: how many waits have ended in which the core was at rest, not with an interrupt from before.
    """

    def __init__(self, chip: _Chip) -> None:
        self._chip = chip
        self._tick_since: float | None = None  # when the alarm's period was loaded, or the last alarm
        self.asleep_us = 0.0
        self.wakes = 0
        self._rests = False

    def load_tick(self) -> None:
        """The alarm's period is taken over."""
        self._tick_since = self._chip.now_us

    def armed(self, enabled: int) -> set[str]:
        """The sources that can end a wait for the core's interrupts ``enabled``, a bit for each.

        Raises:
            MisuseError: there is none, or its interrupt would not come to the handler of waits.
        """
        chip = self._chip
        found = set()
        for name, source in _SOURCES.items():
            line = chip.get(_MATRIX + 4 * source.number) & 0x1F
            if not (chip.get(source.enable) & source.bits and enabled >> line & 1):
                continue
            if not _EXTERN_LEVEL >> line & 1:
                raise MisuseError(f"the source {name} raises interrupt {line}, which does not follow its level")
            if not _LEVEL_2 >> line & 1:
                raise MisuseError(f"the source {name} raises interrupt {line}, whose vector is not that of level 2")
            if name != TICK or self._period_us is not None:
                found.add(name)
        if not found:
            raise MisuseError("it waits for an interrupt, and none can come")
        return found

    @property
    def _period_us(self) -> float | None:
        """The tick's; None if it does not run."""
        conf = self._chip.get(_TARGET0_CONF)
        runs = self._chip.get(_SYSTIMER_CONF) & _TARGET0_WORKS and conf & _PERIOD_MODE and self._tick_since is not None
        return max(1, conf & _PERIOD) / _SYSTIMER_MHZ if runs else None

    def left_us(self, armed: set[str]) -> float:
        """The time to the next end of a wait that the chip itself knows: 0 if an interrupt is there already."""
        period = self._period_us
        if period is not None and self._tick_since is not None and self._chip.now_us >= self._tick_since + period:
            self._tick_since += (self._chip.now_us - self._tick_since) // period * period
            self.raise_interrupt(TICK)
        if any(self._chip.get(_SOURCES[name].raw) & _SOURCES[name].bits for name in armed):
            return 0.0
        if TICK not in armed or period is None or self._tick_since is None:
            return float("inf")
        return self._tick_since + period - self._chip.now_us

    def raise_interrupt(self, name: str) -> None:
        """A source has something to tell; it stays so until the program clears it."""
        source = _SOURCES[name]
        self._chip.set(source.raw, self._chip.get(source.raw) | source.bits)

    def sleep(self, us: float) -> None:
        """The core waits for so long, without a clock if the program has allowed that."""
        self._chip.check_watchdogs_at(self._chip.now_us + us)
        self._rests = True
        if not self._chip.get(_CPU_PER_CONF) & _WAIT_CLOCK_ON:
            self.asleep_us += us

    def wake(self, core: list[int]) -> None:
        """The interrupt is taken: the core stands before the handler, which returns behind the wait's function."""
        self.wakes += self._rests
        self._rests = False
        core[_EPC2], core[_EPS2] = core[_A0], core[_PS] & ~_PS_LEVEL
        core[_PS] = core[_EPS2] | _PS_EXCEPTION | 2
        core[_PC] = core[_VECBASE] + _VECTOR_2
        self._chip.stub.set_registers(core)
