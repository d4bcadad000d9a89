"""The ESP32-S3 firmware without a model: built, made an image, and run at its own addresses in QEMU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import serial
from board_images import FAKE_PROGRAM, ends_with_its_parent, host_events, link_sources

from wwtool.base.assets import asset_dir
from wwtool.base.temporary import TemporaryFolder
from wwtool.budget.dry_build import dry_build, measure_build
from wwtool.config import BudgetConfig
from wwtool.device import suites
from wwtool.device.protocol import Event, parse_event
from wwtool.device.session import Session
from wwtool.emulators import esp32s3
from wwtool.emulators.gdb_stub import GdbStub
from wwtool.engines.machines import picolibc
from wwtool.errors import DeviceError, InputError, ToolError
from wwtool.firmware import esp_image
from wwtool.firmware.esp_image import EspImage, Segment, parse_esp_image, to_esp_image
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.project import write_board_config
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

PLATFORM = load_platform("esp32s3")
_FOLDERS = TemporaryFolder("wirings")
_WIRINGS: dict[bytes, Path] = {}
TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")

needs_tools = pytest.mark.skipif(
    not picolibc() or not esp32s3.QEMU.is_there, reason="the Xtensa compiler or QEMU is missing"
)


def wiring_of(platform: Platform) -> Path:
    """A folder with the pins of a platform's board as C; the same folder for the same pins."""
    folder = Path(tempfile.mkdtemp(dir=_FOLDERS.path))
    write_board_config(folder, platform)
    return _WIRINGS.setdefault((folder / "board_config.h").read_bytes(), folder)


def link_board(board: Path, target: Path, platform: Platform = PLATFORM) -> Path:
    """Links the board's own code, from ``board``, with the shared code, the platform's wiring and the fake program."""
    templates = asset_dir("firmware_templates")
    toolchain = find_toolchain(platform)
    folders = [templates / "core", templates / "boards" / "bare", board]
    sources = [*(path for folder in folders for path in sorted(folder.glob("*.[cS]"))), FAKE_PROGRAM]
    link_sources(
        [toolchain.compiler, *toolchain.flags, "-Os"], sources, [wiring_of(platform), *folders], target,
        [*toolchain.link_flags, "-T", str(board / "link.ld")], toolchain.libraries, board,
    )  # fmt: skip
    return target


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return link_board(PLATFORM.board_folder, tmp_path_factory.mktemp("esp32s3") / "fake.elf")


@pytest.fixture(scope="module")
def image(elf: Path) -> Path:
    target = elf.with_suffix(".bin")
    to_esp_image(PLATFORM, elf, target)
    return target


@needs_tools
def test_the_image_is_the_one_that_esptool_makes(elf: Path, image: Path, tmp_path: Path) -> None:
    words = ["--chip", "esp32s3", "elf2image", "--flash-mode", "dio", "--flash-freq", "80m", "--flash-size", "4MB"]
    made = tmp_path / "made.bin"
    command = [sys.executable, "-m", "esptool", *words, "-o", str(made), str(elf)]
    subprocess.run(command, capture_output=True, check=True)
    assert image.read_bytes() == made.read_bytes()


@needs_tools
def test_the_image_is_one_that_esptool_accepts(image: Path) -> None:
    command = [sys.executable, "-m", "esptool", "image-info", str(image)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Detected image type: ESP32-S3" in said
    assert said.count("(valid)") == 2, said
    assert "Flash size: 4MB" in said and "Flash freq: 80m" in said and "Flash mode: DIO" in said
    parsed = parse_esp_image(image.read_bytes())
    esp32s3.check_memory(parsed)
    code = next(s for s in parsed.segments if s.address == 0x40378000)
    data = next(s for s in parsed.segments if s is not code)
    assert code.address < parsed.entry < code.address + len(code.content)
    assert data.address == code.address + len(code.content) - 0x6F0000, "data follows code in the same memory"
    assert image.stat().st_size < 24 * 1024
    assert b"Nothing of this image has been seen on silicon" in data.content, "the image says it itself"


@contextmanager
def core_of(image: EspImage) -> Iterator[GdbStub]:
    """An image on the core before its first instruction; registers are memory, and nobody answers for the UART."""
    with tempfile.TemporaryDirectory() as folder:
        process = esp32s3.start_core(image, Path(folder))
        assert process.stdin is not None and process.stdout is not None
        try:
            yield GdbStub(process.stdin, process.stdout)
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):
                    stream.close()


