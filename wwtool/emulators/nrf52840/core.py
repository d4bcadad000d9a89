"""An nRF52840 on Unicorn's Cortex-M4: the core, its interrupts and its time.

Unicorn runs the instructions. This module counts them by basic block, ends a run where an event is due, enters and
leaves interrupts, and gives accesses outside of flash and RAM to ``peripherals``. A cycle is an instruction
times a factor, an estimate: nothing here knows pipelines, caches or the flash.

Two ways of Unicorn to know: a block hook that stops the run does so before its block, and the next run starts with the
same hook; and a run to WFI ends behind it.
"""

from __future__ import annotations

import heapq
import itertools
import math
import struct
from collections.abc import Callable
from typing import Any

from unicorn import (
    UC_ARCH_ARM,
    UC_HOOK_BLOCK,
    UC_HOOK_INTR,
    UC_HOOK_MEM_INVALID,
    UC_HOOK_MEM_READ,
    UC_MODE_MCLASS,
    UC_MODE_THUMB,
    Uc,
    UcError,
)
from unicorn import arm_const as arm

from wwtool.emulators.nrf52840.boot_loader import Arduino, BootLoader, Reset
from wwtool.emulators.nrf52840.dma import Pdm, Uarte
from wwtool.emulators.nrf52840.peripherals import (
    Clock,
    FlashController,
    Information,
    Pins,
    Ppi,
    Pwm,
    Rtc,
    Timer,
    Watchdog,
)
from wwtool.emulators.nrf52840.private import PRIVATE, Private
from wwtool.emulators.nrf52840.registers import FLASH_BYTES, INFORMATION, RAM, FaultError, Peripheral
from wwtool.emulators.nrf52840.start_state import read_fields, read_start
from wwtool.emulators.nrf52840.usb_power import UsbErrata
from wwtool.emulators.nrf52840.usbd import Usbd
from wwtool.emulators.usb_host import UsbHost

LED = 13

_PERIPHERALS, _PERIPHERALS_BYTES = 0x40000000, 0x100000
_GPIO = 0x50000000
_PRIVATE_BYTES = 0x100000
_BUSES = (
    (INFORMATION, 0x1000), (_PERIPHERALS, _PERIPHERALS_BYTES), (_GPIO, 0x1000), (PRIVATE, _PRIVATE_BYTES),
)  # fmt: skip
_EXC_RETURN = 0xFFFFFFE9  # to thread mode, main stack, with a floating-point frame
_FRAME_BYTES = 0x68
_EXCEPTION_EXIT = 8  # what Unicorn reports for a branch to it
_WFI = b"\x30\xbf"
_BRANCH_TO_SELF = b"\xfe\xe7"
_ENDLESS = -1  # a block that only an event ends
_IRQ_BASE = 16
_RAM_AT_START = 0xA5  # SRAM is not cleared


def instructions_of(code: bytes) -> int:
    """Number of Thumb instructions: a first half-word from 0xE800 on has a second one.

    >>> instructions_of(bytes.fromhex("00bf aff30080 7047"))
    3
    """
    count = position = 0
    while position < len(code):
        position += 4 if code[position + 1] >= 0xE8 else 2
        count += 1
    return count


