"""The firmware as a Linux program: its console on a pseudo-terminal, signals, the LED."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import serial
from board_images import FAKE_PROGRAM, host_events, link_linux_board
from children import child

from wwtool.base.assets import asset_dir
from wwtool.device import suites
from wwtool.device.session import Session
from wwtool.platforms.load import load_platform

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")
_TIMEOUT_S = 20.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("linux") / "hey_fake"
    link_linux_board("host", target, "cc", ["-O1"])
    return target


@contextmanager
def running(
    program: Path, *options: str | Path, hangup: str = "--default-signal=HUP"
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program with a pseudo-terminal, and the name of that; `env` says what a hang-up is when it starts."""
    command = ["env", hangup, str(program), *map(str, options)]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def ends(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(timeout=_TIMEOUT_S)


def ask(port: serial.Serial, command: bytes) -> bytes:
    port.write(command)
    return bytes(port.read_until(b"m-ready\r\n"))


def spoken(program: Path, *options: str | Path, said: bytes = b"ww-prob 1%") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program, *options], input=said, capture_output=True, check=False, timeout=_TIMEOUT_S)


# The pseudo-terminal


def test_a_pseudo_terminal_of_its_own(program: Path, tmp_path: Path) -> None:
    link = tmp_path / "console"
    with running(program, "--no-audio", "--pty", link) as (process, name):
        assert link.is_symlink() and str(link.readlink()) == name
        for _ in range(3):  # closing it is no end
            with serial.Serial(str(link), timeout=5) as port:
                answer = ask(port, b"name%")
                if b"m-init-done" in answer:  # the banner came, too
                    answer = port.read_until(b"m-ready\r\n")
                assert answer == b"m-name-dut-[wwtool-host]\r\nm-ready\r\n"
        assert ends(process) == 0
        assert not link.is_symlink()


def test_what_one_program_leaves_unread_the_next_does_not_get(program: Path) -> None:
    with running(program, "--no-audio", "--pty") as (_, name):
        terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)  # pyserial would throw it away itself
        os.write(terminal, b"help%")
        time.sleep(0.2)
        os.close(terminal)
        time.sleep(0.2)
        terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.write(terminal, b"name%")
        time.sleep(0.2)
        assert os.read(terminal, 4096) == b"m-name-dut-[wwtool-host]\r\nm-ready\r\n"
        os.close(terminal)


