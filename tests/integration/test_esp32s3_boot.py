"""The ESP32-S3's start on a chip that is strict, and on chips that are broken: clocks, watchdogs, faults, consoles.

What a review found would fail on silicon is put back into the source here, and the emulated chip catches it.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from test_esp32s3_image import link_board

from wwtool.config import parse_config
from wwtool.device.session import Session
from wwtool.emulators import esp32s3
from wwtool.emulators.esp32s3 import Esp32s3Board
from wwtool.emulators.esp32s3_chip import Defects, Domain
from wwtool.emulators.esp32s3_registers import registers
from wwtool.engines.machines import picolibc
from wwtool.errors import DeviceError
from wwtool.firmware.esp_image import to_esp_image
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

PLATFORM = load_platform("esp32s3")
OPTIONS0, PLL_OFF = 0x60008000, 1 << 6 | 1 << 8 | 1 << 10

pytestmark = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


def at_clock(mhz: int) -> Platform:
    return PLATFORM.with_board(parse_config({"board": {"clock_mhz": mhz}}, "test").board)


def image(folder: Path, platform: Platform = PLATFORM, **changes: tuple[str, str]) -> Path:
    """The board's image, with text of some of its files (``clock`` for ``clock.c``) replaced."""
    board, target = folder / "board", folder / "board.bin"
    shutil.copytree(platform.board_folder, board)
    for name, (old, new) in changes.items():
        path = board / f"{name}.c"
        assert old in path.read_text(), f"{path.name} has changed"
        path.write_text(path.read_text().replace(old, new))
    to_esp_image(platform, link_board(board, folder / "board.elf", platform), target)
    return target


def log_of(board: Esp32s3Board) -> dict[str, str]:
    with serial.serial_for_url(board.url, timeout=30) as port:
        port.write(b"ww-boot%")
        return dict(re.findall(r"ww-boot-\[(\w+)=(.*)\]", port.read_until(b"m-ready\r\n").decode()))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image(tmp_path_factory.mktemp("good"))


def test_every_register_has_a_start_value_and_its_source() -> None:
    for register in registers().values():
        assert register.start & ~0xFFFFFFFF == 0
        assert len(register.source) >= 5


def test_the_log_tells_reset_and_clock(good: Path) -> None:
    with esp32s3.start(good) as board:
        log = log_of(board)
        assert (log["reset"], log["model"], log["version"]) == ("power-on", "fake", "0")
        assert int(log["clock_khz"]) == pytest.approx(80_000, rel=0.001)
        assert log["clock_khz_expected"] == "80000"
        board.check()


def test_a_board_that_hangs_comes_back_and_says_why(good: Path) -> None:
    with esp32s3.start(good) as board, serial.serial_for_url(board.url, timeout=60) as port:
        port.write(b"ww-hang%")
        assert port.read_until(b"m-ready\r\n").endswith(b"m-ready\r\n")
        board.usb_said.clear()
        again = port.read_until(b"m-init-done\r\n").decode()
        assert again.startswith(">\r\nww-boot-[reset=watchdog]\r\nww-boot-[reset_code=9]\r\n")
        assert "ww-boot-[pll_khz=0]" not in again, "the clock was not the reason"
        board.check()
        port.write(b"name%")
        assert b"wwtool-esp32s3" in port.read_until(b"m-ready\r\nm-name-dut-[wwtool-esp32s3]\r\n")
        assert board.usb_said.decode().startswith(again), "the other console says the same"


@pytest.mark.parametrize("pll_hz", [0, 450_000_000, 510_000_000])
def test_a_broken_pll_leaves_the_core_on_the_crystal(good: Path, pll_hz: int) -> None:
    with esp32s3.start(good, defects=Defects(pll_hz=pll_hz)) as board:
        log = log_of(board)
        assert int(log["clock_khz"]) == pytest.approx(40_000, rel=0.001)
        assert int(log["pll_khz"]) == pytest.approx(pll_hz / 6e3, rel=0.001)
        assert log["reset"] == ("power-on" if pll_hz else "watchdog")
        with Session(board.url) as session:
            assert session.infer(1).latency_us > 0


def test_without_a_system_timer_and_with_a_uart_that_is_stuck_it_starts(good: Path) -> None:
    with esp32s3.start(good, defects=Defects(systimer_stuck=True, uart_stuck=True)) as board:
        assert b"ww-boot-[clock_khz=0]\r\nww-boot-[pll_khz=0]\r\n" in board.usb_said
        assert board.usb_said.endswith(b"m-ready\r\n")
        board.check()


def test_the_core_sleeps_until_it_is_wanted(good: Path) -> None:
    with esp32s3.start(good) as board:
        time.sleep(1.0)
        asleep = board.asleep
        log_of(board)
        board.check()
    assert asleep > 0.9


def test_a_wait_that_nothing_ends_stops_the_board(tmp_path: Path) -> None:
    deaf = image(tmp_path, sleep=("        REG(source->enable) = source->bits;\n", ""))
    with pytest.raises(DeviceError, match="waits for an interrupt, and none can come"), esp32s3.start(deaf) as board:
        board.wait()
        board.check()


@pytest.mark.slow
def test_without_its_tick_the_board_is_reset_and_says_why(tmp_path: Path) -> None:
    with esp32s3.start(image(tmp_path, sleep=("    SYSTIMER_CONF |= SYSTIMER_CONF_TARGET0;\n", ""))) as board:
        assert log_of(board)["reset"] == "power-on", "the UART wakes it"
        with serial.serial_for_url(board.url, timeout=60) as port:
            assert b"reset=watchdog" in port.read_until(b"m-init-done\r\n")


