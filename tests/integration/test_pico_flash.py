"""How the Pico's boot2 makes the flash readable, against a strict model of the flash: each read, a flash without quad
reads, a slow one, a start in the middle of a continuous read, and each mistake that would fail on silicon."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import serial
from board_images import PICO_FLAGS, changed_board, link_arm_board, link_for_ram, pico_image
from test_pico_image import needs_emulator

from wwtool.device.session import Session
from wwtool.emulators import pico
from wwtool.errors import DeviceError
from wwtool.firmware.make_image import to_uf2
from wwtool.platforms.flash_reads import FLASH_READS

pytestmark = needs_emulator

Change = tuple[str, str, str]  # of a file: what it says, and what in its place
WITHOUT_QE = {"settable": 0}
SLOW = {"busy_cycles": 100_000}  # 15 ms at the 6.5 MHz after a reset: the longest that a status register may take
AGAIN = """    clocks_init();
    static uint32_t boot2[64];
    for (size_t i = 0; i < 64; i++) {
        boot2[i] = *REG_AT(volatile uint32_t, 0x10000000u + 4u * i);
    }
    ((void (*)(void))((uintptr_t)boot2 | 1u))();
"""


def board_with(folder: Path, read: str, *changes: Change) -> Path:
    """The Pico's code with a read of the flash, and with changes."""
    chosen = f"#define FLASH_READ {FLASH_READS[read].macro}\n"
    board = changed_board("pico", folder / "board", "flash_read.h", "#define FLASH_READ FLASH_READ_DUAL\n", chosen)
    for file, old, new in changes:
        text = (board / file).read_text()
        assert text.count(old) >= 1, f"{file} no longer says {old!r}"
        (board / file).write_text(text.replace(old, new))
    return board


def image_with(folder: Path, read: str, *changes: Change) -> Path:
    link_arm_board(board_with(folder, read, *changes), folder / "changed.elf", PICO_FLAGS)
    return pico_image(folder / "changed.elf")


@pytest.fixture(scope="module")
def quad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_with(tmp_path_factory.mktemp("quad"), "quad")


def read_of(image: Path, **options: Any) -> str | None:
    """How the board says that it reads its flash, after it has answered; only quad images do."""
    with pico.start(image, **options) as board, serial.serial_for_url(board.url, timeout=20) as port:
        log = port.read_until(b"m-ready\r\n").decode()
        port.write(b"name%")
        assert port.read_until(b"m-ready\r\n") == b"m-name-dut-[wwtool-pico]\r\nm-ready\r\n"
        board.check()
    return dict(re.findall(r"ww-boot-\[(\w+)=([^\]]*)\]", log)).get("flash_read")


@pytest.mark.parametrize("read", FLASH_READS)
def test_a_quad_image_says_how_it_reads_its_flash(tmp_path: Path, read: str) -> None:
    assert read_of(image_with(tmp_path, read)) == (read if read == "quad" else None)


@pytest.mark.parametrize(
    ("flash", "read"),
    [
        ({"status2": 2}, "quad"),
        ({"status2": 0x38}, "quad"),
        (SLOW, "quad"),
        (WITHOUT_QE, "dual"),
        ({**WITHOUT_QE, **SLOW}, "dual"),
        ({"status2": 0xFF, "settable": 0, "quad_read": False}, "dual"),
    ],
    ids=["set-in-the-factory", "other-bits", "slow", "without", "without-and-slow", "no-status-register"],
)
def test_a_flash_is_read_on_four_lines_if_it_can_be(quad: Path, flash: dict[str, int | bool], read: str) -> None:
    assert read_of(quad, flash=flash) == read


def test_a_program_in_ram_reads_no_flash(tmp_path: Path) -> None:
    base, program = link_for_ram(board_with(tmp_path, "quad"), tmp_path / "ram.elf", PICO_FLAGS)
    file = tmp_path / "ram.uf2"
    file.write_bytes(to_uf2(program, base))
    assert read_of(file) == "none"


@pytest.mark.parametrize("state", ["uf2", "watchdog", "debugger"])
def test_it_starts_from_what_others_leave(quad: Path, state: str) -> None:
    assert read_of(quad, state=state) == "quad"


def test_it_comes_back_from_a_reset_that_the_flash_does_not_see(tmp_path: Path) -> None:
    soon = ("system.c", "#define WATCHDOG_PERIOD_US 3000000u", "#define WATCHDOG_PERIOD_US 200000u")
    with (
        pico.start(image_with(tmp_path, "quad", soon), restarts=True) as board,
        serial.serial_for_url(board.url, timeout=60) as port,
    ):
        port.read_until(b"m-ready\r\n")
        port.write(b"ww-hang%")
        port.read_until(b"m-ready\r\n")
        log = port.read_until(b"m-ready\r\n").decode()
        assert "ww-boot-[reset=watchdog]" in log
        assert "ww-boot-[flash_read=quad]" in log
        board.check()


