"""What ends a wait of the emulated ESP32-S3, by the registers that the firmware has written."""

from __future__ import annotations

from collections import defaultdict
from typing import cast

import pytest

from wwtool.emulators.esp32s3_registers import MisuseError
from wwtool.emulators.esp32s3_sleep import MICROPHONE, TICK, UART, USB, Waiting
from wwtool.emulators.gdb_stub import GdbStub

LINE = 19
NUMBERS = {UART: 27, USB: 96, MICROPHONE: 66, TICK: 57}  # ESP-IDF, soc/interrupts.h
ENABLES = {UART: 0x6000000C, USB: 0x60038010, MICROPHONE: 0x6003F010, TICK: 0x60023064}
RAWS = {UART: 0x60000004, USB: 0x60038008, MICROPHONE: 0x6003F008, TICK: 0x60023068}
CPU_PER_CONF, CLOCK_ON = 0x600C0010, 1 << 3
PERIOD_US = 10_000.0


class Core:
    """Takes the registers of the core."""

    def set_registers(self, values: list[int]) -> None:
        self.values = values


class Chip:
    """Registers, and a time that the test moves."""

    def __init__(self) -> None:
        self.core = Core()
        self.stub = cast(GdbStub, self.core)
        self.now_us = 500.0
        self.registers: dict[int, int] = defaultdict(int)
        self.waiting = Waiting(self)

    def get(self, address: int) -> int:
        return self.registers[address]

    def set(self, address: int, value: int) -> None:
        self.registers[address] = value

    def check_watchdogs_at(self, now_us: float) -> None:
        self.now_us = now_us

    def arm(self, *names: str, line: int = LINE) -> None:
        for name in names:
            self.registers[0x600C2000 + 4 * NUMBERS[name]] = line
            self.registers[ENABLES[name]] = 0xFFFF

    def tick(self) -> None:
        self.registers[0x60023034] = int(16 * PERIOD_US) | 1 << 30
        self.registers[0x60023000] = 1 << 24
        self.waiting.load_tick()


def test_a_wait_that_nothing_can_end_is_a_fault() -> None:
    chip = Chip()
    chip.arm(UART, USB, MICROPHONE, TICK)
    chip.tick()
    assert chip.waiting.armed(1 << LINE) == {UART, USB, MICROPHONE, TICK}
    with pytest.raises(MisuseError, match="none can come"):
        chip.waiting.armed(0)
    for name in NUMBERS:
        chip.registers[ENABLES[name]] = 0
    with pytest.raises(MisuseError, match="none can come"):
        chip.waiting.armed(1 << LINE)


@pytest.mark.parametrize("address", [0x60023034, 0x60023000])
def test_a_tick_that_does_not_run_wakes_nobody(address: int) -> None:
    chip = Chip()
    chip.arm(TICK)
    chip.tick()
    assert chip.waiting.armed(1 << LINE) == {TICK}
    chip.registers[address] = 0
    with pytest.raises(MisuseError, match="none can come"):
        chip.waiting.armed(1 << LINE)


@pytest.mark.parametrize(("line", "said"), [(16, "does not follow its level"), (0, "vector is not that of level 2")])
def test_interrupts_that_have_another_handler(line: int, said: str) -> None:
    chip = Chip()
    chip.arm(UART, line=line)
    with pytest.raises(MisuseError, match=said):
        chip.waiting.armed(1 << line)


def test_a_tick_comes_again_and_again_and_stays_until_it_is_cleared() -> None:
    chip, armed = Chip(), {TICK}
    chip.tick()
    assert chip.waiting.left_us(armed) == PERIOD_US
    chip.waiting.sleep(PERIOD_US)
    assert chip.waiting.left_us(armed) == 0
    assert chip.waiting.left_us(armed) == 0, "nobody has cleared it"
    chip.registers[RAWS[TICK]] = 0
    assert chip.waiting.left_us(armed) == PERIOD_US
    chip.now_us += 3.25 * PERIOD_US
    assert chip.waiting.left_us(armed) == 0, "it was missed, and is still there"
    chip.registers[RAWS[TICK]] = 0
    assert chip.waiting.left_us(armed) == 0.75 * PERIOD_US, "the period does not depend on the program"
    chip.waiting.raise_interrupt(USB)
    assert chip.waiting.left_us({TICK, USB}) == 0
    assert chip.waiting.left_us({TICK, UART}) > 0, "the other one is not armed"


def test_only_a_gated_clock_counts_as_sleep() -> None:
    chip = Chip()
    chip.registers[CPU_PER_CONF] = CLOCK_ON
    chip.waiting.sleep(700.0)
    assert (chip.now_us, chip.waiting.asleep_us) == (1200.0, 0.0)
    chip.registers[CPU_PER_CONF] = 0
    chip.waiting.sleep(300.0)
    assert (chip.now_us, chip.waiting.asleep_us) == (1500.0, 300.0)


def test_an_interrupt_goes_to_the_vector_of_level_2_with_all_others_masked() -> None:
    chip, core = Chip(), list(range(1000, 1050))
    core[21], core[41] = 0x2F, 0x40378000
    chip.waiting.sleep(30.0)
    chip.waiting.wake(core)
    assert chip.core.values[16] == 0x40378180
    assert (chip.core.values[29], chip.core.values[32]) == (1000, 0x20), "it returns to a0, with interrupts allowed"
    assert chip.core.values[21] == 0x32
    assert chip.waiting.wakes == 1
    chip.waiting.wake(core)
    assert chip.waiting.wakes == 1, "the second wait has ended as it began"
