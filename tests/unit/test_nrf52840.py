"""The emulated nRF52840's peripherals, without a core: what registers do, and what is refused."""

from __future__ import annotations

import pytest
from chip_bench import RAM, US, Bench

from wwtool.emulators.nrf52840.dma import Pdm, Uarte
from wwtool.emulators.nrf52840.peripherals import Clock, Pins, Ppi, Pwm, Timer, Watchdog
from wwtool.emulators.nrf52840.registers import FaultError, Peripheral
from wwtool.emulators.nrf52840.start_state import read_fields, read_start


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def clock(bench: Bench) -> Clock:
    clock = Clock(bench)
    clock.write(0x000, 1)
    bench.run(1000 * US)
    assert clock.read(0x100) == 1
    return clock


@pytest.fixture
def pins(bench: Bench) -> Pins:
    return Pins(bench, 13)


def output(pins: Pins, pin: int, high: bool) -> None:
    port = pins.ports[pin >> 5]
    port.write(0x508 if high else 0x50C, 1 << (pin & 31))
    port.write(0x700 + 4 * (pin & 31), 3)


def as_input(pins: Pins, pin: int) -> None:
    pins.ports[pin >> 5].write(0x700 + 4 * (pin & 31), 0)


def uarte(bench: Bench, clock: Clock, pins: Pins, said: bytearray) -> Uarte:
    part = Uarte(bench, clock, pins, said.extend)
    output(pins, Uarte.TX, True)
    as_input(pins, Uarte.RX)
    for offset, value in ((0x50C, 0x23), (0x514, 0x2A), (0x524, 0x01D60000), (0x56C, 0), (0x500, 8)):
        part.write(offset, value)
    return part


def receive_into(part: Uarte, address: int, count: int) -> None:
    part.write(0x534, address)
    part.write(0x538, count)
    part.write(0x000, 1)


def test_what_is_not_modelled_is_refused(bench: Bench) -> None:
    part = Peripheral(bench, "THING", 0x40000000)
    part.add_event(0x100)
    for offset in (0x000, 0x304, 0x7FC):
        with pytest.raises(FaultError, match="THING: read"):
            part.read(offset)
        with pytest.raises(FaultError, match="THING: write"):
            part.write(offset, 1)
    with pytest.raises(FaultError, match="event 0x100 is written"):
        part.write(0x100, 1)


def test_an_interrupt_is_an_event_that_is_enabled(bench: Bench) -> None:
    part = Peripheral(bench, "THING", 0x40000000)
    part.add_event(0x104, 1)
    part.set_event(0x104)
    assert not part.interrupt
    part.write(0x304, 2)
    assert part.interrupt and part.read(0x304) == 2
    part.write(0x104, 0)
    assert not part.interrupt
    part.set_event(0x104)
    part.write(0x308, 2)
    assert not part.interrupt
    with pytest.raises(FaultError, match="interrupts 0x4"):
        part.write(0x304, 4)


