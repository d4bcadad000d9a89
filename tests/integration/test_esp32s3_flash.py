"""Weights in the ESP32-S3's flash: a model larger than its SRAM, and what the emulated chip says to a wrong start."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cli import run_here
from test_esp32s3_boot import at_clock, log_of
from test_esp32s3_boot import image as board_image

from wwtool.base.assets import asset_dir
from wwtool.budget.dry_build import random_model, random_tflite
from wwtool.budget.result import within
from wwtool.config import BudgetConfig
from wwtool.device.session import Session
from wwtool.emulators import esp32s3
from wwtool.engines.machines import picolibc
from wwtool.errors import DeviceError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.esp_image import parse_esp_image
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.temporal import TemporalArchitecture
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import FirmwareProject, write_project
from wwtool.platforms.load import load_platform

# So little RAM that the weights of a small model stay in flash.
PLATFORM = within(load_platform("esp32s3"), BudgetConfig(ram_bytes=70_000))
SRAM_BYTES = 0x3FCD7E00 - 0x3FC88000
# A hop of 100 ms gives the time to read the weights once.
LARGE = TemporalArchitecture(first_channels=32, width=320, first_kernel=10, stride=10)
MANIFEST = {
    "type": "micro", "wake_word": "Hey Large", "author": "a test", "website": "https://example.org",
    "model": "large.tflite", "trained_languages": ["en"], "version": 2,
    "micro": {
        "probability_cutoff": 0.9, "feature_step_size": 10, "sliding_window_size": 3, "tensor_arena_size": 30000,
        "minimum_esphome_version": "2024.7.0",
    },
}  # fmt: skip

pytestmark = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


@pytest.mark.slow
def test_a_model_larger_than_the_sram(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = (asset_dir("platforms") / "esp32s3.yaml").read_text()
    profile = profile.replace("name: esp32s3\n", "name: patient\nboard: esp32s3\n")
    profile = profile.replace("latency_ms: 15", "latency_ms: 60")
    (tmp_path / "patient.yaml").write_text(profile)
    (tmp_path / "config.yaml").write_text("board: {clock_mhz: 240}\n")
    (tmp_path / "large.tflite").write_bytes(random_tflite(LARGE, "large"))
    (tmp_path / "large.json").write_text(json.dumps(MANIFEST))
    folder = tmp_path / "build"
    result = run_here(
        capsys, "build", "--platform", tmp_path / "patient.yaml", "--config", tmp_path / "config.yaml",
        "--model-file", tmp_path / "large.tflite", "--manifest", tmp_path / "large.json", "--out", folder,
    )  # fmt: skip
    assert result.code == 0, result.err
    final = json.loads((folder / "manifest.json").read_text())["final"]
    weights = final["sizes"]["model_flash"]
    assert weights > SRAM_BYTES > final["sizes"]["ram"]
    assert final["weights_in"] == "flash"
    assert final["flash_wait_cycles"] == -(-weights // 4) * 54, "at 240 MHz; each word is read once"
    assert "The weights lie in flash." in (folder / "report.html").read_text()

    images = list((folder / "image").glob("*.bin"))
    (part,) = parse_esp_image(images[0].read_bytes()).mapped
    assert part.length == pytest.approx(weights, abs=4) and part.address % 0x10000 == part.offset % 0x10000
    subprocess.run(["make", "-s", "-C", folder / "firmware"], check=True, capture_output=True)
    assert (folder / "firmware" / "firmware.bin").read_bytes() == images[0].read_bytes()

    with esp32s3.start(images[0]) as board:
        tested = run_here(capsys, "hil", "--port", board.url, "--build", folder)
        board.check()
    assert tested.code == 0, tested.out
    assert all(f"✓ {suite}" in tested.out for suite in ("parity", "stream", "latency", "memory")), tested.out
    refused = run_here(capsys, "flash", folder, "--ram", "--port", "/dev/null")
    refused.refused(3, f"{part.length:,} bytes of weights", "read from flash", "leave --ram out")


@dataclass(frozen=True)
class Small:
    """A project with its weights in flash, and what its model answers."""

    folder: Path
    answer: bytes

    def image(self, folder: Path, **changes: tuple[str, str]) -> Path:
        """Its image, with text of some of the board's files replaced."""
        shutil.copytree(self.folder, folder / "firmware")
        for name, (old, new) in changes.items():
            path = folder / "firmware" / "board" / name
            assert old in path.read_text(), f"{path.name} has changed"
            path.write_text(path.read_text().replace(old, new))
        project = FirmwareProject.of(folder / "firmware")
        parts = (PLATFORM, find_toolchain(PLATFORM), folder / "objects", folder / "image", "small")
        return build_image(project, *parts).files["bin"]


