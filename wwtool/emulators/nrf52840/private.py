"""Registers of the emulated nRF52840's core: interrupts, system control, cycle counter, memory protection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from wwtool.emulators.nrf52840.registers import FLASH_BYTES, RAM, FaultError, Machine, Peripheral

PRIVATE = 0xE0000000
_FPU_ON = 0xF << 20


class Core(Machine, Protocol):
    """The core, for its registers."""

    @property
    def cycles(self) -> int: ...


class Private(Peripheral):
    """NVIC, SysTick's switch, system control, cycle counter (ARMv7-M, B3.2, B3.4, C1.8)."""

    _ISER, _ICER, _ICPR = 0xE100, 0xE180, 0xE280
    _MPU_CTRL = 0xED94
    _VTOR, _AIRCR, _CPACR, _DEMCR, _DWT_CTRL, _CYCCNT = 0xED08, 0xED0C, 0xED88, 0xEDFC, 0x1000, 0x1004
    _RESET = 0x05FA0004

    def __init__(self, chip: Core, reset_chip: Callable[[], None]) -> None:
        super().__init__(chip, "core", PRIVATE)
        self._reset_chip = reset_chip
        self._chip = chip
        self.vector_table = 0
        self._enabled = [0, 0]
        self._irqs: list[int] = []
        self._zero_at = 0
        self._frozen = 0
        self.add_values(self._CPACR, self._DEMCR, self._DWT_CTRL, self._MPU_CTRL)
        self.add_fields({self._MPU_CTRL: 7})
        self.hooks[0xE010] = self._systick
        self.hooks[self._VTOR] = self._set_vector_table
        self.hooks[self._AIRCR] = self._ask_for_reset
        self.hooks[self._CYCCNT] = self._set_cycles
        for n in range(2):
            self.hooks[self._ISER + 4 * n] = lambda bits, n=n: self._enable(n, bits)  # type: ignore[misc]
            self.hooks[self._ICER + 4 * n] = lambda bits, n=n: self._disable(n, bits)  # type: ignore[misc]
            self.hooks[self._ICPR + 4 * n] = lambda bits: None  # lines are levels here

    def reset(self) -> None:
        super().reset()
        self._enabled = [0, 0]
        self._zero_at = self._frozen = 0
        self._list_irqs()

    def enabled_irqs(self) -> list[int]:
        return self._irqs

    def _enable(self, word: int, bits: int) -> None:
        self._enabled[word] |= bits
        self._list_irqs()

    def _disable(self, word: int, bits: int) -> None:
        self._enabled[word] &= ~bits
        self._list_irqs()

    def _list_irqs(self) -> None:
        self._irqs = [n for n in range(64) if self._enabled[n >> 5] >> (n & 31) & 1]
        self._chip.attention()

    def _systick(self, value: int) -> None:
        if value:
            raise FaultError("SysTick is started, which is not modelled; it stands still while the core sleeps")

    def _set_vector_table(self, value: int) -> None:
        if value % 256 or not (value < FLASH_BYTES or value in RAM):
            raise FaultError(f"the vector table is put at {value:#x}")  # 64 entries: aligned to their size
        self.vector_table = value

    def _ask_for_reset(self, value: int) -> None:
        if value != self._RESET:
            raise FaultError(f"AIRCR is written with {value:#x}, which is not modelled")
        self._reset_chip()

    def _set_cycles(self, value: int) -> None:
        self._zero_at = self._chip.cycles - value

    def read(self, offset: int) -> int:
        if offset == self._VTOR:
            return self.vector_table
        if offset == self._CYCCNT:
            counting = self.values[self._DEMCR] >> 24 & 1 and self.values[self._DWT_CTRL] & 1
            if counting:
                self._frozen = (self._chip.cycles - self._zero_at) & 0xFFFFFFFF
            return self._frozen
        return super().read(offset)

    def check_before_sleep(self) -> None:
        """Checks, when the program sleeps for the first time, that it has set its core up."""
        if self.values[self._CPACR] & _FPU_ON != _FPU_ON:
            raise FaultError("the floating-point unit is off, and code compiled for it runs")
