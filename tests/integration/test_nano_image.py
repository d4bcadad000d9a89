"""The Nano 33 BLE firmware: its image, booted on the emulated nRF52840, used over the console, held to the host's C."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import serial
from board_images import changed_board, ends_with_its_parent, host_events, nano_image, random_tflite, write_manifest
from cli import SMALL, run_apart

from wwtool import emulators
from wwtool.budget.dry_build import count_cycles, random_model
from wwtool.device import suites
from wwtool.device.protocol import parse_event
from wwtool.device.session import Session
from wwtool.emulators import nano
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import BudgetError, DeviceError, InputError, ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.intel_hex import from_hex
from wwtool.firmware.sizes import load_address
from wwtool.firmware.toolchains import find_toolchain
from wwtool.firmware.uf2 import from_uf2
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal import image as images
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.packages.package_format import Image
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")
STACK_BYTES = 8192
ORIGIN = 0x10000
APPLICATION_BYTES = 983040
RAM = range(0x20000000, 0x20040000)


def _missing() -> str:
    try:
        nano.UNICORN.find()
    except ToolError as error:
        return str(error)
    return "" if shutil.which("arm-none-eabi-gcc") else "arm-none-eabi-gcc is not installed"


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing() or "all is there")


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("nano") / "fake.elf"
    nano_image(target)
    return target


@pytest.fixture(scope="module")
def image(elf: Path) -> Path:
    return elf.with_suffix(".bin")


@pytest.fixture(scope="module")
def platform() -> Platform:
    return load_platform("nano33ble")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Image:
    """The project's own build of the smallest model of the zoo with random weights."""
    folder = tmp_path_factory.mktemp("built")
    toolchain = find_toolchain(platform)
    name = min(ZOO, key=lambda n: ZOO[n].macs)
    compiled = random_model(platform, ZOO[name], name)
    project = write_project(folder / "firmware", platform, toolchain, compiled, "hey fake", DetectorConfig())
    return images.build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware")


def test_the_image_begins_with_vectors_of_its_own_memory(built: Image) -> None:
    content = built.files["bin"].read_bytes()
    vectors = struct.unpack("<64I", content[:256])
    assert vectors[0] == RAM.start + STACK_BYTES  # the stack is at the bottom, so that it cannot grow into data
    for vector in vectors[1:]:
        assert vector & 1 and ORIGIN <= vector < ORIGIN + len(content)
    assert len(content) <= APPLICATION_BYTES


def test_every_file_has_the_same_bytes_at_the_same_address(built: Image, platform: Platform) -> None:
    assert set(built.files) == {"bin", "hex", "uf2", "elf", "map"}
    content = built.files["bin"].read_bytes()
    assert from_hex(built.files["hex"].read_text()) == (ORIGIN, content)
    assert load_address(built.files["elf"]) == ORIGIN == platform.memory.application_origin
    assert platform.memory.application_bytes == APPLICATION_BYTES
    # For a boot loader that takes UF2: the image as it is, its vectors also where that boot loader looks for them.
    base, flashed = from_uf2(built.files["uf2"].read_bytes(), 0xADA52840, entry=0x1000)
    assert (base, flashed[: len(content)]) == (ORIGIN, content)
    assert not any(flashed[len(content) :])
    # The hex file as binutils read it.
    target = built.files["hex"].with_suffix(".again")
    command = ["arm-none-eabi-objcopy", "-I", "ihex", "-O", "binary", str(built.files["hex"]), str(target)]
    subprocess.run(command, check=True)
    assert target.read_bytes() == content


def test_nothing_is_writable_and_executable(built: Image) -> None:
    command = ["arm-none-eabi-readelf", "-lW", str(built.files["elf"])]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    segments = re.findall(r"^ +LOAD +0x\w+ (0x\w+) 0x\w+ 0x\w+ (0x\w+) ([RWE ]{3})", text, re.MULTILINE)
    assert len(segments) >= 2
    for address, size, flags in segments:
        assert not ("W" in flags and "E" in flags), flags
        place = int(address, 16)
        if "E" in flags:
            assert place >= ORIGIN and place + int(size, 16) <= ORIGIN + APPLICATION_BYTES
        else:
            assert place in RAM and place + int(size, 16) - 1 in RAM