@pytest.mark.parametrize(
    ("read", "flash", "result"),
    [("quad", {}, "quad"), ("quad", WITHOUT_QE, "dual"), ("dual", {}, None), ("plain", {}, None)],
    ids=["quad", "quad-without", "dual", "plain"],
)
def test_a_program_calls_boot2_again(tmp_path: Path, read: str, flash: dict[str, int], result: str | None) -> None:
    again = ("board.c", "    clocks_init();\n", AGAIN)
    header = ("board.c", '#include "adc.h"\n', '#include <stddef.h>\n#include "adc.h"\n')
    assert read_of(image_with(tmp_path, read, header, again), flash=flash) == result


def boot2(old: str, new: str = "") -> Change:
    return ("boot2.S", old, new)


EXIT = "        movs    r0, #END_CONTINUOUS_READ\n        bl      send_byte\n        movs    r4, #0"
ONLY_ADDRESS = "SPI_CTRLR0_4_WAITS | SPI_CTRLR0_ALL_WIDE"


@pytest.mark.parametrize(
    ("change", "flash", "reason"),
    [
        (boot2("bne     quad", "b       quad"), {}, "read on four lines, but its bit QE is 0"),
        (boot2(".equ SPI_CTRLR0_4_WAITS, 4 << 11", ".equ SPI_CTRLR0_4_WAITS, 6 << 11"), {}, "answer to command eb"),
        (boot2(".equ CONTINUOUS_READ, 0xA0", ".equ CONTINUOUS_READ, 0x00"), {}, "is not in continuous read"),
        (
            boot2("(CONTINUOUS_READ << 24 | SPI_CTRLR0_ADDR", "(0xF0 << 24 | SPI_CTRLR0_ADDR"),
            {}, "is not in continuous read",
        ),
        (
            boot2("(CONTINUOUS_READ << 24 |", "(CONTINUOUS_READ << 24 | SPI_CTRLR0_INST_8_BITS |"),
            {}, "instruction a0 is sent to a flash in continuous read",
        ),
        (
            boot2(ONLY_ADDRESS, "SPI_CTRLR0_4_WAITS | SPI_CTRLR0_INST_8_BITS"),
            {}, "instruction a0 is sent to a flash in continuous read",
        ),
        (boot2(ONLY_ADDRESS, "SPI_CTRLR0_4_WAITS"), {}, "without an instruction, but its address on one line"),
        (boot2(".equ SPI_CTRLR0_ADDR_32_BITS, 8 << 2", ".equ SPI_CTRLR0_ADDR_32_BITS, 6 << 2"), {}, "command eb"),
        (boot2("bcs     is_busy", "nop"), SLOW, "read while it is busy"),
        (boot2("beq     other\n        lsrs", "nop\n        lsrs"), {"busy_cycles": 10**12}, "boot2 does not end"),
        (boot2(""), {"busy_cycles": 10**12}, "read while it is busy"),
        (boot2(".equ ENABLE_VOLATILE_WRITE, 0x50", ".equ ENABLE_VOLATILE_WRITE, 0x06"), {}, "written for good"),
        (boot2("movs    r0, #ENABLE_VOLATILE_WRITE\n        bl      send_byte"), {}, "nothing has enabled that"),
        (boot2("        uxtb    r1, r1"), {}, "command ff of the flash is followed by something"),
        (boot2("        orrs    r4, r1\n"), {"status2": 0x38}, "bits 38 of the flash's status are changed"),
        (boot2("        movs    r1, #8 - 1", "        movs    r1, #16 - 1"), {}, "command 00"),
        (boot2("        bne     is_sending\n"), {}, "before it has come"),
        (boot2("movs    r2, #CLOCK_DIVIDER", "movs    r2, #0"), {}, "no divider"),
        (boot2("        stmia   r3!, {r1, r2}\n"), {}, "pad SD2, which still has its hysteresis"),
    ],
)  # fmt: skip
def test_what_a_flash_would_not_take(tmp_path: Path, change: Change, flash: dict[str, int], reason: str) -> None:
    image = image_with(tmp_path, "quad", change)
    with pytest.raises(DeviceError, match=reason), pico.start(image, flash=flash) as board:
        board.wait_for_failure(5)
        board.check()


def test_a_boot2_that_expects_a_flash_that_listens(tmp_path: Path) -> None:
    """The boot ROM ends a continuous read, a program that calls boot2 does not."""
    silent = boot2(EXIT, "        movs    r4, #0")
    again = ("board.c", "    clocks_init();\n", AGAIN)
    header = ("board.c", '#include "adc.h"\n', '#include <stddef.h>\n#include "adc.h"\n')
    image = image_with(tmp_path, "quad", silent, header, again)
    with pytest.raises(DeviceError, match="command 35 in the middle of a continuous read"), pico.start(image) as board:
        board.wait_for_failure(5)
        board.check()


def test_a_flash_that_does_not_read_back_the_code(quad: Path) -> None:
    with pico.start(quad, flash={"status2": 2, "quad_read": False}) as board, Session(board.url) as session:
        assert session.info().board == "pico"
        board.check()