class Chip:
    """The chip with an image in its flash, in the state in which the boot loader starts it.

    Attributes:
        idle_cycles: cycles slept through.
        asleep: the core waits for an interrupt, or a boot loader holds it.
        host: the PC on the USB cable; None if there is no cable.
        loader: the boot loader, which gets the chip after a reset.
        held: the boot loader has the chip.
        restarts: a reset that leads back to the program ends the run if this is False.
        start: the state of ``start.yaml`` in which the boot loader leaves the chip.
    """

    def __init__(
        self, image: bytes, origin: int, clock_hz: int, cycles_per_instruction: float, audio: bytes = b"",
        say: Callable[[bytes], None] = lambda data: None, say_usb: Callable[[bytes], None] | None = None,
        restarts: bool = False, loader: type[BootLoader] = Arduino, start: str = "arduino",
    ) -> None:  # fmt: skip
        self.clock_hz = clock_hz
        self.sleeps = 0  # how often the core fell asleep
        self.idle_cycles = 0.0
        self.asleep = False
        self.instructions = 0
        self.failure: FaultError | None = None
        self._factor = cycles_per_instruction
        self._deadline = 0.0
        self._fresh = self._stopped = False
        self._agenda: list[tuple[float, int, bool, Callable[[], None]]] = []
        self._reset_due: Reset | None = None
        self.held = False
        self.restarts, self.start, self.origin = restarts, start, origin
        self._order = itertools.count()
        self._blocks: dict[int, int] = {}
        self._interrupted: tuple[Any, int] | None = None
        self._uc: Any = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)

        pwm = Pwm(self)
        self.pins = Pins(self, LED, pwm)
        self.clock = clock = Clock(self, usb_power=say_usb is not None)
        self.watchdog = Watchdog(self, lambda: self.reset_chip(Reset.WATCHDOG))
        self.uarte = Uarte(self, clock, self.pins, say)
        self.pdm = Pdm(self, clock, self.pins, audio)
        errata = UsbErrata(self)
        self.usbd = Usbd(self, clock, errata)
        self._ppi = Ppi(self, self._trigger)
        timers = [Timer(self, 0), Timer(self, 1)]
        parts = [clock, self.uarte, *timers, self.watchdog, self.pdm, FlashController(self), self._ppi, pwm, Rtc(self)]
        parts += [Information(self), errata, self.usbd]
        for part in parts:
            part.add_fields(read_fields().get(part.name, {}))
        self._pages: dict[int, Peripheral] = {part.base >> 12: part for part in parts}
        self._private = Private(self, lambda: self.reset_chip(Reset.PROGRAM))
        self._parts = [*parts, *self.pins.ports, self._private]
        self._map(image, origin)
        self._cool()
        self.loader = loader(self)
        self.start_program(self.loader.vectors)
        self.host = None if say_usb is None else UsbHost(self, self.usbd, say_usb)

    # ---- resets ----------------------------------------------------------------------------------------------------

    def reset_chip(self, reason: Reset) -> None:
        """Resets the chip as soon as the core stands still."""
        self._reset_due = reason
        self.attention()
        self._uc.emu_stop()

    def _reset(self, reason: Reset) -> None:
        """What a reset leaves: the memory, and what the parts keep (5.3.6.6)."""
        self._reset_due = None
        self._interrupted = None
        self._cool()
        self.clock.note_reset(reason.value, keeps_gpregret=reason is Reset.PROGRAM)
        if reason is Reset.WATCHDOG:
            self.watchdog.end()
        self.held = self.asleep = True
        self._reason = reason
        self.loader.begin(reason)

    def _cool(self) -> None:
        self._agenda = [entry for entry in self._agenda if entry[2]]
        heapq.heapify(self._agenda)
        for part in self._parts:
            part.reset()

    def start_program(self, vectors: int) -> None:
        """The boot loader leaves its registers and goes to the program."""
        if self.held and not self.restarts:
            raise FaultError(f"the {self._reason.name.lower()} reset the chip")
        self.held = self.asleep = False
        parts = {part.name: part for part in self._parts}
        for name, left in read_start(self.start).items():
            parts[name].leave(left.registers, left.running)
        self._private.vector_table = self.loader.vector_table
        stack, self._pc = struct.unpack("<II", self.read_memory(vectors, 8))
        self._uc.reg_write(arm.UC_ARM_REG_SP, stack)
        self._uc.reg_write(arm.UC_ARM_REG_PRIMASK, 0)
        self._blocks.clear()
        self._uc.ctl_flush_tb()

    # ---- what peripherals ask for ----------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        return self.idle_cycles + self.instructions * self._factor

    @property
    def cycles(self) -> int:
        """Cycles in which the core ran."""
        return int(self.instructions * self._factor)

    def at(self, time: float, action: Callable[[], None], lasting: bool = False) -> None:
        heapq.heappush(self._agenda, (time, next(self._order), lasting, action))
        self._deadline = min(self._deadline, self._in_instructions(time))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds * self.clock_hz, action)

    def attention(self) -> None:
        self._deadline = 0.0

    def read_memory(self, address: int, count: int) -> bytes:
        return bytes(self._uc.mem_read(address, count))

    def write_memory(self, address: int, data: bytes) -> None:
        self._uc.mem_write(address, data)

    def break_ram(self, address: int) -> None:
        """The lowest bit of a word reads 1 from now on, whatever is written to it."""

        def read(*_: object) -> None:
            self.write_memory(address, bytes([self.read_memory(address, 1)[0] | 1]))

        self._uc.hook_add(UC_HOOK_MEM_READ, read, begin=address, end=address + 3)

    def event(self, address: int) -> None:
        self._ppi.event(address)

    def _trigger(self, task: int) -> None:
        self._pages[task >> 12].write(task & 0xFFF, 1)

    # ---- the bus ---------------------------------------------------------------------------------------------------

    def _map(self, image: bytes, origin: int) -> None:
        uc = self._uc
        uc.mem_map(0, FLASH_BYTES, 5)  # read and execute
        runs_from_ram = origin in RAM
        uc.mem_map(RAM.start, len(RAM), 7 if runs_from_ram else 3)  # read, write, and execute
        uc.mem_write(RAM.start, bytes([_RAM_AT_START]) * len(RAM))
        uc.mem_write(0, b"\xff" * FLASH_BYTES)
        uc.mem_write(origin, image)
        for base, size in _BUSES:
            uc.mmio_map(base, size, self._read, base, self._write, base)
        uc.hook_add(UC_HOOK_BLOCK, self._block)
        uc.hook_add(UC_HOOK_INTR, self._exception)
        uc.hook_add(UC_HOOK_MEM_INVALID, self._invalid)

    def _part(self, address: int) -> tuple[Peripheral, int]:
        if address >= PRIVATE:
            return self._private, address - PRIVATE
        if address >= _GPIO:
            port = self.pins.ports[1 if address >= _GPIO + 0x800 else 0]
            return port, address - port.base
        part = self._pages.get(address >> 12)
        if part is None:
            raise FaultError(f"access to {address:#x}, where no peripheral is modelled")
        return part, address & 0xFFF

    def _read(self, uc: Any, offset: int, size: int, base: int) -> int:
        try:
            part, register = self._part(base + offset)
            if size != 4:
                raise FaultError(f"access of {size} bytes to {base + offset:#x}, whose registers are words")
            return part.read(register) & 0xFFFFFFFF
        except FaultError as fault:
            self._fail(fault)
            return 0

    def _write(self, uc: Any, offset: int, size: int, value: int, base: int) -> None:
        try:
            part, register = self._part(base + offset)
            if size != 4:
                raise FaultError(f"access of {size} bytes to {base + offset:#x}, whose registers are words")
            part.write(register, value)
        except FaultError as fault:
            self._fail(fault)

    def _fail(self, fault: FaultError) -> None:
        if self.failure is None:
            self.failure = FaultError(f"{fault} (PC {self._uc.reg_read(arm.UC_ARM_REG_PC):#x})")
        self._uc.emu_stop()

    # ---- the core --------------------------------------------------------------------------------------------------

    def _block(self, uc: Any, address: int, size: int, _: object) -> None:
        if self.instructions >= self._deadline and not self._fresh:
            self._stopped = True
            uc.emu_stop()
            return
        self._fresh = False
        key = address << 16 | size
        count = self._blocks.get(key)
        if count is None:
            code = bytes(uc.mem_read(address, size))
            count = self._blocks[key] = _ENDLESS if code == _BRANCH_TO_SELF else instructions_of(code)
        if count == _ENDLESS:
            count = max(1, math.ceil(self._deadline - self.instructions))
        self.instructions += count

    def _exception(self, uc: Any, number: int, _: object) -> None:
        if number == _EXCEPTION_EXIT:
            uc.emu_stop()
            return
        pc = uc.reg_read(arm.UC_ARM_REG_PC)
        names = {1: "undefined instruction", 2: "SVC", 7: f"BKPT {self.read_memory(pc, 1)[0]}"}
        self._fail(FaultError(names.get(number, f"exception {number}")))

    def _invalid(self, uc: Any, access: int, address: int, size: int, value: int, _: object) -> bool:
        self._fail(FaultError(f"{size} bytes at {address:#x} are accessed, where they cannot be"))
        return False

    def _in_instructions(self, time: float) -> float:
        return (time - self.idle_cycles) / self._factor

    def _pending(self) -> int | None:
        """The lowest interrupt that is enabled and requested."""
        for number in self._private.enabled_irqs():
            part = self._pages.get(_PERIPHERALS + (number << 12) >> 12)
            if part is not None and part.interrupt:
                return number
        return None

    def run(self, cycles: float) -> None:
        """Runs for about that long, or until the core sleeps and nothing is due. A fault is raised."""
        end = self.now + cycles
        while self.now < end:
            self._do_what_is_due()
            if self.held:
                return
            pending = self._pending()
            if pending is not None:
                self.asleep = False
            if self.asleep:
                return
            free = self._interrupted is None and not self._uc.reg_read(arm.UC_ARM_REG_PRIMASK)
            if pending is not None and free:
                self._enter(pending)
                pending = None
            masked = pending is not None and self._interrupted is None
            due = self._agenda[0][0] if self._agenda else end
            self._deadline = 0.0 if masked else self._in_instructions(min(due, end))
            self._step()

    def _do_what_is_due(self) -> None:
        while self._reset_due is not None or (self._agenda and self._agenda[0][0] <= self.now):
            try:
                if self._reset_due is not None:
                    self._reset(self._reset_due)
                else:
                    heapq.heappop(self._agenda)[3]()
            except FaultError as fault:
                self._fail(fault)
                assert self.failure is not None
                raise self.failure from fault

    def sleep_until_next_event(self, at_most_cycles: float) -> float:
        """Lets time pass while the core sleeps; returns how much."""
        step = at_most_cycles
        if self._agenda:
            step = max(0.0, min(step, self._agenda[0][0] - self.now))
        self.idle_cycles += step
        return step

    def _step(self) -> None:
        self._fresh, self._stopped = True, False
        try:
            self._uc.emu_start(self._pc | 1, _EXC_RETURN & ~1)
        except UcError as error:
            if self.failure is None:
                pc = self._uc.reg_read(arm.UC_ARM_REG_PC)
                self.failure = FaultError(f"{error} (PC {pc:#x})")
        if self.failure is not None:
            raise self.failure
        if self._reset_due is not None:
            return
        self._pc = self._uc.reg_read(arm.UC_ARM_REG_PC)
        if self._pc == _EXC_RETURN & ~1:
            self._leave()
        elif not self._stopped and self.read_memory(self._pc - 2, 2) == _WFI:
            self._private.check_before_sleep()
            self.asleep = True
            self.sleeps += 1

    def _enter(self, irq: int) -> None:
        """Interrupt entry. The frame on the stack counts for its depth; the saved context is restored."""
        uc = self._uc
        registers = [arm.UC_ARM_REG_R0 + n for n in range(4)]
        frame = [uc.reg_read(r) for r in (*registers, arm.UC_ARM_REG_R12, arm.UC_ARM_REG_LR)]
        self._interrupted = (uc.context_save(), self._pc)
        stack = (uc.reg_read(arm.UC_ARM_REG_SP) - _FRAME_BYTES) & ~7
        if stack not in RAM:
            raise FaultError(f"the stack pointer {stack:#x} is outside of the RAM")
        self.write_memory(stack, struct.pack("<8I", *frame, self._pc, uc.reg_read(arm.UC_ARM_REG_XPSR) & 0xFFFFFFFF))
        uc.reg_write(arm.UC_ARM_REG_SP, stack)
        uc.reg_write(arm.UC_ARM_REG_LR, _EXC_RETURN)
        vector = self._private.vector_table + 4 * (_IRQ_BASE + irq)
        self._pc = struct.unpack("<I", self.read_memory(vector, 4))[0]
        if not self._pc & 1:
            raise FaultError(f"the vector of interrupt {irq} is {self._pc:#x}, no Thumb code")

    def _leave(self) -> None:
        if self._interrupted is None:
            raise FaultError("return from an interrupt outside of one")
        context, self._pc = self._interrupted
        self._interrupted = None
        self._uc.context_restore(context)
