"""The Raspberry Pi Zero's program: for ARMv6 and nothing newer, run by QEMU on that core, held to the host's C."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import serial
from board_images import ends_with_its_parent, host_events, link_linux_board, random_tflite
from children import child
from cli import SMALL, run_apart

from wwtool import emulators
from wwtool.budget.dry_build import count_cycles
from wwtool.compiler.package import CompiledModel
from wwtool.device import suites
from wwtool.device.session import Session
from wwtool.emulators import linux, linux_count
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import DeviceError, ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.packages.bare_metal import image as images
from wwtool.packages.bare_metal import run_commands
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.packages.package_format import Image
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")
COMPILER = "arm-linux-gnueabi-gcc"


def _missing() -> str:
    try:
        find_toolchain(load_platform("rpi_zero"))
        linux.QEMU.find()
    except ToolError as error:
        return str(error)
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing() or "all is there")


@pytest.fixture(scope="module")
def platform() -> Platform:
    return load_platform("rpi_zero")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Path:
    """The board's code with a program that has no model."""
    target = tmp_path_factory.mktemp("rpi_zero") / "hey_fake"
    link_linux_board("rpi_zero", target, COMPILER, [*find_toolchain(platform).flags, "-Os", "-static"])
    return target


@pytest.fixture(scope="module")
def content() -> bytes:
    return random_tflite("tcn64")


@pytest.fixture(scope="module")
def compiled(platform: Platform, content: bytes) -> CompiledModel:
    return compile_for(platform, parse_model(content), "tcn64")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, platform: Platform, compiled: CompiledModel) -> Image:
    """The project's own build of a model with random weights."""
    folder = tmp_path_factory.mktemp("built")
    toolchain = find_toolchain(platform)
    project = write_project(folder / "firmware", platform, toolchain, compiled, "hey fake", DetectorConfig())
    return images.build_image(project, platform, toolchain, folder / "objects", folder / "image", "firmware")


def _readelf(option: str, elf: Path) -> str:
    return subprocess.run(["readelf", option, str(elf)], check=True, capture_output=True, text=True).stdout


def newer_than_armv6(attributes: str) -> list[str]:
    """What of an ELF's attributes an ARM1176JZF-S lacks (Addenda to the ABI for the Arm Architecture, 3.3.5)."""
    found = dict(re.findall(r"^ +(Tag_\w+): (.+)$", attributes, re.MULTILINE))
    allowed = {
        "Tag_CPU_arch": {"v4T", "v5T", "v5TE", "v5TEJ", "v6", "v6K", "v6KZ"},
        "Tag_THUMB_ISA_use": {"Thumb-1"},
        "Tag_FP_arch": {"VFPv1", "VFPv2"},
        "Tag_Advanced_SIMD_arch": set(),
        "Tag_DIV_use": {"Not allowed"},
        "Tag_MPextension_use": {"Not Allowed"},
    }
    assert "Tag_CPU_arch" in found
    return [f"{tag}: {found[tag]}" for tag, values in allowed.items() if tag in found and found[tag] not in values]


