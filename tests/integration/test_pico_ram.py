"""The Pico's image for RAM: the boot ROM takes it over USB and starts it, and nothing touches the flash."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
import serial
from board_images import PICO_FLAGS, link_arm_board, link_for_ram, pico_image
from test_pico_image import needs_emulator

from wwtool.base.assets import asset_dir
from wwtool.device.session import Session
from wwtool.emulators import pico
from wwtool.errors import DeviceError
from wwtool.firmware.make_image import to_uf2

BOARD = asset_dir("firmware_templates") / "boards" / "pico"
SRAM = 0x20000000

pytestmark = needs_emulator


def ram_uf2(target: Path, board: Path = BOARD) -> Path:
    """The board's code with the fake program, linked for RAM, as a UF2 file beside ``target``."""
    base, image = link_for_ram(board, target, PICO_FLAGS)
    file = target.with_suffix(".uf2")
    file.write_bytes(to_uf2(image, base))
    return file


@pytest.fixture(scope="module")
def uf2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ram_uf2(tmp_path_factory.mktemp("ram") / "fake.elf")


@pytest.mark.parametrize("console", ["uart", "usb"])
def test_it_runs_and_leaves_the_flash_alone(uf2: Path, console: str) -> None:
    with pico.start(uf2, console=console) as emulator, Session(emulator.url) as session:
        assert session.name == "wwtool-pico"
        assert session.info().board == "pico"
        assert session.infer(3).latency_us > 0
        assert emulator.stats()["flash_is_erased"]
        emulator.check()


def test_the_image_for_flash_does_not_hold_its_entry(tmp_path: Path) -> None:
    link_arm_board(BOARD, tmp_path / "flash.elf", PICO_FLAGS)
    symbols = subprocess.run(
        ["arm-none-eabi-nm", str(tmp_path / "flash.elf")], check=True, capture_output=True, text=True
    ).stdout
    assert "ram_entry" not in symbols


def test_the_same_drive_takes_the_image_for_flash(tmp_path: Path) -> None:
    link_arm_board(BOARD, tmp_path / "flash.elf", PICO_FLAGS)
    file = tmp_path / "flash.uf2"
    file.write_bytes(to_uf2(pico_image(tmp_path / "flash.elf").read_bytes()))
    with pico.start(file) as emulator, Session(emulator.url) as session:
        assert session.info().board == "pico"
        assert not emulator.stats()["flash_is_erased"]


def changed(folder: Path, file: str, old: str, new: str) -> Path:
    shutil.copytree(BOARD, folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    return folder


@pytest.mark.parametrize(
    ("file", "old"),
    [("ram.ld", "        KEEP(*(.ram_entry))\n"), ("ram_entry.S", "str     r0, [r1]")],
    ids=["vectors-first", "vtor"],
)
def test_what_the_rom_cannot_start(tmp_path: Path, file: str, old: str) -> None:
    image = ram_uf2(tmp_path / "broken.elf", changed(tmp_path / "board", file, old, ""))
    with (
        pico.start(image) as emulator,
        contextlib.suppress(OSError),
        serial.serial_for_url(emulator.url, timeout=2) as port,
    ):
        port.write(b"name%")
        assert b"m-name" not in port.read(2000), "it runs"


def test_it_is_entered_at_its_lowest_address_wherever_that_is(tmp_path: Path) -> None:
    old, new = "ORIGIN = 0x20000000, LENGTH = 256K", "ORIGIN = 0x20000400, LENGTH = 255K"
    image = ram_uf2(tmp_path / "moved.elf", changed(tmp_path / "board", "ram.ld", old, new))
    with pico.start(image) as emulator, Session(emulator.url) as session:
        assert session.info().board == "pico"


def test_a_program_that_reads_the_flash_is_caught(tmp_path: Path) -> None:
    old, new = "    usb_init();\n", "    usb_init();\n    (void)*REG_AT(volatile uint32_t, 0x10000100u);\n"
    image = ram_uf2(tmp_path / "reads.elf", changed(tmp_path / "board", "board.c", old, new))
    with pytest.raises(DeviceError, match="the flash is read at 10000100"), pico.start(image) as emulator:
        emulator.wait_for_failure(10)
        emulator.check()


@pytest.mark.parametrize("damage", ["half", "family", "flag"])
def test_a_file_that_is_not_complete_is_not_started(uf2: Path, tmp_path: Path, damage: str) -> None:
    content = bytearray(uf2.read_bytes())
    if damage == "half":
        del content[len(content) // 1024 * 512 :]
    elif damage == "family":
        content[28] ^= 1
    else:
        content[8] |= 1  # not for the main memory
    broken = tmp_path / "broken.uf2"
    broken.write_bytes(content)
    with pytest.raises(DeviceError, match="would go on waiting"):
        pico.start(broken)
