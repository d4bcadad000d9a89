"""The Linux program's microphone: arecord beside it, which works, is slow, dies, is missing, or loses samples."""

from __future__ import annotations

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
from board_images import host_events, link_linux_board
from children import child

from wwtool.device.protocol import Event, parse_event

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")
_TIMEOUT_S = 20.0
# The program that stands for arecord writes down what it was asked and who it is, then does the rest.
_FAKE = """#!/bin/sh
echo "$@" > {folder}/asked
echo $LC_ALL >> {folder}/asked
echo $$ >> {folder}/pids
{rest}
"""
_PLAYS = "cat {folder}/sound.raw; exec sleep 60"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("linux") / "hey_fake"
    link_linux_board("host", target, "cc", ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"])
    return target


@contextmanager
def listening(
    program: Path, folder: Path, rest: str, *options: str
) -> Iterator[tuple[subprocess.Popen[str], serial.Serial]]:
    """The program with a fake arecord, and its console."""
    (folder / "sound.raw").write_bytes(TONE.tobytes())
    fake = folder / "bin" / "arecord"
    fake.parent.mkdir()
    if rest:
        fake.write_text(_FAKE.format(folder=folder, rest=rest.format(folder=folder)))
        fake.chmod(0o755)
    tools = f"{fake.parent}:{os.environ['PATH']}" if rest else str(fake.parent)
    command = [str(program), "--alsa", "plughw:1,0", "--pty", *options]
    with (
        (folder / "errors").open("w") as errors,
        child(command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, "PATH": tools}) as process,
    ):
        assert process.stdout is not None
        try:
            with serial.Serial(process.stdout.readline().strip(), timeout=10) as port:
                yield process, port
        finally:
            process.terminate()
            process.wait(timeout=_TIMEOUT_S)


def ask(port: serial.Serial, command: bytes) -> str:
    port.reset_input_buffer()
    port.write(command)
    return bytes(port.read_until(b"m-ready\r\n")).decode()


def pids(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "pids").read_text().split()] if (folder / "pids").exists() else []


def soon(true: object) -> bool:
    """Whether a condition comes true within some seconds."""
    assert callable(true)
    deadline = time.monotonic() + 10.0
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def said(folder: Path) -> list[str]:
    return [line for line in (folder / "errors").read_text().splitlines() if "indicator" not in line]


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_it_hears_the_device(program: Path, tmp_path: Path) -> None:
    expected = [event.frame for event in host_events(tmp_path, TONE) if event.kind == "detection"]
    with listening(program, tmp_path, _PLAYS) as (process, port):
        assert soon(lambda: "indicator on" in (tmp_path / "errors").read_text())
        asked = (tmp_path / "asked").read_text()
        assert asked == (
            "-q -D plughw:1,0 -f S16_LE -r 16000 -c 1 -t raw --period-time=20000 --buffer-time=500000\nC\n"
        )
        answer = ask(port, b"stop%")
        assert str(expected) in answer
        assert not exists(pids(tmp_path)[0])  # nor a zombie: that is there until its end is taken note of
        port.write(b"start%")
        assert b"ww-detection-[" in port.read_until(b"ww-detection-[")
        assert len(pids(tmp_path)) == 2
        assert "overruns=0]" in ask(port, b"ww-memory%")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=_TIMEOUT_S) == 0
        assert not exists(pids(tmp_path)[1])
    assert said(tmp_path) == []


def test_samples_that_come_in_odd_portions(program: Path, tmp_path: Path) -> None:
    """The first arecord leaves half a sample, the second plays in portions of any size."""
    expected = [event for event in host_events(tmp_path, TONE) if event.kind == "prob"]
    slowly = (
        "[ $(wc -l < {folder}/pids) -lt 2 ] && printf x && exec sleep 60\n"
        "(for n in 1 333 4001; do head -c $n; sleep 0.1; done; cat) < {folder}/sound.raw; exec sleep 60"
    )
    with listening(program, tmp_path, slowly) as (_, port):
        assert soon(lambda: pids(tmp_path))
        time.sleep(0.2)
        port.write(b"ww-prob 1%start%")
        heard: list[Event] = []
        while len(heard) < len(expected):
            line = port.read_until(b"\r\n").decode()
            assert line, f"{len(heard)} of {len(expected)} events came"
            event = parse_event(line.strip())
            heard += [event] if event and event.kind == "prob" else []
        assert heard == expected


def test_lost_samples_are_counted(program: Path, tmp_path: Path) -> None:
    lost = "echo 'overrun!!! (at least 12.345 ms long)' >&2; " * 2
    with listening(program, tmp_path, lost + _PLAYS) as (_, port):
        assert soon(lambda: "indicator on" in (tmp_path / "errors").read_text())
        assert f"overruns={2 * 13 * 16}]" in ask(port, b"ww-memory%")


