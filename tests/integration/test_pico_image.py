"""The Pico firmware without a model: built, booted in rp2040js through its own boot2, and used over both consoles."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import serial
from board_images import (
    PICO_FLAGS,
    changed_board,
    ends_with_its_parent,
    host_events,
    link_arm_board,
    pico_elf,
    pico_image,
    write_manifest,
)
from cli import emulation_missing

from wwtool import emulators
from wwtool.device import suites
from wwtool.device.protocol import parse_event
from wwtool.device.session import Session
from wwtool.emulators import pico
from wwtool.errors import DeviceError, InputError, ToolError

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")
STACK_BYTES = 8192

needs_emulator = pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pico_elf(tmp_path_factory.mktemp("pico"))


@pytest.fixture(scope="module")
def image(elf: Path) -> Path:
    return pico_image(elf)


@needs_emulator
def test_the_firmware_without_a_model_is_small(elf: Path) -> None:
    text = subprocess.run(["arm-none-eabi-size", "-A", str(elf)], check=True, capture_output=True, text=True).stdout
    sizes = {m[1]: int(m[2]) for m in re.finditer(r"^(\.\w+)\s+(\d+)", text, re.MULTILINE)}
    assert sizes[".boot2"] == 256
    assert sizes[".boot2"] + sizes[".text"] + sizes[".data"] < 24 * 1024
    assert sizes[".data"] + sizes[".bss"] < 20 * 1024


@needs_emulator
def test_banner_and_names(image: Path) -> None:
    with pico.start(image) as emulator, serial.serial_for_url(emulator.url, timeout=20) as port:
        banner = port.read_until(b"m-ready\r\n").decode()
        assert re.fullmatch(
            r"(?:ww-boot-\[.+\]\r\n)+m-timestamp-mode-performance\r\nm-lap-us-\d+\r\nm-init-done\r\nm-ready\r\n", banner
        ), banner
        port.write(b"name%")
        assert port.read_until(b"m-ready\r\n") == b"m-name-dut-[wwtool-pico]\r\nm-ready\r\n"


@needs_emulator
@pytest.mark.parametrize("console", ["uart", "usb"])
def test_console(image: Path, tmp_path: Path, console: str) -> None:
    expected = host_events(tmp_path, TONE)
    assert {event.kind for event in expected} == {"prob", "detection"}
    rng = np.random.default_rng(1)
    inputs = rng.integers(-100, 100, (5, 120)).astype(np.int8)
    outputs = ((inputs.astype(int) + 128).sum(axis=1) // 120).astype(np.uint8)[:, None]
    with pico.start(image, console=console) as emulator, Session(emulator.url) as session:
        assert session.name == "wwtool-pico"
        assert session.info().board == "pico"
        session.set_baud(921600)
        assert emulator.stats()["baud"] == pytest.approx(921600 if console == "uart" else 115200, rel=0.01)
        assert suites.parity(session, [suites.ParityGroup("random", inputs, outputs)]).passed
        session.reset()
        session.show_probabilities(True)
        assert session.stream_pcm(TONE) == expected
        assert emulator.stats()["led_on"] == 1
        memory = session.memory()
        assert 256 < memory.stack_bytes < STACK_BYTES // 2
        assert memory.overrun_samples == 0
        assert session.cycles().frontend > 10_000
        timing = session.infer(10)
        assert timing.latency_us * 125 > session.cycles().invoke  # 125 cycles a microsecond: both clocks agree
        assert timing.latency_us * 125 < session.cycles().invoke * 4
        emulator.check()


@needs_emulator
def test_microphone_to_led(image: Path, tmp_path: Path) -> None:
    audio = tmp_path / "tone.raw"
    samples = np.concatenate([TONE, np.zeros(3 * 16000, "<i2")])  # longer than the watchdog's patience
    audio.write_bytes(samples.tobytes())
    with pico.start(image, audio=audio) as emulator, serial.serial_for_url(emulator.url, timeout=20) as port:
        port.write(b"ww-prob 1%")
        lines = [port.read_until(b"\r\n").decode().strip() for _ in range(40)]
        stats = emulator.stats()
        while stats["audio_samples"] < len(samples):
            time.sleep(0.05)
            stats = emulator.stats()
        port.write(b"stop%ww-memory%")
        tail = port.read_until(b"overruns=0]\r\nm-ready\r\n").decode()
    events = [event for line in lines if (event := parse_event(line))]
    frames = [event.frame for event in events if event.kind == "prob"]
    assert len(frames) > 10 and set(np.diff(frames)) == {3}
    assert stats["led_on"] == 1 and stats["led_times"][0] < 0.2
    assert stats["asleep_s"] > 0.7 * stats["simulated_s"]
    assert stats["sleeps"] < 60 * stats["simulated_s"], "a hop of 30 ms, a tick of 134 ms, and lines of the console"
    assert "overruns=0]" in tail


@needs_emulator
@pytest.mark.parametrize("console", ["uart", "usb"])
def test_a_board_that_was_left_at_work_answers_the_next_host(image: Path, console: str) -> None:
    with pico.start(image, console=console) as emulator:
        with serial.serial_for_url(emulator.url, timeout=20) as port:
            port.write(b"infer 1000000 0%")
            assert port.read_until(b"m-infer-start-1000000\r\n").endswith(b"m-infer-start-1000000\r\n")
        with Session(emulator.url) as session:
            assert session.info().board == "pico"
        emulator.check()


@needs_emulator
def test_a_pseudo_terminal(image: Path) -> None:
    with pico.start(image, pty=True) as emulator:
        assert emulator.url.startswith("/dev/")
        with Session(emulator.url) as session:
            assert session.name == "wwtool-pico"


@needs_emulator
@pytest.mark.parametrize(
    ("first_byte", "reason"),
    [(127, "30000000"), (126, "BKPT 7"), (125, "the watchdog reset the chip")],
    ids=["wild-write", "breakpoint", "hang"],
)
def test_what_would_fail_on_silicon_ends_the_run(image: Path, first_byte: int, reason: str) -> None:
    data = np.zeros(120, np.int8)
    data[0] = first_byte
    with pico.start(image) as emulator, Session(emulator.url) as session:
        session.load_input(data)
        with pytest.raises(DeviceError, match="closed the connection"):
            session.infer(timeout_s=20)
        emulator.wait()
        with pytest.raises(DeviceError, match=f"stopped: .*{reason}"):
            emulator.check()


@needs_emulator
def test_a_board_that_hangs_comes_back_and_says_why(image: Path) -> None:
    with pico.start(image, restarts=True) as emulator, serial.serial_for_url(emulator.url, timeout=60) as port:
        log = dict(re.findall(r"ww-boot-\[(\w+)=([^\]]*)\]", port.read_until(b"m-ready\r\n").decode()))
        assert log["reset"] == "power-on"
        assert int(log["clock_khz"]) == pytest.approx(int(log["clock_khz_expected"]), rel=0.005)
        port.write(b"ww-hang%")
        assert port.read_until(b"m-ready\r\n") == b"m-ready\r\n"
        assert port.read_until(b"m-ready\r\n").decode().strip().startswith("ww-boot-[reset=watchdog]")
        port.write(b"name%")
        assert port.read_until(b"m-ready\r\n") == b"m-name-dut-[wwtool-pico]\r\nm-ready\r\n"
        assert emulator.stats()["resets"] == 1


@needs_emulator
def test_a_core_that_nothing_wakes_is_reset(tmp_path: Path) -> None:
    board = changed_board("pico", tmp_path / "board", "system.c", " | SYSTICK_CSR_TICKINT", "")
    link_arm_board(board, tmp_path / "broken.elf", PICO_FLAGS)
    with pico.start(pico_image(tmp_path / "broken.elf")) as emulator:
        with contextlib.suppress(OSError), serial.serial_for_url(emulator.url, timeout=1) as port:
            port.write(b"stop%")  # the microphone wakes it, too
            emulator.wait_for_failure(20)
        with pytest.raises(DeviceError, match="the watchdog reset the chip"):
            emulator.check()


@needs_emulator
def test_a_watchdog_that_resets_only_a_part_of_the_chip(tmp_path: Path) -> None:
    board = changed_board("pico", tmp_path / "board", "system.c", "*PSM_WDSEL = PSM_WDSEL_ALL_BUT_OSCILLATORS;", "")
    link_arm_board(board, tmp_path / "broken.elf", PICO_FLAGS)
    with pico.start(pico_image(tmp_path / "broken.elf"), restarts=True) as emulator:
        with contextlib.suppress(OSError), serial.serial_for_url(emulator.url, timeout=1) as port:
            port.write(b"ww-hang%")
            emulator.wait_for_failure(40)
        with pytest.raises(DeviceError, match="resets only a part of the chip"):
            emulator.check()


@needs_emulator
def test_the_1200_baud_touch_reaches_the_boot_loader(image: Path) -> None:
    with pico.start(image, console="usb") as emulator, Session(emulator.url):
        emulator.touch()
        emulator.wait()
        assert emulator.failure == "the program rebooted into BOOTSEL"


@needs_emulator
def test_the_emulator_ends_with_the_program_that_started_it(image: Path) -> None:
    assert ends_with_its_parent("pico", image)


@needs_emulator
@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("uart.c", "subsystems_restart(RESET_UART0);", "", "UART0 is used while in reset"),
        ("uart.c", "GPIO(PIN_UART_RX)->ctrl = GPIO_FUNC_UART;", "", "GP0 and GP1 are not given to UART0"),
        ("system.c", "CRYSTAL_HZ / 1000000u", "13u", "the 1 MHz tick is divided by 13"),
        ("board.h", "125000000u", "133000000u", "UART0 runs at 108"),
        ("adc.c", "= PAD_OD;", "= PAD_IE;", "GP26 still has a digital function"),
        ("boot2.S", ".equ CLOCK_DIVIDER, 2", ".equ CLOCK_DIVIDER, 3", "boot2 leaves the flash unreadable"),
        ("boot2.S", "0x3B << 24 | 8 << 11", "0x3B << 24", "does not answer to command 3b"),
        ("system.c", "board_keep_alive();\n    if", "if", "the watchdog reset the chip"),
    ],
    ids=["reset", "pin", "tick", "baud", "pad", "boot2", "boot2-waits", "watchdog"],
)
def test_the_runner_is_as_strict_as_silicon(tmp_path: Path, file: str, old: str, new: str, reason: str) -> None:
    board = changed_board("pico", tmp_path / "board", file, old, new)
    link_arm_board(board, tmp_path / "broken.elf", PICO_FLAGS)
    silence = tmp_path / "silence.raw"
    silence.write_bytes(bytes(2 * 4 * 16000))  # time passes quickly while audio plays
    with (
        pytest.raises(DeviceError, match=reason),
        pico.start(pico_image(tmp_path / "broken.elf"), audio=silence) as broken,
    ):
        broken.wait_for_failure(20)
        broken.check()


@needs_emulator
@pytest.mark.parametrize("divider", [4, 2])
def test_the_plain_read_of_the_flash(tmp_path: Path, divider: int) -> None:
    board = changed_board(
        "pico", tmp_path / "board", "flash_read.h", "FLASH_READ FLASH_READ_DUAL", "FLASH_READ FLASH_READ_PLAIN"
    )
    source = board / "boot2.S"
    source.write_text(source.read_text().replace("CLOCK_DIVIDER, 4", f"CLOCK_DIVIDER, {divider}"))
    link_arm_board(board, tmp_path / "plain.elf", PICO_FLAGS)
    if divider == 4:
        with pico.start(pico_image(tmp_path / "plain.elf")) as emulator, Session(emulator.url) as session:
            assert session.info().board == "pico"
    else:
        with pytest.raises(DeviceError, match="does not answer to command 3"):
            pico.start(pico_image(tmp_path / "plain.elf"))


@needs_emulator
def test_a_damaged_boot2_is_refused(image: Path, tmp_path: Path) -> None:
    content = bytearray(image.read_bytes())
    content[10] ^= 1
    damaged = tmp_path / "damaged.bin"
    damaged.write_bytes(content)
    with pytest.raises(DeviceError, match="wrong CRC of boot2"):
        pico.start(damaged)


@needs_emulator
def test_a_build_folder_is_found_through_its_manifest(image: Path, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    shutil.copy(image, tmp_path / "image" / "fake.bin")
    write_manifest(tmp_path, "pico", bin="image/fake.bin")
    with pico.start(tmp_path, stats=tmp_path / "stats.json") as emulator, Session(emulator.url) as session:
        assert session.info().model == "fake"
    assert json.loads((tmp_path / "stats.json").read_text())["instructions"] > 1000


def test_builds_that_cannot_be_emulated(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished build"):
        pico.start(tmp_path)
    write_manifest(tmp_path, "nano33ble", bin="x.bin")
    with pytest.raises(InputError, match="built for nano33ble"):
        pico.start(tmp_path)
    write_manifest(tmp_path, "pico", bin="x.bin")
    with pytest.raises(InputError, match=r"no \.bin image, as x\.bin is missing"):
        pico.start(tmp_path)
    write_manifest(tmp_path, "pico", uf2="x.uf2")
    with pytest.raises(InputError, match=r"no \.bin image"):
        pico.start(tmp_path)


@needs_emulator
def test_a_bare_image_goes_to_its_own_emulator(image: Path) -> None:
    with emulators.start(image) as board, Session(board.url) as session:
        assert session.info().board == "pico"


def test_a_missing_emulator_names_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WWTOOL_RP2040JS", str(tmp_path))
    with pytest.raises(ToolError, match="WWTOOL_RP2040JS"):
        pico.find_rp2040js()
    monkeypatch.delenv("WWTOOL_RP2040JS")
    monkeypatch.setattr(pico, "_candidates", lambda: iter([tmp_path]))
    with pytest.raises(ToolError, match=r"npm install --prefix /.*/emulators rp2040js@1\.4\.1"):
        pico.find_rp2040js()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="apt-get install nodejs"):
        pico.NODE.find()