def answer_of(session: Session) -> bytes:
    session.reset()
    rows = np.random.default_rng(0).integers(-128, 128, session.info().input_bytes).astype(np.int8)
    session.load_input(rows)
    session.infer()
    return session.output()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    folder = tmp_path_factory.mktemp("small")
    model = random_model(PLATFORM, ZOO["tcn32"], "small")
    write_project(folder / "firmware", PLATFORM, find_toolchain(PLATFORM), model, "hey", DetectorConfig())
    image = Small(folder / "firmware", b"").image(folder / "good")
    with esp32s3.start(image) as board, Session(board.url) as session:
        answer = answer_of(session)
        board.check()
    return Small(folder / "firmware", answer)


def test_the_answer_is_that_of_weights_in_ram(small: Small, tmp_path: Path) -> None:
    platform = load_platform("esp32s3")
    model = random_model(platform.model_copy(update={"optimize": "size"}), ZOO["tcn32"], "small")
    toolchain = find_toolchain(platform)
    project = write_project(tmp_path / "firmware", platform, toolchain, model, "hey", DetectorConfig())
    image = build_image(project, platform, toolchain, tmp_path / "objects", tmp_path / "image", "ram").files["bin"]
    assert not parse_esp_image(image.read_bytes()).mapped
    with esp32s3.start(image) as board, Session(board.url) as session:
        assert answer_of(session) == small.answer