@pytest.mark.slow
def test_interrupts_that_nobody_clears_keep_it_awake(tmp_path: Path) -> None:
    with esp32s3.start(image(tmp_path, sleep=("REG(sources[i].clear) = sources[i].bits;", ""))) as board:
        time.sleep(2.0)
        assert board.asleep * board.waits[1] < 0.3, "it has slept until the first tick"
        board.check()


@pytest.mark.slow
def test_a_fault_tells_the_console_before_the_reset(tmp_path: Path) -> None:
    broken = image(tmp_path, board=("    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {\n        gpio_write", ILLEGAL))
    with esp32s3.start(broken) as board, serial.serial_for_url(board.url, timeout=30) as port:
        port.write(b"ww-led 1%")
        said = port.read_until(b"]\r\n").decode()
        words = re.fullmatch(r"\r\nww-fault-\[((?: [0-9a-f]{8})+)\]\r\n", said)
        assert words is not None, said
        cause, pc, _, *stack = (int(word, 16) for word in words[1].split())
        assert cause == 0, "an illegal instruction"
        assert 0x40378000 <= pc < 0x403C7E00
        assert len(stack) == 8
        with pytest.raises(DeviceError, match="stopped: exception 0 at 0x4037"):
            board.wait()
            board.check()


ILLEGAL = """    static int lit; /* the handler of the fault switches it on, too */
    if (on && lit++ == 0) {
        __asm__ volatile("ill");
    }
    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {
        gpio_write"""

PARTLY_CALIBRATED = """        use_pll();
        *(volatile uint32_t *)0x6000E040u &= ~(1u << 2);
        *(volatile uint32_t *)0x6000E040u |= 1u << 3;
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mhz", "changes", "said"),
    [
        (160, {"clock": ("CORE_MHZ > 80", "CORE_MHZ > 300")}, "160 MHz, for which the voltage is too low"),
        (240, {"regulator": ("BIAS_240_MHZ = 28", "BIAS_240_MHZ = 27")}, "240 MHz, for which the voltage is too low"),
        (240, {"regulator": ("    clock_wait_us(SETTLES_US);\n", "")}, "before the voltage has risen"),
        (80, {"clock": ("        use_pll();\n", PARTLY_CALIBRATED)}, "calibrates the PLL while"),
        (80, {"uart": ("    uart_drain(); /*", "    /*"), "board": ("    uart_drain();\n", "")}, "on their way"),
        (80, {"watchdog": ("RTC_SWD_PROTECT = RTC_SWD_KEY;", "")}, "RTC_SWD_CONF while that is locked"),
        (80, {"watchdog": ("RTC_WDT_FEED = RTC_WDT_FEED_NOW;", "RTC_WDT_FEED |= RTC_WDT_FEED_NOW;")}, "write-only"),
        (80, {"clock": ("SYSTIMER_UNIT0_OP = SYSTIMER_OP_UPDATE", "SYSTIMER_UNIT0_OP = 3")}, "are reserved"),
    ],
)  # fmt: skip
def test_what_a_chip_would_not_take_ends_the_run(
    mhz: int, changes: dict[str, tuple[str, str]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(DeviceError, match=said):
        esp32s3.start(image(tmp_path, at_clock(mhz), **changes)).close()


@pytest.mark.slow
@pytest.mark.parametrize("mhz", [160, 240])
def test_faster_clocks_with_the_voltage_for_them(mhz: int, tmp_path: Path) -> None:
    with esp32s3.start(image(tmp_path, at_clock(mhz))) as board:
        assert int(log_of(board)["clock_khz"]) == pytest.approx(1000 * mhz, rel=0.001)


@pytest.mark.slow
def test_without_a_watchdog_a_dead_clock_is_for_ever(tmp_path: Path) -> None:
    """The emulated chip would see it if the watchdogs were all off before the clock is switched."""
    off = image(tmp_path, watchdog=("RTC_WDT_CONFIG0 = RTC_WDT_ENABLE | ", "RTC_WDT_CONFIG0 = "))
    with pytest.raises(DeviceError, match="core has no clock, and no watchdog"):
        esp32s3.start(off, defects=Defects(pll_hz=0)).close()


@pytest.mark.slow
def test_a_clock_that_is_not_measured_shows_in_the_log(tmp_path: Path) -> None:
    trusting = image(tmp_path, clock=("state.pll = report.pll_khz", "state.pll = true || report.pll_khz"))
    with esp32s3.start(trusting, defects=Defects(pll_hz=450_000_000)) as board:
        log = log_of(board)
        assert int(log["clock_khz"]) != pytest.approx(40_000, rel=0.02)
        assert int(log["clock_khz"]) != pytest.approx(80_000, rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("waits", [True, False])
def test_a_pll_that_had_no_power_is_waited_for(waits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried = {} if waits else {"clock": ("        clock_wait_us(PLL_SETTLES_US);\n", "")}
    kept = {OPTIONS0: registers()[OPTIONS0].start | PLL_OFF}
    monkeypatch.setattr(esp32s3, "Domain", lambda: Domain(kept=dict(kept)))
    start: Callable[[Path], Esp32s3Board] = esp32s3.start
    if waits:
        with start(image(tmp_path, PLATFORM, **hurried)) as board:
            board.check()
    else:
        with pytest.raises(DeviceError, match="after its start, too early"):
            start(image(tmp_path, PLATFORM, **hurried)).close()
