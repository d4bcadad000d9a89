"""Both consoles of the ESP32-S3: boot log, faults, a first byte; a sender that is stuck, a host that does not read.

What a review found would fail on silicon is put back into the source here, and the emulated chip catches it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from pathlib import Path

import pytest
import serial
from test_esp32s3_boot import ILLEGAL, image
from test_esp32s3_image import needs_tools
from test_esp32s3_microphone import PLATFORM, SCRATCH, started_silicon

from wwtool.emulators import esp32s3
from wwtool.emulators.esp32s3 import Esp32s3Board
from wwtool.emulators.esp32s3_chip import Defects
from wwtool.errors import DeviceError

READY, LOGGED = b"m-ready\r\n", b"m-init-done\r\n"
FAULTS = {"board": ("    if (BOARD_PIN_INDICATOR != BOARD_PIN_NONE) {\n        gpio_write", ILLEGAL)}

pytestmark = needs_tools


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image(tmp_path_factory.mktemp("good"))


def is_a_boot_log(said: bytes, reset: str) -> bool:
    """Whether it begins with the first byte and tells reset, clock, model and version."""
    lines = said.decode().split("\r\n")
    told = {"reset", "reset_code", "clock_khz", "pll_khz", "clock_khz_expected", "model", "version"}
    names = set(re.findall(r"ww-boot-\[(\w+)=", said.decode()))
    return lines[:2] == [">", f"ww-boot-[reset={reset}]"] and told <= names and said.endswith(LOGGED + READY)


def test_usb_gets_the_first_byte_and_the_boot_log(good: Path) -> None:
    with esp32s3.start(good) as board:
        assert is_a_boot_log(bytes(board.usb_said), "power-on")
        board.check()


def told_of_a_fault(board: Esp32s3Board) -> tuple[bytes, bytes]:
    """What UART and USB say when a command makes the program fail."""
    with serial.serial_for_url(board.url, timeout=10) as port:
        board.usb_said.clear()
        port.write(b"ww-led 1%")
        said = bytearray()
        with contextlib.suppress(serial.SerialException):  # a program that resets ends the run
            while byte := port.read(1):
                said += byte
    return bytes(said), bytes(board.usb_said)


def check_told(said: bytes) -> None:
    assert re.fullmatch(rb"\r\nww-fault-\[ 00000000 4037[0-9a-f]{4}( [0-9a-f]{8}){9}\]\r\n", said), said


def test_both_consoles_are_told_of_a_fault(tmp_path: Path) -> None:
    with esp32s3.start(image(tmp_path, PLATFORM, **FAULTS)) as board:
        uart, usb = told_of_a_fault(board)
    check_told(uart)
    assert usb == uart


# What the program did at first: it told nobody of a fault, and sent no byte at its entry.
SILENT = [
    ("fault", "    uart_write((const uint8_t *)text, count);\n    usb_write((const uint8_t *)text, count);\n", ""),
    ("fault", "    usb_write((const uint8_t *)text, count);\n", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize("consoles", [0, 1])
def test_a_silent_fault_is_caught(consoles: int, tmp_path: Path) -> None:
    file, old, new = SILENT[consoles]
    new += "    (void)text, (void)count;\n" if not consoles else ""
    with esp32s3.start(image(tmp_path, PLATFORM, **FAULTS, **{file: (old, new)})) as board:
        said = told_of_a_fault(board)
    with pytest.raises(AssertionError):
        for one in said:
            check_told(one)


def test_a_missing_first_byte_is_caught(tmp_path: Path) -> None:
    with esp32s3.start(image(tmp_path, board=("    usb_write(hello, sizeof hello);\n", ""))) as board:
        assert not is_a_boot_log(bytes(board.usb_said), "power-on")
        assert is_a_boot_log(b">\r\n" + board.usb_said, "power-on"), "nothing else is missing"


# Waits that nothing ends


def test_a_transmitter_that_is_stuck_does_not_stop_the_other_console(good: Path) -> None:
    with esp32s3.start(good, defects=Defects(uart_stuck=True)) as board:
        assert is_a_boot_log(bytes(board.usb_said), "power-on")
        board.check()


def test_a_host_that_does_not_read_does_not_stop_the_other_console(good: Path) -> None:
    with (
        esp32s3.start(good, defects=Defects(usb_unread=True)) as board,
        serial.serial_for_url(board.url, timeout=20) as port,
    ):
        port.write(b"ww-boot%")
        assert b"ww-boot-[reset=power-on]" in port.read_until(READY)
        assert not board.usb_said
        board.check()


def test_a_host_that_reads_again_gets_what_comes_then(tmp_path: Path) -> None:
    with started_silicon(tmp_path, PLATFORM, Defects(usb_unread=True)) as (silicon, symbols):
        silicon.run(symbols["microphone_read"])
        silicon.restore(symbols, "usb_write")
        chip = silicon.chip
        silicon.stub.write(SCRATCH, b"waits" + b"lost" + b"heard")
        silicon.call(symbols["usb_write"], SCRATCH, 5)
        chip.pass_time()
        times = [chip.now_us]
        for _ in range(3):
            silicon.call(symbols["usb_write"], SCRATCH + 5, 4)
            chip.pass_time()
            times.append(chip.now_us)
        waits = [end - begin for begin, end in itertools.pairwise(times)]
        assert waits[0] == pytest.approx(20_000, rel=0.1)
        assert max(waits[1:]) < 1000, "it has waited once, and not again"
        assert not chip.usb.sent
        chip.usb.read()
        assert chip.usb.sent == b"waits"
        silicon.call(symbols["usb_write"], SCRATCH + 9, 5)
        assert chip.usb.sent == b"waitsheard"


def test_a_full_fifo_is_waited_for(tmp_path: Path) -> None:
    with started_silicon(tmp_path, PLATFORM) as (silicon, symbols):
        silicon.run(symbols["microphone_read"])
        silicon.restore(symbols, "uart_write")
        chip, text = silicon.chip, bytes(range(180))
        silicon.stub.write(SCRATCH, text)
        chip.uart.sent.clear()
        chip.pass_time()
        since = chip.now_us
        silicon.call(symbols["uart_write"], SCRATCH, len(text))
        assert chip.uart.sent == text
        assert chip.now_us - since == pytest.approx((len(text) - 127) * 10e6 / 115200, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new", "defects", "said"),
    [
        (
            "uart",
            "is_sending() && !has_passed(DRAIN_US, since)",
            "(void)since, is_sending()",
            "uart_stuck",
            "cause 0x9",
        ),
        ("uart", "is_stuck || has_passed(ROOM_US, since)", "(void)since, false", "uart_stuck", "cause 0x9"),
        ("uart", "count && wait_for_room()", "(wait_for_room() ? count : count)", "uart_stuck", "while that is full"),
        (
            "usb",
            "host_is_gone || clock_micros() - since > PATIENCE_US",
            "(void)since, false",
            "usb_unread",
            "cause 0x9",
        ),
        ("usb", "if (!wait_for_room())", "if (!wait_for_room() && false)", "usb_unread", "USB while that has no room"),
    ],
    ids=["drain", "room", "full", "usb-room", "usb-full"],
)
def test_a_wait_without_an_end_is_caught(
    file: str, old: str, new: str, defects: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esp32s3, "_MOST_RESETS", 0)
    monkeypatch.setattr(esp32s3, "_START_TIMEOUT_S", 120.0)
    broken = image(tmp_path, PLATFORM, board=("PATIENCE_MS = 4000", "PATIENCE_MS = 1500"), **{file: (old, new)})
    with pytest.raises(DeviceError, match=said):
        esp32s3.start(broken, defects=Defects(**{defects: True})).close()