def test_a_program_that_does_not_read_stops_nothing(program: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.raw").write_bytes(TONE.tobytes())
    with running(program, "--raw", tmp_path / "sound.raw", "--pty") as (process, name):
        assert process.stderr is not None and "indicator on" in process.stderr.readline()
        terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
        since = time.monotonic()
        for _ in range(1000):  # some two hundred thousand bytes of answers; Linux keeps 64 KiB
            os.write(terminal, b"help%")
        os.write(terminal, b"start%")
        while "indicator on" not in process.stderr.readline():
            pass
        assert time.monotonic() - since < 5
        os.close(terminal)
        time.sleep(0.2)
        with serial.Serial(name, timeout=5) as port:
            assert ask(port, b"name%").endswith(b"m-name-dut-[wwtool-host]\r\nm-ready\r\n")


def test_waiting_costs_no_time(program: Path) -> None:
    with running(program, "--no-audio", "--pty") as (process, _):
        time.sleep(1.0)
        times = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        assert int(times[11]) + int(times[12]) < 10  # of 100 in a second


def test_parity_and_stream_over_the_pseudo_terminal(program: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    inputs = rng.integers(-100, 100, (5, 120)).astype(np.int8)
    outputs = ((inputs.astype(int) + 128).sum(axis=1) // 120).astype(np.uint8)[:, None]
    expected = host_events(tmp_path, TONE)
    assert {event.kind for event in expected} == {"prob", "detection"}
    with running(program, "--no-audio", "--pty") as (_, name):
        for _ in range(2):
            with Session(name) as session:
                assert session.info().board == "host"
                assert suites.parity(session, [suites.ParityGroup("random", inputs, outputs)]).passed
                session.reset()
                session.show_probabilities(True)
                assert session.stream_pcm(TONE) == expected
                assert 256 < session.memory().stack_bytes < 64 * 1024


def test_links_that_are_in_the_way(program: Path, tmp_path: Path) -> None:
    link = tmp_path / "console"
    link.symlink_to("/dev/pts/12345")  # of a program that was killed
    with running(program, "--no-audio", "--pty", link) as (process, name):
        assert str(link.readlink()) == name
        with running(program, "--no-audio", "--pty", link) as (second, _):
            assert ends(process) == 0
            assert link.is_symlink()  # it is the second one's now
            assert ends(second) == 0
    link.write_text("mine")
    done = spoken(program, "--no-audio", "--pty", link)
    assert done.returncode == 2 and b"is no link" in done.stderr and link.read_text() == "mine"
    done = spoken(program, "--no-audio", "--pty", tmp_path / "nowhere" / "console")
    assert done.returncode == 2 and b"cannot be made" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(program: Path, tmp_path: Path, number: signal.Signals) -> None:
    link, led = tmp_path / "console", tmp_path / "brightness"
    led.write_text("1")
    with running(program, "--no-audio", "--led", led, "--pty", link) as (process, _):
        assert ends(process, number) == 0
        assert list(tmp_path.iterdir()) == [led]
        assert led.read_text() == "0"


def test_a_signal_and_the_console_end_long_work(program: Path) -> None:
    work = b"infer 1000000 1000000%"
    with running(program, "--no-audio", "--pty") as (_, name), serial.Serial(name, timeout=_TIMEOUT_S) as port:
        port.write(work)
        port.read_until(b"m-warmup-start-1000000\r\n")
        port.write(b"\x03")
        assert port.read_until(b"m-ready\r\n") == b"e-[Inference stopped]\r\nm-ready\r\n"
    command: list[str | Path] = [program, "--no-audio"]
    with child(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(work)
        while b"m-warmup-start" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        assert b"e-[Inference stopped]" in process.stdout.read()
        assert process.wait(timeout=_TIMEOUT_S) == 0


def test_nohup_is_obeyed(program: Path) -> None:
    with running(program, "--no-audio", "--pty", hangup="--ignore-signal=HUP") as (process, name):
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        with serial.Serial(name, timeout=5) as port:
            assert ask(port, b"name%").endswith(b"m-name-dut-[wwtool-host]\r\nm-ready\r\n")
        assert ends(process) == 0


def test_without_standard_input_a_recording_is_no_console(program: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.raw").write_bytes(b"ww-prob 1%" * 100)
    command = ["sh", "-c", '"$0" --raw "$1" <&-', str(program), str(tmp_path / "sound.raw")]
    done = subprocess.run(command, capture_output=True, check=True, timeout=_TIMEOUT_S)
    assert b"m-ready" in done.stdout and b"ww-prob" not in done.stdout


def test_a_recording_on_standard_input_is_no_console(program: Path) -> None:
    done = spoken(program, "--raw", "/dev/stdin", said=b"ww-prob 1%" * 100_000)  # more than a buffer of the C library
    assert done.returncode == 0 and b"m-ready" in done.stdout
    assert b"Unknown" not in done.stdout and done.stdout.count(b"m-ready") == 1


def test_standard_output_that_does_not_block_is_waited_for(program: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with child([program, "--no-audio"], stdin=subprocess.PIPE, stdout=writing) as process:
        assert process.stdin is not None
        os.close(writing)
        process.stdin.write(b"help%" * 2000)  # more than a pipe holds
        process.stdin.close()
        time.sleep(0.5)
        with os.fdopen(reading, "rb") as said:
            assert said.read().count(b"m-ready") == 2001
        assert process.wait(timeout=_TIMEOUT_S) == 0


def test_standard_output_that_is_full(program: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([program, "--no-audio"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
    assert b"No space left on device" in done.stderr


def test_nobody_hears_standard_output(program: Path) -> None:
    with child([program, "--no-audio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdout.close()
        process.stdin.write(b"name%")
        process.stdin.flush()
        assert process.wait(timeout=_TIMEOUT_S) == 0


def test_start_hears_the_file_again_and_the_led_shows_it(program: Path, tmp_path: Path) -> None:
    sound, led = tmp_path / "sound.raw", tmp_path / "brightness"
    sound.write_bytes(TONE.tobytes())
    led.write_text("1")
    with running(program, "--raw", sound, "--led", led, "--pty") as (_, name):
        with serial.Serial(name, timeout=5) as port:
            for _ in range(2):
                assert b"m-ready" in ask(port, b"start%")
                assert b"ww-detection-[" in port.read_until(b"ww-detection-[")
        assert led.read_text() == "255"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", ["host", "rpi_zero"])
def test_both_compilers_take_it(tmp_path: Path, compiler: str, name: str) -> None:
    link_linux_board(name, tmp_path / "program", compiler, ["-O2"])


LOOP = "    while (count > 0 && wait_for_output(console)) {\n"
OLD_LOOP = "    (void)wait_for_output;\n    while (count > 0) {\n"  # it blocked in the write, without a look before


@pytest.mark.parametrize("loop", [LOOP, OLD_LOOP], ids=["mended", "old"])
def test_a_signal_just_before_a_write_that_would_block(tmp_path: Path, loop: str) -> None:
    """The signal comes before every write here, and standard output is a full pipe that nobody reads."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for folder in load_platform("host").code_folders:
        shutil.copytree(folder, sources, dirs_exist_ok=True)
    console = sources / "console.c"
    text = console.read_text()
    assert LOOP in text
    console.write_text(text.replace(LOOP, "    (void)raise(SIGTERM);\n" + loop))
    core = asset_dir("firmware_templates") / "core"
    program = tmp_path / "program"
    files = [*sorted(sources.glob("*.c")), *sorted(core.glob("*.c")), FAKE_PROGRAM]
    subprocess.run(["cc", "-std=c99", f"-I{sources}", f"-I{core}", "-o", program, *files], check=True)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    with child([program, "--no-audio"], stdin=subprocess.PIPE, stdout=writer) as process:
        if loop == LOOP:
            assert process.wait(timeout=_TIMEOUT_S) == 0
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=3)
    os.close(reader)
    os.close(writer)