def test_floating_point_is_the_hard_kind(built: Image) -> None:
    command = ["arm-none-eabi-readelf", "-A", str(built.files["elf"])]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Tag_FP_arch: VFPv4-D16" in text and "Tag_ABI_VFP_args: VFP registers" in text


def test_a_profile_that_disagrees_with_the_linker_script_is_refused(elf: Path, platform: Platform) -> None:
    moved = platform.model_copy(update={"memory": platform.memory.model_copy(update={"application_offset": 0x1000})})
    with pytest.raises(InputError, match=r"linked for 0x10000, but the application .* begins at 0x1000"):
        images.image_files(moved, elf)
    small = platform.model_copy(update={"memory": platform.memory.model_copy(update={"reserved_flash_bytes": 1 << 20})})
    with pytest.raises(BudgetError, match="of the 0 for an application"):
        images.image_files(small, elf)


def test_the_firmware_without_a_model_is_small(elf: Path) -> None:
    text = subprocess.run(["arm-none-eabi-size", "-A", str(elf)], check=True, capture_output=True, text=True).stdout
    sizes = {m[1]: int(m[2]) for m in re.finditer(r"^(\.\w+)\s+(\d+)", text, re.MULTILINE)}
    assert sizes[".text"] + sizes[".data"] < 20 * 1024
    assert sizes[".data"] + sizes[".bss"] < 16 * 1024


def test_banner_and_names(image: Path) -> None:
    with nano.start(image) as emulator, serial.serial_for_url(emulator.url, timeout=20) as port:
        banner = port.read_until(b"m-ready\r\n").decode()
        assert re.fullmatch(
            r"(?:ww-boot-\[.+\]\r\n)+m-timestamp-mode-performance\r\nm-lap-us-\d+\r\nm-init-done\r\nm-ready\r\n", banner
        ), banner
        port.write(b"name%")
        assert port.read_until(b"m-ready\r\n") == b"m-name-dut-[wwtool-nano33ble]\r\nm-ready\r\n"


