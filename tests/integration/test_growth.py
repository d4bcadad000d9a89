"""What being ready for silicon may cost: the images have grown by no more than 2 KiB of flash, and of RAM.

The images are those of the fake program, so that no model counts. They are held to their sizes at the commit 45b5b12,
the last one before the first change for silicon.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from board_images import NANO_FLAGS, PICO_FLAGS, changed_board, link_arm_board
from test_esp32s3_image import link_board

from wwtool.base.assets import asset_dir
from wwtool.engines.machines import picolibc
from wwtool.platforms.load import load_platform

MOST = 2048
# Bytes of flash and RAM at 45b5b12. Code of the ESP32-S3 lies in RAM and counts there, too. No stack counts.
BASE = {"pico": (19_604, 11_232), "nano33ble": (18_928, 11_724), "esp32s3": (22_272, 34_320)}
FLASHED = {".boot2", ".vectors", ".text", ".ram_text", ".rodata", ".data"}
IN_RAM = {"pico": {".ram_text", ".data", ".bss"}, "nano33ble": {".data", ".bss"},
          "esp32s3": {".ram_text", ".data", ".bss"}}  # fmt: skip

needs_arm = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")
needs_xtensa = pytest.mark.skipif(not picolibc(), reason="the Xtensa compiler is missing")
BOARDS = [
    pytest.param("pico", marks=needs_arm),
    pytest.param("nano33ble", marks=needs_arm),
    pytest.param("esp32s3", marks=needs_xtensa),
]


def grown(name: str, folder: Path, board: Path) -> tuple[int, int]:
    """Bytes of flash and RAM that a board's image takes more than at first."""
    elf = folder / "board.elf"
    if name == "esp32s3":
        tool = "xtensa-lx106-elf-size"
        link_board(board, elf, load_platform(name))
    else:
        tool = "arm-none-eabi-size"
        link_arm_board(board, elf, PICO_FLAGS if name == "pico" else NANO_FLAGS)
    text = subprocess.run([tool, "-A", elf], capture_output=True, text=True, check=True).stdout
    sizes = {m[1]: int(m[2]) for m in re.finditer(r"^(\.\w+) +(\d+)", text, re.MULTILINE)}
    counted = FLASHED | {".bss", ".stack", ".comment", ".ARM"}
    assert {name for name in sizes if not name.startswith(".debug")} <= counted, "a section that nobody has counted"
    flash = sum(size for section, size in sizes.items() if section in FLASHED)
    ram = sum(size for section, size in sizes.items() if section in IN_RAM[name])
    print(name, flash - BASE[name][0], ram - BASE[name][1])
    return flash - BASE[name][0], ram - BASE[name][1]


@pytest.mark.parametrize("name", BOARDS)
def test_an_image_has_grown_by_no_more_than_was_agreed(name: str, tmp_path: Path) -> None:
    flash, ram = grown(name, tmp_path, asset_dir("firmware_templates") / "boards" / name)
    assert flash <= MOST
    assert ram <= MOST


@needs_arm
@pytest.mark.parametrize("array", ["static const uint8_t", "static volatile uint8_t"], ids=["flash", "ram"])
def test_an_image_that_has_grown_by_more_is_caught(array: str, tmp_path: Path) -> None:
    uses = (
        f"{array} more[2048] = {{0}};\n\nvoid board_indicate(bool on)\n{{\n    on = on != (more[(uint8_t)on] != 0);\n"
    )
    uses = uses.replace("const uint8_t more[2048] = {0}", "const volatile uint8_t more[2048] = {1}")
    board = changed_board("nano33ble", tmp_path / "b", "board.c", "void board_indicate(bool on)\n{\n", uses)
    assert max(grown("nano33ble", tmp_path, board)) > MOST