def test_a_device_that_is_busy_and_then_is_not(program: Path, tmp_path: Path) -> None:
    dies = "[ $(wc -l < {folder}/pids) -lt 3 ] && echo 'audio open error: busy' >&2 && exit 1\n"
    with listening(program, tmp_path, dies + _PLAYS) as (_, port):
        assert soon(lambda: said(tmp_path))
        assert "wwtool-host" in ask(port, b"name%")
        (line,) = said(tmp_path)
        assert "status 1 (audio open error: busy), so nothing is heard from plughw:1,0; see arecord -l" in line
        since = time.monotonic()
        port.timeout = 20
        assert b"ww-detection-[" in port.read_until(b"ww-detection-[")
        assert 5 < time.monotonic() - since < 15
        assert len(pids(tmp_path)) == 3 and len(said(tmp_path)) == 1  # told once, tried twice
        assert not exists(pids(tmp_path)[0]) and not exists(pids(tmp_path)[1])


def test_a_device_that_is_pulled_out(program: Path, tmp_path: Path) -> None:
    with listening(program, tmp_path, _PLAYS) as (_, port):
        assert soon(lambda: "indicator on" in (tmp_path / "errors").read_text())
        os.kill(pids(tmp_path)[0], signal.SIGTERM)
        assert soon(lambda: "status 143" in "".join(said(tmp_path)))
        assert "wwtool-host" in ask(port, b"name%")


def test_no_arecord(program: Path, tmp_path: Path) -> None:
    with listening(program, tmp_path, "") as (_, port):
        assert soon(lambda: said(tmp_path))
        assert "apt-get install alsa-utils" in said(tmp_path)[0]
        assert "wwtool-host" in ask(port, b"name%")


def test_it_ends_with_the_program_that_started_it(program: Path, tmp_path: Path) -> None:
    with listening(program, tmp_path, "trap '' PIPE TERM INT HUP; while :; do sleep 0.1; done") as (process, _):
        assert soon(lambda: pids(tmp_path))
        process.kill()
        process.wait()
        assert soon(lambda: not exists(pids(tmp_path)[0]))


def test_a_deaf_arecord_stops_nothing(program: Path, tmp_path: Path) -> None:
    with listening(program, tmp_path, "trap '' TERM INT; while :; do sleep 0.1; done") as (process, port):
        assert soon(lambda: pids(tmp_path))
        assert "wwtool-host" in ask(port, b"name%")
        since = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=_TIMEOUT_S) == 0
        assert time.monotonic() - since < 2 and not exists(pids(tmp_path)[0])


@contextmanager
def on_standard_streams(program: Path, folder: Path, stdin: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program with a fake arecord that plays half a second later."""
    fake = folder / "bin" / "arecord"
    fake.parent.mkdir()
    (folder / "sound.raw").write_bytes(TONE.tobytes())
    fake.write_text(_FAKE.format(folder=folder, rest=f"sleep 0.5; cat {folder}/sound.raw; exec sleep 60"))
    fake.chmod(0o755)
    environment = {**os.environ, "PATH": f"{fake.parent}:{os.environ['PATH']}"}
    command = [str(program), "--alsa", "default"]
    with child(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        yield process


def test_standard_input_that_ends_does_not_end_listening(program: Path, tmp_path: Path) -> None:
    with on_standard_streams(program, tmp_path, subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert any(b"ww-detection-[" in line for line in process.stdout)
        process.terminate()
        assert process.wait(timeout=_TIMEOUT_S) == 0


def test_it_ends_when_nobody_hears_it(program: Path, tmp_path: Path) -> None:
    with on_standard_streams(program, tmp_path, subprocess.PIPE) as process:
        assert process.stdout is not None
        assert soon(lambda: pids(tmp_path))
        process.stdout.close()
        assert process.wait(timeout=_TIMEOUT_S) == 0
        assert not exists(pids(tmp_path)[0])


@pytest.mark.skipif(shutil.which("arecord") is None, reason="arecord is not installed")
def test_arecord_itself_takes_the_arguments(program: Path, tmp_path: Path) -> None:
    """ALSA's device `null` records silence, as fast as it is taken."""
    command = [str(program), "--alsa", "null", "--pty"]
    with (
        (tmp_path / "errors").open("w") as errors,
        child(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        with serial.Serial(process.stdout.readline().strip(), timeout=10) as port:
            port.write(b"ww-prob 1%")
            assert b"ww-prob-[" in port.read_until(b"ww-prob-[")
        process.terminate()
        assert process.wait(timeout=_TIMEOUT_S) == 0
    assert said(tmp_path) == []


@pytest.mark.skipif(shutil.which("arecord") is None, reason="arecord is not installed")
def test_what_arecord_says_of_a_missing_device_is_told(program: Path) -> None:
    with child(
        [program, "--alsa", "plughw:17,0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        process.terminate()
        assert process.wait(timeout=_TIMEOUT_S) == 0
    assert "arecord ended with status 1" in line and "No such file or directory" in line
