"""The Nano's image for RAM: a debug probe writes and starts it, no boot loader runs, and the flash stays as it is."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from board_images import NANO_FLAGS, changed_board, link_for_ram
from test_nano_image import pytestmark as needs_emulator

from wwtool.base.assets import asset_dir
from wwtool.budget.dry_build import random_model
from wwtool.device.session import Session
from wwtool.emulators import nano
from wwtool.errors import DeviceError, InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.bare_metal.ram_image import ram_image
from wwtool.platforms.load import load_platform

BOARD = asset_dir("firmware_templates") / "boards" / "nano33ble"
PLATFORM = load_platform("nano33ble")
ORIGIN = 0x20002000

pytestmark = needs_emulator


def ram_bin(target: Path, board: Path = BOARD) -> Path:
    """The board's code with the fake program, linked for RAM, as a ``.bin`` beside ``target``."""
    base, image = link_for_ram(board, target, NANO_FLAGS)
    assert base == PLATFORM.memory.ram_image_origin == ORIGIN
    file = target.with_suffix(".bin")
    file.write_bytes(image)
    return file


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ram_bin(tmp_path_factory.mktemp("ram") / "fake.elf")


@pytest.mark.parametrize("console", ["uart", "usb"])
def test_it_runs_without_a_boot_loader(image: Path, console: str) -> None:
    with nano.start(image, console=console) as emulator, Session(emulator.url) as session:
        assert session.name == "wwtool-nano33ble"
        assert session.infer(3).latency_us > 0
        assert session.memory().stack_bytes > 100
        emulator.check()


def test_the_vector_table_is_where_vtor_can_point(image: Path) -> None:
    stack, entry = struct.unpack_from("<2I", image.read_bytes())
    assert stack == 0x20002000, "the top of the stack, below the program"
    assert entry & 1 and ORIGIN < entry < ORIGIN + image.stat().st_size
    assert ORIGIN % 512 == 0, "a power of two not less than the table (ARMv7-M, B3.2.5)"


def test_an_interrupt_finds_no_handler_if_vtor_stays(tmp_path: Path) -> None:
    old = "    *SCB_VTOR = (uint32_t)(uintptr_t)&vectors;\n"
    board = changed_board("nano33ble", tmp_path / "board", "startup.c", old, "    (void)SCB_VTOR;\n")
    with pytest.raises(DeviceError), nano.start(ram_bin(tmp_path / "lost.elf", board)) as emulator:
        with Session(emulator.url) as session:
            session.infer(3)
        emulator.check()


def test_what_restarts_in_the_boot_loader_lies_before_the_word_that_it_writes(image: Path) -> None:
    words = ["arm-none-eabi-nm", str(image.with_suffix(".elf"))]
    symbols = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    places = {line.split()[2]: int(line.split()[0], 16) for line in symbols.splitlines() if len(line.split()) == 3}
    assert places["restart_in_boot_loader"] < 0x20007000 < 0x20007FFC


def test_a_build_has_it_where_the_program_fits(tmp_path: Path) -> None:
    toolchain = find_toolchain(PLATFORM)
    model = random_model(PLATFORM, ZOO["tcn32"], "small")
    project = write_project(tmp_path / "firmware", PLATFORM, toolchain, model, "hey", DetectorConfig())
    parts = (project, PLATFORM, toolchain, tmp_path / "objects", tmp_path / "image", "hey")
    build_image(*parts)
    file = ram_image(*parts)["ram.bin"]
    with nano.start(file) as emulator, Session(emulator.url) as session:
        assert session.infer(1).latency_us > 0
    goal = ["make", "-s", "-j2", "-C", str(tmp_path / "firmware"), "firmware.ram.bin"]
    subprocess.run(goal, check=True, capture_output=True)
    assert (tmp_path / "firmware" / "firmware.ram.bin").read_bytes() == file.read_bytes()
    moved = PLATFORM.memory.model_copy(update={"ram_image_origin": 0x20004000})
    with pytest.raises(InputError, match=r"0x20002000, and memory\.ram_image_origin"):
        ram_image(project, PLATFORM.model_copy(update={"memory": moved}), *parts[2:])