def test_bytes_come_at_the_rate_of_the_line(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = uarte(bench, clock, pins, bytearray())
    receive_into(part, RAM, 8)
    part.queue += b"abc"
    part.kick()
    character = 64e6 * 10 / 115200
    bench.run(2.9 * character)
    assert part.events[0x108] == 0 and bench.memory[:3] == bytes(3)
    bench.run(0.2 * character)
    assert part.events[0x108] == 1 and bench.memory[:3] == b"abc"
    assert bench.seen.count(0x40002108) == 3  # one event a byte, for the PPI
    assert part.events[0x110] == 0


def test_a_full_buffer_goes_on_into_the_next(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = uarte(bench, clock, pins, bytearray())
    part.write(0x200, 1 << 5)
    receive_into(part, RAM, 4)
    part.write(0x14C, 0)
    part.write(0x534, RAM + 0x100)
    part.queue += b"abcdef"
    part.kick()
    bench.run(64e6 / 1000)
    assert bench.memory[:4] == b"abcd" and bench.memory[0x100:0x102] == b"ef"
    assert part.events[0x110] and part.events[0x14C]
    part.queue += b"ghi"
    part.kick()
    with pytest.raises(FaultError, match="next buffer in time"):
        bench.run(64e6 / 1000)


def test_a_stopped_receiver_takes_nothing(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = uarte(bench, clock, pins, bytearray())
    receive_into(part, RAM, 8)
    part.write(0x004, 1)
    assert part.events[0x110] == 1 and part.events[0x144] == 0  # up to four characters may still come
    bench.run(64e6 / 1000)
    assert part.events[0x144] == 1
    part.queue += b"x"
    part.kick()
    bench.run(64e6 / 1000)
    assert part.queue == b"x"
    receive_into(part, RAM, 8)
    bench.run(64e6 / 1000)
    assert not part.queue and bench.memory[:1] == b"x"


def test_what_comes_while_a_receiver_stops_is_kept(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = uarte(bench, clock, pins, bytearray())
    receive_into(part, RAM, 8)
    part.write(0x004, 1)
    part.arrive_now(b"xy")
    with pytest.raises(FaultError, match="before it has stopped"):
        part.write(0x000, 1)
    bench.run(64e6 / 1000)
    events = bench.seen.count(0x40002108)
    receive_into(part, RAM + 8, 8)
    assert bench.memory[8:10] == b"xy" and bench.seen.count(0x40002108) == events  # uncounted
    part.write(0x004, 1)
    part.arrive_now(b"z")
    bench.run(64e6 / 1000)
    part.write(0x534, RAM + 16)
    part.write(0x02C, 1)
    assert bench.memory[16:17] == b"z"
    receive_into(part, RAM + 24, 8)
    assert bench.memory[24:25] == b"\0"
    part.write(0x004, 1)
    with pytest.raises(FaultError, match="loses a byte"):
        part.arrive_now(b"abcde")


def test_a_receiver_as_the_boot_loader_leaves_it(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = Uarte(bench, clock, pins, bytearray().extend)
    left = read_start("arduino")["UARTE0"]
    part.leave(left.registers | {0x534: RAM}, left.running)
    with pytest.raises(FaultError, match="gets pins while it is enabled"):
        part.write(0x50C, 0x23)
    with pytest.raises(FaultError, match="disabled while it receives"):
        part.write(0x500, 0)
    part.arrive_now(b"a")
    assert bench.memory[:1] == b"a"
    with pytest.raises(FaultError, match="is not modelled, and a boot loader leaves it set"):
        part.leave({0x7FC: 1}, "")


def test_reserved_bits_and_tasks(bench: Bench) -> None:
    part = Timer(bench, 0)
    with pytest.raises(FaultError, match=r"TIMER0: 0x4 in register 0x508 sets bits that are reserved"):
        part.write(0x508, 4)
    with pytest.raises(FaultError, match="read of the task 0x000"):
        part.read(0x000)
    part.write(0x508, 3)
    part.write(0x000, 1)
    with pytest.raises(FaultError, match="changed while it runs"):
        part.write(0x504, 2)
    part.write(0x004, 1)
    part.write(0x504, 2)


def test_sending(bench: Bench, clock: Clock, pins: Pins) -> None:
    said = bytearray()
    part = uarte(bench, clock, pins, said)
    bench.memory[:5] = b"hello"
    part.write(0x544, RAM)
    part.write(0x548, 5)
    part.write(0x008, 1)
    assert said == b"hello" and part.bytes_out == 5 and not part.events[0x120]
    with pytest.raises(FaultError, match="before it has sent"):
        part.write(0x008, 1)
    bench.run(1000)
    assert part.events[0x120]
    part.write(0x544, 0x10000)
    with pytest.raises(FaultError, match="EasyDMA"):
        part.write(0x008, 1)


@pytest.mark.parametrize(
    ("offset", "value", "said"),
    [
        (0x500, 0, "not enabled"),
        (0x56C, 1, "not enabled for 8N1"),
        (0x50C, 6, "not on P1.03"),
        (0x514, 6, "not on P1.03 and P1.10"),
        (0x510, 5, "flow control"),
        (0x524, 0x00275000, "9600 baud"),
        (0x524, 0x12345678, "unknown baud"),
        (0x534, 0x10000, "no RAM"),
        (0x538, 0, "no RAM"),
    ],
)
def test_a_console_that_is_not_set_up(
    bench: Bench, clock: Clock, pins: Pins, offset: int, value: int, said: str
) -> None:
    part = uarte(bench, clock, pins, bytearray())
    part.write(0x534, RAM)
    part.write(0x538, 8)
    part.write(0x500, 0)
    part.write(offset, value)
    part.write(0x500, 0 if offset == 0x500 else 8)
    with pytest.raises(FaultError, match=said):
        part.write(0x000, 1)


def test_a_console_without_its_crystal(bench: Bench, pins: Pins) -> None:
    part = uarte(bench, Clock(bench), pins, bytearray())
    with pytest.raises(FaultError, match="crystal"):
        receive_into(part, RAM, 8)


def test_a_timer_counts_microseconds(bench: Bench) -> None:
    part = Timer(bench, 0)
    part.write(0x508, 3)
    part.write(0x510, 4)
    part.write(0x540, 100)
    part.write(0x304, 1 << 16)
    part.write(0x000, 1)
    bench.run(99 * US)
    part.write(0x044, 1)
    assert part.read(0x544) == 99 and not part.interrupt
    bench.run(2 * US)
    assert part.interrupt and bench.seen == [0x40008140]
    part.write(0x140, 0)
    part.write(0x540, 50)  # is past: comes around after 2^32
    bench.run(10_000 * US)
    assert not part.interrupt
    part.write(0x540, 10_201)
    part.write(0x540, 10_301)  # a plan that is changed does not stand
    bench.run(150 * US)
    assert not part.interrupt
    bench.run(100 * US)
    assert part.interrupt


def test_a_narrow_timer_is_refused(bench: Bench) -> None:
    with pytest.raises(FaultError, match="32 bits"):
        Timer(bench, 0).write(0x000, 1)


def test_the_interconnect_counts_events(bench: Bench) -> None:
    counter = Timer(bench, 1)
    part = Ppi(bench, lambda task: counter.write(task & 0xFFF, 1))
    bench.on_event = part.event
    for offset, value in ((0x504, 2), (0x508, 3), (0x000, 1)):
        counter.write(offset, value)
    part.write(0x510, 0x40002108)
    part.write(0x514, 0x40009008)
    bench.event(0x40002108)
    part.write(0x504, 1)
    for address in (0x40002108, 0x40002110, 0x40002108):
        bench.event(address)
    counter.write(0x040, 1)
    assert counter.read(0x540) == 2
    counter.write(0x00C, 1)
    counter.write(0x040, 1)
    assert counter.read(0x540) == 0


def test_the_watchdog(bench: Bench) -> None:
    part = Watchdog(bench, lambda: bench.seen.append(0))
    part.write(0x504, 32767)
    part.write(0x50C, 1)
    part.write(0x000, 1)
    bench.run(0.9 * 64e6)
    part.write(0x600, 0x6E524635)
    bench.run(0.9 * 64e6)
    with pytest.raises(FaultError, match="locked"):
        part.write(0x504, 1)
    with pytest.raises(FaultError, match="fed 0x1"):
        part.write(0x600, 1)
    part.reset()  # which it outlives
    assert part.read(0x400) == 1 and not bench.seen
    bench.run(0.2 * 64e6)
    assert bench.seen == [0]
    part.end()
    assert part.read(0x400) == 0


def test_a_watchdog_wants_all_of_its_registers(bench: Bench) -> None:
    part = Watchdog(bench, lambda: bench.seen.append(0))
    part.arm(1.0, 0b11)
    for _ in range(3):
        bench.run(0.9 * 64e6)
        part.write(0x600, 0x6E524635)
        part.write(0x604, 0x6E524635)
    part.write(0x600, 0x6E524635)
    bench.run(0.99 * 64e6)
    assert not bench.seen
    bench.run(0.02 * 64e6)
    assert bench.seen == [0]


def microphone(bench: Bench, clock: Clock, pins: Pins, audio: bytes) -> Pdm:
    part = Pdm(bench, clock, pins, audio)
    output(pins, Pdm.POWER, True)
    output(pins, Pdm.CLK, False)
    as_input(pins, Pdm.DIN)
    values = (
        (0x504, 0x0A000000),
        (0x520, 1),
        (0x508, 1),
        (0x540, 26),
        (0x544, 25),
        (0x500, 1),
        (0x560, RAM),
        (0x564, 2),
    )
    for offset, value in values:
        part.write(offset, value)
    return part


def test_samples_come_in_blocks(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = microphone(bench, clock, pins, b"abcdef")
    part.write(0x000, 1)
    assert part.events[0x100]
    part.write(0x100, 0)
    part.write(0x560, RAM + 0x100)
    bench.run(126 * US)  # two samples are 125 us
    assert bench.memory[:4] == b"abcd" and part.events[0x108] and part.events[0x100]
    part.write(0x100, 0)
    bench.run(125 * US)
    assert bench.memory[0x100:0x104] == b"ef\0\0" and part.position == 3
    with pytest.raises(FaultError, match="next buffer in time"):
        bench.run(125 * US)


def test_a_microphone_that_runs_already(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = microphone(bench, clock, pins, b"")
    part.leave({}, "sample")
    with pytest.raises(FaultError, match="can leave it running"):
        part.write(0x000, 1)


def test_a_stopped_microphone_is_silent(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = microphone(bench, clock, pins, b"abcdef")
    part.write(0x000, 1)
    part.write(0x004, 1)
    assert part.events[0x104]
    bench.run(64e6)
    assert part.position == 0


@pytest.mark.parametrize(
    ("offset", "value", "said"),
    [
        (0x500, 0, "before it is enabled"),
        (0x504, 0x08400000, "samples at"),
        (0x520, 0, "samples at 20000 Hz"),
        (0x508, 0, "mode 0"),
        (0x540, 5, "not on P0.26"),
        (0x544, 5, "not on P0.26 and P0.25"),
        (0x560, 0x20040000, "no RAM"),
        (0x564, 0, "no RAM"),
    ],
)
def test_a_microphone_that_is_not_set_up(
    bench: Bench, clock: Clock, pins: Pins, offset: int, value: int, said: str
) -> None:
    part = microphone(bench, clock, pins, b"")
    part.write(offset, value)
    with pytest.raises(FaultError, match=said):
        part.write(0x000, 1)


def test_a_microphone_without_power(bench: Bench, clock: Clock, pins: Pins) -> None:
    part = microphone(bench, clock, pins, b"")
    output(pins, Pdm.POWER, False)
    with pytest.raises(FaultError, match="no power"):
        part.write(0x000, 1)


def test_the_light(bench: Bench, pins: Pins) -> None:
    bench.run(64e6)
    output(pins, 13, True)
    pins.ports[0].write(0x508, 1 << 13)
    output(pins, 12, True)
    assert pins.led_times == [1.0]
    output(pins, 13, False)
    bench.run(64e6)
    output(pins, 13, True)
    assert pins.led_times == [1.0, 2.0]
    assert pins.level(13) == 1 and pins.level(0x23) == 0


def test_instructions_are_counted() -> None:
    core = pytest.importorskip("wwtool.emulators.nrf52840.core")
    assert core.instructions_of(bytes.fromhex("00bf aff30080 7047")) == 3
    assert core.instructions_of(bytes.fromhex("fee7")) == 1
    assert core.instructions_of(bytes.fromhex("00f001f8 e8e9 0102")) == 2


def test_reserved_bits_are_refused(bench: Bench) -> None:
    pwm = Pwm(bench)
    pwm.add_fields(read_fields()[pwm.name])
    pwm.write(0x508, 0x7FFF)
    with pytest.raises(FaultError, match="reserved"):
        pwm.write(0x508, 0x8000)