WRITE = "*(volatile uint8_t *)(uintptr_t)flash_begin = 0;"
FAULTS = [
    ("flash.c", "rom_cache_enable(0);\n}", "}", "while the data cache is off"),
    ("flash.c", "    CACHE_DATA_CTRL1 &= ~CACHE_DATA_CTRL1_CORE0_SHUT;\n", "", "bus to core 0 is shut"),
    ("flash.c", "page >= begin / MMU_PAGE_BYTES", "page > MMU_PAGES", "where it has mapped no page"),
    ("flash.c", "page < MMU_PAGES", "page < 4u", "it leaves page 4 mapped to page 10842 of the flash"),
    ("flash.c", "is_used ? page :", "is_used ? page | 1u << 15 :", "whose bits 0x8000 are reserved"),
    ("flash.c", "is_used ? page :", "is_used ? page + 64u :", "mapped to page 64 of the flash, which has 64"),
    ("flash.c", "    rom_cache_disable();\n", "", "changes the data cache's mode while the cache is on"),
    ("flash.c", "CACHE_LINE_BYTES = 64", "CACHE_LINE_BYTES = 128", "there is no data cache of"),
    ("flash.c", "= 0x8000", "= 0x8000 + 1", "there is no data cache of"),
    ("board.c", "    flash_map();\n", "", "while the data cache is off"),
    ("flash.c", "    set_timing();\n", f"    set_timing();{WRITE}\n", "while the data cache is off"),
    ("flash.c", "enable(0);\n}", f"enable(0);{WRITE}}}", "it writes to flash"),
    ("flash.c", "enable(0);\n}", "enable(0);MMU_ENTRY(9u) = 9u;}", "while the data cache is in use"),
    ("rom_call.S", "    wsr a2, vecbase\n    .global", "    .global", "calls the ROM with vectors at 0x4037"),
    ("rom_call.S", "    movi a2, PS_WITH_WINDOWS\n", "", "in which windows do not work"),
    ("rom_call.S", "    s32i a10, a8, 4\n", "", "with no room on the stack"),
    ("rom_call.S", "0x40001890", "0x40001894", "0x40001894, which is no function of the ROM"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [*FAULTS[:3], *(pytest.param(*fault, marks=pytest.mark.slow) for fault in FAULTS[3:])],
)
def test_a_wrong_start_is_caught(small: Small, tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    image = small.image(tmp_path, **{file: (old, new)})
    with pytest.raises(DeviceError, match=said), esp32s3.start(image) as board:
        with (
            suppress(DeviceError),
            Session(board.url) as session,
        ):  # its own error, where the board stops in mid-command
            answer_of(session)
        board.check()


def test_a_wrong_page_gives_another_answer(small: Small, tmp_path: Path) -> None:
    image = small.image(tmp_path, **{"flash.c": ("is_used ? page :", "is_used ? page + 1u :")})
    with esp32s3.start(image) as board, Session(board.url) as session:
        assert answer_of(session) != small.answer
        board.check()


def test_a_part_that_is_not_where_the_program_maps_it_is_caught(small: Small, tmp_path: Path) -> None:
    content = small.image(tmp_path).read_bytes()
    (part,) = parse_esp_image(content).mapped
    end = part.offset - 8
    gap = next(at for at in range(end) if content[at : at + 8] == struct.pack("<II", 0, end - at - 8))
    shifted = content[:gap] + struct.pack("<II", 0, end - gap - 4) + content[gap + 8 : end] + bytes(4) + content[end:]
    assert parse_esp_image(shifted).mapped[0].offset == part.offset + 4
    (tmp_path / "shifted.bin").write_bytes(shifted)
    with pytest.raises(DeviceError, match=f"for {part.address:#x} is at {part.offset + 4:#x} in flash"):
        esp32s3.start(tmp_path / "shifted.bin")


def test_esptool_puts_the_weights_at_the_same_place_of_a_page(small: Small, tmp_path: Path) -> None:
    image = small.image(tmp_path)
    (part,) = parse_esp_image(image.read_bytes()).mapped
    weights = image.read_bytes()[part.offset : part.offset + part.length]
    words = [sys.executable, "-m", "esptool", "--chip", "esp32s3"]
    made = tmp_path / "made.bin"
    elf = image.with_suffix(".elf")
    subprocess.run([*words, "elf2image", "--ram-only-header", "-o", made, elf], check=True, capture_output=True)
    assert made.read_bytes().index(weights) % 0x10000 == part.address % 0x10000 == part.offset % 0x10000
    said = subprocess.run([*words, "image-info", image], check=True, capture_output=True, text=True).stdout
    assert said.count("(valid)") == 2, "checksum and SHA-256 of what the ROM loads"


def test_calls_of_the_rom_keep_the_caller_s_registers(tmp_path: Path) -> None:
    """The ROM's function changes a12, in which the caller has the voltage that the next call sets."""
    with esp32s3.start(board_image(tmp_path / "good", at_clock(160))) as board:
        assert log_of(board)["clock_khz_expected"] == "160000"
    broken = shutil.copytree(PLATFORM.board_folder, tmp_path / "board")
    source = (broken / "rom_call.S").read_text()
    assert source.count("    l32i a12, a1, 4\n") == 1
    (broken / "rom_call.S").write_text(source.replace("    l32i a12, a1, 4\n", ""))
    platform = at_clock(160).model_copy(update={"board": str(broken)})
    with pytest.raises(DeviceError, match="voltage is too low"), esp32s3.start(board_image(tmp_path / "bad", platform)):
        pass