def test_nothing_newer_than_armv6_is_linked(built: Image) -> None:
    attributes = _readelf("-A", built.files["elf"])
    assert newer_than_armv6(attributes) == []
    assert "Tag_CPU_arch: v6" in attributes
    # The instructions themselves, as assembly in a library has no attributes: none that came with ARMv6T2 or ARMv7.
    code = subprocess.run(
        ["arm-linux-gnueabi-objdump", "-d", "--no-show-raw-insn", str(built.files["elf"])],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    instructions = {line.split("\t")[1].strip() for line in code.splitlines() if line.count("\t") >= 1}
    assert {"ldr", "str", "bl", "mla"} <= instructions
    newer = re.compile(r"^(movw|movt|sdiv|udiv|[su]bfx|bfi|bfc|rbit|mls|dmb|dsb|isb|vld\d|vst\d|vmull|vdup)")
    assert [name for name in instructions if newer.match(name)] == []


def test_what_is_newer_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("int main(int n, char **v) { (void)v; return 100 / n; }")
    target = tmp_path / "newer"
    flags = ["-march=armv7ve", "-marm", "-c"]
    subprocess.run([COMPILER, *flags, "-o", str(target), str(tmp_path / "main.c")], check=True)
    assert "Tag_CPU_arch: v7" in newer_than_armv6(_readelf("-A", target))


def test_it_needs_no_library(built: Image) -> None:
    segments = _readelf("-lW", built.files["elf"])
    assert "INTERP" not in segments and "DYNAMIC" not in segments
    assert set(built.files) == {"elf", "map"}
    assert built.files["elf"].stat().st_mode & 0o111 == 0o111
    assert 100_000 < built.sizes.flash < 2_000_000


def test_its_own_makefile_builds_it(tmp_path: Path, platform: Platform, compiled: CompiledModel) -> None:
    write_project(tmp_path, platform, find_toolchain(platform), compiled, "hey fake", DetectorConfig())
    subprocess.run(["make", "-s", "-C", str(tmp_path), "-j2"], check=True, capture_output=True)
    assert newer_than_armv6(_readelf("-A", tmp_path / "firmware.elf")) == []
    header = tmp_path / "board" / "led.h"
    header.write_text(header.read_text().replace("#endif", "#error changed\n#endif"))
    again = subprocess.run(["make", "-C", str(tmp_path)], capture_output=True, text=True)
    assert again.returncode != 0 and "#error changed" in again.stderr


def test_console(program: Path, tmp_path: Path) -> None:
    expected = host_events(tmp_path, TONE)
    assert {event.kind for event in expected} == {"prob", "detection"}
    rng = np.random.default_rng(1)
    inputs = rng.integers(-100, 100, (5, 120)).astype(np.int8)
    outputs = ((inputs.astype(int) + 128).sum(axis=1) // 120).astype(np.uint8)[:, None]
    with linux.start(program, in_qemu=True) as board, Session(board.url) as session:
        assert session.info().board == "rpi_zero"
        assert suites.parity(session, [suites.ParityGroup("random", inputs, outputs)]).passed
        session.reset()
        session.show_probabilities(True)
        assert session.stream_pcm(TONE) == expected
        assert 256 < session.memory().stack_bytes < 32 * 1024
        board.check()


def test_a_pseudo_terminal_and_a_recording(program: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.raw").write_bytes(TONE.tobytes())
    with linux.start(program, pty=True, audio=tmp_path / "sound.raw", in_qemu=True) as board:
        assert board.url.startswith("/dev/")
        with serial.Serial(board.url, timeout=10) as port:
            port.write(b"start%")
            assert b"ww-detection-[" in port.read_until(b"ww-detection-[")


def test_its_own_pseudo_terminal_and_arecord(program: Path, tmp_path: Path) -> None:
    """What the emulated kernel does for them: a terminal, a child, pipes, a signal when the parent ends."""
    (tmp_path / "sound.raw").write_bytes(TONE.tobytes())
    fake = tmp_path / "arecord"
    fake.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\ncat {tmp_path}/sound.raw; exec sleep 60\n")
    fake.chmod(0o755)
    command = [*linux.qemu_command(), "-E", f"PATH={tmp_path}:/usr/bin:/bin", str(program)]
    with child(
        [*command, "--alsa", "default", "--pty", str(tmp_path / "console")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        assert process.stderr.readline().endswith("indicator on\n")
        with Session(str(tmp_path / "console")) as session:
            assert session.name == "wwtool-rpi_zero"
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert not (tmp_path / "console").is_symlink()
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()


def test_it_ends_with_the_program_that_started_it(program: Path) -> None:
    assert ends_with_its_parent("linux", program, in_qemu=True)


def test_what_crashes_is_told(program: Path) -> None:
    data = np.zeros(120, np.int8)
    data[0] = 127  # a wild write
    with linux.start(program, in_qemu=True) as board, Session(board.url) as session:
        session.load_input(data)
        with pytest.raises(DeviceError):
            session.infer(timeout_s=2)
        board.wait()
        with pytest.raises(DeviceError, match=r"by itself with status .*Segmentation fault"):
            board.check()


def test_a_model_gives_the_bytes_of_the_generated_c(built: Image, content: bytes) -> None:
    with NativeEngine(content) as engine:
        rows = random_rows(engine.model.program.graph, 40)[0]
        expected = engine.run(rows)
    assert len(np.unique(expected)) > 1
    with linux.start(built.files["elf"], in_qemu=True) as board, Session(board.url) as session:
        result = suites.parity(session, [suites.ParityGroup("random", rows, expected, carry_state=True)])
        assert result.passed, result.cases


def test_instructions_are_counted(platform: Platform, built: Image, compiled: CompiledModel) -> None:
    cycles = count_cycles(platform, built.files, compiled)
    assert cycles is not None
    factor = platform.chip.cycles_per_instruction
    assert factor is not None
    assert compiled.macs < cycles.invoke / factor < 40 * compiled.macs
    assert 20_000 < cycles.frontend / factor < 300_000
    much = linux_count.count_cycles(built.files["elf"], 48_480, factor)  # more samples than a pipe holds
    assert much.invoke == cycles.invoke


def test_a_call_is_counted_with_those_it_makes() -> None:
    assert linux_count.longest_calls([], {100}) == {}
    assert linux_count.longest_calls([0, 4, 100, 104, 8, 12], {100}) == {100: 2}
    assert linux_count.longest_calls([0, 100, 104, 4, 8, 100, 200, 100, 104, 108, 12], {100, 200}) == {100: 5}
    assert linux_count.longest_calls([0, 100, 104], {100}) == {}  # it did not return


def test_missing_tools(
    program: Path, built: Image, platform: Platform, compiled: CompiledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    with pytest.raises(ToolError, match="apt-get install gcc-arm-linux-gnueabi libc6-dev-armel-cross"):
        find_toolchain(platform)
    with pytest.raises(ToolError, match="apt-get install qemu-user"):
        linux.start(program, in_qemu=True)
    assert count_cycles(platform, built.files, compiled) is None


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"cannot be started.*build it again"):
        linux.start(tmp_path / "none")


def test_how_it_is_started() -> None:
    program = Path("my builds/image/hey.elf")
    assert run_commands(load_platform("host"), program) == ["'my builds/image/hey.elf'"]
    assert run_commands(load_platform("host"), Path("hey.elf")) == ["./hey.elf"]
    assert run_commands(load_platform("rpi_zero"), program) == [
        "scp 'my builds/image/hey.elf' pi@raspberrypi.local:",
        "ssh -t pi@raspberrypi.local ./hey.elf",
    ]
    assert run_commands(load_platform("pico"), program) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["host", "rpi_zero"])
def test_a_whole_build(name: str, tmp_path: Path) -> None:
    config, out = tmp_path / "config.yaml", tmp_path / "out"
    config.write_text(SMALL)
    result = run_apart("build", "--platform", name, "--config", config, "--out", out)
    assert (result.code, result.err) == (0, "")
    assert "run it" in result.out and str(out / "image" / "hey_computer.elf") in result.out
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["final"]["cycles"] is None) == (name == "host")
    with emulators.start(out) as board:
        checked = run_apart("hil", "--port", board.url, "--build", out)
        assert (checked.code, checked.err) == (0, ""), checked.out
        assert checked.out.count("✓") == 4
    if name == "rpi_zero":
        assert newer_than_armv6(_readelf("-A", out / "image" / "hey_computer.elf")) == []