@pytest.mark.parametrize("console", ["uart", "usb"])
def test_console(image: Path, tmp_path: Path, platform: Platform, console: str) -> None:
    expected = host_events(tmp_path, TONE)
    assert {event.kind for event in expected} == {"prob", "detection"}
    rng = np.random.default_rng(1)
    inputs = rng.integers(-100, 100, (5, 120)).astype(np.int8)
    outputs = ((inputs.astype(int) + 128).sum(axis=1) // 120).astype(np.uint8)[:, None]
    with nano.start(image, console=console) as emulator, Session(emulator.url) as session:
        assert session.name == "wwtool-nano33ble"
        assert session.info().board == "nano33ble"
        for baud in (9600, 921600):
            session.set_baud(baud)
            assert emulator.stats()["baud"] == (baud if console == "uart" else 115200)
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
        assert timing.latency_us * 64 > session.cycles().invoke  # 64 cycles a microsecond: both clocks agree
        assert timing.latency_us * 64 < session.cycles().invoke * 4
        stats = emulator.stats()
        assert stats["cycles"] == int(stats["instructions"] * platform.chip.cycles_per_instruction)
        emulator.check()


def test_a_rate_that_the_chip_cannot_make(image: Path) -> None:
    with nano.start(image) as emulator, serial.serial_for_url(emulator.url, timeout=20) as port:
        port.read_until(b"m-ready\r\n")
        port.write(b"ww-baud 123456%")
        assert b"cannot make that rate" in port.read_until(b"e-[This board cannot make that rate]\r\nm-ready\r\n")
        assert emulator.stats()["baud"] == 115200
        emulator.check()


def test_microphone_to_led(image: Path, tmp_path: Path) -> None:
    audio = tmp_path / "tone.raw"
    samples = np.concatenate([TONE, np.zeros(4 * 16000, "<i2")])  # longer than the watchdog's patience
    audio.write_bytes(samples.tobytes())
    with nano.start(image, audio=audio) as emulator, serial.serial_for_url(emulator.url, timeout=20) as port:
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
    assert stats["sleeps"] < 60 * stats["simulated_s"], "a hop of 30 ms, a tick of 100 ms, and lines of the console"
    assert "overruns=0]" in tail


def test_a_pseudo_terminal(image: Path) -> None:
    with nano.start(image, pty=True) as emulator:
        assert emulator.url.startswith("/dev/")
        with Session(emulator.url) as session:
            assert session.name == "wwtool-nano33ble"


@pytest.mark.parametrize(
    ("first_byte", "reason"),
    [(127, "30000000"), (126, "BKPT 7"), (125, "the watchdog reset the chip")],
    ids=["wild-write", "breakpoint", "hang"],
)
def test_what_would_fail_on_silicon_ends_the_run(image: Path, first_byte: int, reason: str) -> None:
    data = np.zeros(120, np.int8)
    data[0] = first_byte
    with nano.start(image) as emulator, Session(emulator.url) as session:
        session.load_input(data)
        with pytest.raises(DeviceError, match="closed the connection"):
            session.infer(timeout_s=60)
        emulator.wait()
        with pytest.raises(DeviceError, match=f"stopped: .*{reason}.*PC 0x"):
            emulator.check()


def test_the_1200_baud_touch_reaches_the_boot_loader(image: Path) -> None:
    with nano.start(image, console="usb") as emulator, Session(emulator.url):
        emulator.touch()
        emulator.wait()
        assert emulator.failure is not None and "the program asked for the boot loader" in emulator.failure


def test_the_emulator_ends_with_the_program_that_started_it(image: Path) -> None:
    assert ends_with_its_parent("nano", image)


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("uart.c", "pin_output(PIN_UART_TX, true);", "", "P1.03 is not an output at idle level"),
        ("board.h", "PIN(1, 10)", "PIN(0, 10)", "not on P1.03 and P1.10"),
        ("uart.c", "{115200, 0x01D60000u}", "{115200, 0x03B00000u}", "UARTE0 runs at 230400 baud"),
        ("uart.c", "event_clear(&UARTE0->events_rxstarted);\n", "(void)0;\n", "did not get its next buffer in time"),
        ("uart.c", "UARTE0->txd_ptr = (uint32_t)(uintptr_t)state.tx;", "UARTE0->txd_ptr = 0x10000;", "EasyDMA"),
        ("board.c", "*CLOCK_TASKS_HFCLKSTART = 1;\n", "return;\n", "without the crystal oscillator"),
        ("board.c", "NVMC_ICACHECNF = ", "REG(0x4001E544u) = ", "NVMC: write of register 0x544, which is not modelled"),
        ("pdm.c", "pin_output(PIN_PDM_POWER, true);", "", "the microphone has no power"),
        ("pdm.c", "PDM->ratio = PDM_RATIO_80;", "", "PDM samples at 20000 Hz"),
        ("pdm.c", "event_clear(&PDM->events_started);", "irq_disable(IRQ_PDM);", "PDM did not get its next buffer"),
        ("startup.c", "*SCB_CPACR |= CPACR_FPU_FULL_ACCESS;", "", "the floating-point unit is off"),
        ("startup.c", "*SCB_VTOR = (uint32_t)(uintptr_t)&vectors;", "*SCB_VTOR = 0x10010;", "vector table is put at"),
        ("system.c", "board_keep_alive();\n    if", "if", "the watchdog reset the chip"),
    ],
    ids=[
        "pin", "port", "baud", "rx-buffer", "tx-flash", "crystal", "register", "power", "rate", "pdm-buffer", "fpu",
        "vectors", "watchdog",
    ],
)  # fmt: skip
def test_the_emulated_chip_is_as_strict_as_silicon(tmp_path: Path, file: str, old: str, new: str, reason: str) -> None:
    image = nano_image(tmp_path / "broken.elf", changed_board("nano33ble", tmp_path / "board", file, old, new))
    silence = tmp_path / "silence.raw"
    silence.write_bytes(bytes(2 * 4 * 16000))  # time passes quickly while audio plays
    with pytest.raises(DeviceError, match=reason), nano.start(image, audio=silence) as broken:
        port = serial.serial_for_url(broken.url, timeout=1)
        port.write(bytes(600))
        broken.wait_for_failure(20)
        broken.check()


def test_a_core_that_nothing_wakes_is_reset(tmp_path: Path) -> None:
    pytest.importorskip("unicorn")
    from nano_board import Board

    from wwtool.emulators.nrf52840.registers import FaultError

    change = ("system.c", "TIMER0->intenset = TIMER_INT_COMPARE0 << CC_WAKE;", "")
    image = nano_image(tmp_path / "broken.elf", changed_board("nano33ble", tmp_path / "board", *change))
    board = Board(image)
    board.type_on_uart(b"stop%")  # the microphone wakes it, too
    with pytest.raises(FaultError, match="the watchdog reset the chip"):
        board.run(5.0)