@needs_tools
def test_console(image: Path, tmp_path: Path) -> None:
    expected = host_events(tmp_path, TONE)
    assert {event.kind for event in expected} == {"prob", "detection"}
    rng = np.random.default_rng(1)
    inputs = rng.integers(-100, 100, (5, 120)).astype(np.int8)
    outputs = ((inputs.astype(int) + 128).sum(axis=1) // 120).astype(np.uint8)[:, None]
    with esp32s3.start(image) as emulator, Session(emulator.url) as session:
        assert session.name == "wwtool-esp32s3"
        assert session.info().board == "esp32s3"
        assert suites.parity(session, [suites.ParityGroup("random", inputs, outputs)]).passed
        session.reset()
        session.show_probabilities(True)
        assert session.stream_pcm(TONE) == expected
        memory = session.memory()
        assert 256 < memory.stack_bytes < 4096
        cycles = session.cycles()
        assert cycles.frontend > 50_000
        timing = session.infer(10)
        assert cycles.invoke < timing.latency_us * 80 < cycles.invoke * 6  # both count with the same clock
        session.set_baud(57600)
        emulator.check()


@needs_tools
def test_it_listens_to_a_recording(image: Path, tmp_path: Path) -> None:
    audio = np.concatenate([np.zeros(3 * 16000, "<i2"), TONE])
    (tmp_path / "audio.raw").write_bytes(audio.tobytes())
    expected = host_events(tmp_path, audio)
    with esp32s3.start(image, audio=tmp_path / "audio.raw") as emulator:
        with serial.serial_for_url(emulator.url, timeout=20) as port:
            port.write(b"ww-prob 1%")
            heard: list[Event] = []
            while not heard or heard[-1].frame < expected[-1].frame:
                line = port.read_until(b"\r\n").decode().strip()
                assert line, "it says nothing any more"
                heard += [event] if (event := parse_event(line)) else []
            port.write(b"ww-pcm 4%\1\0\2\0ww-memory%start%")
            assert b"overruns=0]" in port.read_until(b"overruns=0]")
        emulator.check()
    known = [event for event in expected if event.frame >= heard[0].frame]
    assert heard[: len(known)] == known, "sample by sample what this machine makes of the recording"
    assert "detection" in {event.kind for event in known}


@needs_tools
def test_cycles_are_instructions_times_the_profile_s_figure(tmp_path: Path) -> None:
    loop = """
        movi a4, 1000
        rsr a2, ccount
    1:  addi a4, a4, -1
        bnez a4, 1b
        rsr a3, ccount
    2:  j 2b
    """
    (tmp_path / "loop.S").write_text(loop)
    toolchain = find_toolchain(PLATFORM)
    subprocess.run([toolchain.compiler, "-c", "-o", "loop.o", "loop.S"], cwd=tmp_path, check=True)
    subprocess.run([toolchain.objcopy, "-O", "binary", "-j", ".text", "loop.o", "loop"], cwd=tmp_path, check=True)
    code = (tmp_path / "loop").read_bytes()
    end = code.rindex(bytes.fromhex("06ffff"))  # j to itself
    with core_of(EspImage("esp32s3", 0x40378000, (Segment(0x40378000, code),))) as stub:
        stub.stop_at(0x40378000 + end)
        stub.resume()
        registers = stub.registers()
    assert PLATFORM.chip.cycles_per_instruction is not None
    assert registers[3] - registers[2] == pytest.approx(2001 * PLATFORM.chip.cycles_per_instruction, abs=3)


@needs_tools
def test_a_fault_ends_the_run(tmp_path: Path) -> None:
    board = tmp_path / "board"
    shutil.copytree(PLATFORM.board_folder, board)
    start = (board / "board.c").read_text()
    assert "uart_init(console_baud);" in start
    (board / "board.c").write_text(
        start.replace("uart_init(console_baud);", 'uart_init(console_baud); __asm__ volatile("ill");')
    )
    target = tmp_path / "broken.bin"
    to_esp_image(PLATFORM, link_board(board, tmp_path / "broken.elf"), target)
    with pytest.raises(DeviceError, match="stopped: exception 0 at 0x4037"):
        esp32s3.start(target)


@needs_tools
def test_the_emulator_ends_with_the_program_that_started_it(image: Path) -> None:
    assert ends_with_its_parent("esp32s3", image)


@needs_tools
def test_a_model_s_budget_is_measured() -> None:
    result = dry_build(PLATFORM, "tcn32", "hey computer", BudgetConfig())
    assert result.fits and result.cycles is not None
    assert 20_000 < result.cycles.invoke < 1_000_000
    assert result.sizes.model_flash > 5_000
    assert result.sizes.ram > result.sizes.flash, "all that is flashed is in RAM, too"
    strict = dry_build(PLATFORM, "tcn32", "hey computer", BudgetConfig(ram_bytes=20_000))
    assert [line.name for line in strict.lines if not line.fits] == ["RAM"]


@needs_tools
def test_a_folder_may_be_called_build_and_its_makefile_makes_the_same_image(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    measure_build(PLATFORM, find_toolchain(PLATFORM), "tcn32", ZOO["tcn32"], "hey computer", BudgetConfig(), folder)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["make", "-s", "-j2", "-C", "firmware"], cwd=folder, check=True, capture_output=True,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    made = parse_esp_image((folder / "firmware" / "firmware.bin").read_bytes())
    assert made.segments == parse_esp_image((folder / "image" / "firmware.bin").read_bytes()).segments


@needs_tools
def test_damaged_images(image: Path, tmp_path: Path) -> None:
    content = image.read_bytes()
    for place, value, said in (
        (0, 0, "no ESP32 image"),
        (12, 5, "is for chip 5"),
        (100, content[100] ^ 1, "checksum is wrong"),
        (len(content) - 1, content[-1] ^ 1, "SHA-256 is wrong"),
    ):
        damaged = bytearray(content)
        damaged[place] = value
        with pytest.raises(InputError, match=said):
            parse_esp_image(bytes(damaged))
    with pytest.raises(InputError, match="ends within a segment"):
        parse_esp_image(content[:2000])
    with pytest.raises(InputError, match="ends within its header"):
        parse_esp_image(content[:20])
    with pytest.raises(InputError, match="no ESP32 image"):
        parse_esp_image(b"")
    foreign = tmp_path / "foreign.bin"
    (tmp_path / "x.elf").write_bytes(b"no ELF")
    with pytest.raises(ToolError, match=r"cannot make an image of x\.elf"):
        to_esp_image(PLATFORM, tmp_path / "x.elf", foreign)


def test_segments_that_the_rom_would_not_load() -> None:
    for segments, said in (
        ((Segment(0x42000000, b"x"),), "is not in SRAM"),
        ((Segment(0x3FCD7DFF, b"xx"),), "is not in SRAM"),
        ((Segment(0x40378000, bytes(32)), Segment(0x3FC88010, bytes(4))), "the same memory"),
    ):
        with pytest.raises(DeviceError, match=said):
            esp32s3.check_memory(EspImage("esp32s3", 0x40378000, segments))


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="flash_chip"):
        esp_image.esp_image_arguments(PLATFORM.model_copy(update={"flash_chip": None}))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install qemu-system-misc"):
        esp32s3.QEMU.find()
    with pytest.raises(ToolError, match="apt-get install gcc-xtensa-lx106 picolibc-xtensa-lx106-elf"):
        find_toolchain(PLATFORM)