def test_a_build_folder_is_found_through_its_manifest(image: Path, tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    shutil.copy(image, tmp_path / "image" / "fake.bin")
    write_manifest(tmp_path, "nano33ble", bin="image/fake.bin")
    with emulators.start(tmp_path) as emulator, Session(emulator.url) as session:
        assert session.info().model == "fake"
    with emulators.start(tmp_path, console="usb") as emulator, Session(emulator.url) as session:
        assert session.info().model == "fake"
    with nano.start(tmp_path, stats=tmp_path / "stats.json"):
        pass
    assert json.loads((tmp_path / "stats.json").read_text())["clock_hz"] == 64_000_000


def test_builds_that_cannot_be_emulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(tmp_path, "pico", bin="x.bin")
    with pytest.raises(InputError, match="built for pico, which unicorn does not emulate"):
        nano.start(tmp_path)
    (tmp_path / "x.elf").write_bytes(b"\x7fELF" + bytes(60))
    with pytest.raises(InputError, match="is an ELF, not an image"):
        emulators.start(tmp_path / "x.elf")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ToolError, match="pip install unicorn"):
        nano.start(tmp_path)


def test_a_port_in_use(image: Path) -> None:
    with nano.start(image) as first, pytest.raises(DeviceError, match="cannot listen on TCP port"):
        nano.start(image, tcp_port=first.port)


@pytest.mark.slow
def test_a_model_gives_the_bytes_of_the_generated_c(tmp_path: Path, platform: Platform) -> None:
    content = random_tflite("tcn64")
    compiled = compile_for(platform, parse_model(content), "tcn64")
    toolchain = find_toolchain(platform)
    project = write_project(tmp_path / "firmware", platform, toolchain, compiled, "hey fake", DetectorConfig())
    built = images.build_image(project, platform, toolchain, tmp_path / "objects", tmp_path / "image", "firmware")
    with NativeEngine(content) as engine:
        rows = random_rows(engine.model.program.graph, 40)[0]
        expected = engine.run(rows)
    assert len(np.unique(expected)) > 1
    with nano.start(built.files["bin"]) as emulator, Session(emulator.url) as session:
        group = suites.ParityGroup("random", rows, expected, carry_state=True)
        result = suites.parity(session, [group])
        assert result.passed, result.cases
        emulator.check()
    cycles = count_cycles(platform, built.files, compiled)
    assert cycles is not None and 20_000 < cycles.invoke < 500_000


@pytest.mark.slow
def test_a_whole_build_passes_the_suites(tmp_path: Path) -> None:
    config, folder = tmp_path / "small.yaml", tmp_path / "build"
    config.write_text(SMALL)
    result = run_apart("build", "--platform", "nano33ble", "--config", config, "--out", folder)
    assert result.code == 0, result.err
    assert f"bossac --port=PORT -U -i -e -w {folder}/image/hey_computer.bin -R" in result.out
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["image"]) == {"bin", "hex", "uf2", "elf", "map", "ram.bin"}
    assert {"image/hey_computer.bin", "image/hey_computer.hex"} <= set(manifest["outputs"])
    assert {line["name"] for line in manifest["budget"]["limits"]} == {"flash", "RAM", "stack", "latency", "duty cycle"}
    final = manifest["final"]
    assert (
        final["sizes"]["model_flash"] > 20_000
        and final["flash_wait_cycles"] == -(-final["sizes"]["model_flash"] // 4) * 2
    )
    report = (folder / "report.html").read_text()
    assert "estimated: instructions counted on the emulated board, times 1.5" in report
    assert "hey_computer.hex" in report and "Not measured on silicon" in report
    subprocess.run(["make", "-s", "-C", str(folder / "firmware")], check=True, capture_output=True)
    assert (folder / "firmware" / "firmware.bin").read_bytes() == (folder / "image" / "hey_computer.bin").read_bytes()
    for console in ("uart", "usb"):
        with emulators.start(folder, console=console) as emulator:
            suite = "parity,stream,latency,memory"
            tested = run_apart("hil", "--port", emulator.url, "--build", folder, "--suite", suite)
            assert tested.code == 0, tested.err
            emulator.check()
        assert tested.out.count("✓") == 4
