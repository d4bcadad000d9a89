"""The files that the Linux program hears: every form of WAV that is 16 kHz, mono, 16 bit; any other is refused."""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from board_images import host_events, link_linux_board
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wwtool.device.protocol import Event, parse_event
from wwtool.device.session import Session
from wwtool.emulators import linux
from wwtool.errors import DeviceError

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype("<i2")
_TIMEOUT_S = 20.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("linux") / "hey_fake"
    link_linux_board("host", target, "cc", ["-O1"])
    return target


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, which ends at the first mistake in memory or arithmetic."""
    target = tmp_path_factory.mktemp("checked") / "hey_fake"
    link_linux_board("host", target, "cc", ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
    return target


def spoken(program: Path, *options: str | Path, said: bytes = b"ww-prob 1%") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program, *options], input=said, capture_output=True, check=False, timeout=_TIMEOUT_S)


def events_of(done: subprocess.CompletedProcess[bytes]) -> list[Event]:
    return [event for line in done.stdout.decode().splitlines() if (event := parse_event(line))]


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content + b"\0" * (len(content) % 2)


def form(tag: int = 1, channels: int = 1, rate_hz: int = 16000, bits: int = 16) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * block, block, bits)


def wav(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


_FORMAT = chunk(b"fmt ", form())
_SUBFORMAT = bytes.fromhex("0100000000001000800000aa00389b71")
_EXTENSIBLE = chunk(b"fmt ", form(tag=0xFFFE) + struct.pack("<HHI", 22, 16, 4) + _SUBFORMAT)
_SOUND = TONE.tobytes()
GOOD = {
    "plain": wav(_FORMAT, chunk(b"data", _SOUND)),
    "extensible": wav(_EXTENSIBLE, chunk(b"data", _SOUND)),
    "longer-format": wav(chunk(b"fmt ", form() + b"\0\0"), chunk(b"data", _SOUND)),
    "other-chunks": wav(
        chunk(b"LIST", b"INFOISFT\5\0\0\0abcd\0"), _FORMAT, chunk(b"data", _SOUND), chunk(b"id3 ", b"x")
    ),
    "no-size": wav(_FORMAT, chunk(b"data", _SOUND, 0)),
    "streamed": wav(_FORMAT, chunk(b"data", _SOUND, 0xFFFFFFFF)),
    "cut-off": wav(_FORMAT, chunk(b"data", _SOUND, 10 * len(_SOUND))),
    "half-a-sample": wav(_FORMAT, chunk(b"data", _SOUND + b"\x7f")),
}
BAD = {
    "44100-hz": (wav(chunk(b"fmt ", form(rate_hz=44100)), chunk(b"data", _SOUND)), "44100 Hz"),
    "stereo": (wav(chunk(b"fmt ", form(channels=2)), chunk(b"data", _SOUND)), "2 channels"),
    "bytes": (wav(chunk(b"fmt ", form(bits=8)), chunk(b"data", _SOUND)), "8 bit"),
    "float": (wav(chunk(b"fmt ", form(tag=3)), chunk(b"data", _SOUND)), "format 3"),
    "no-data": (wav(_FORMAT, chunk(b"LIST", b"abcd")), "no samples"),
    "no-format": (wav(chunk(b"data", _SOUND), _FORMAT), "before it says"),
    "short-format": (wav(chunk(b"fmt ", form()[:10])), "no samples"),
    "endless-chunk": (wav(chunk(b"LIST", b"abcd", 0xFFFFFFFF), _FORMAT), "no samples"),
    "header": (b"RIFF\0\0\0\0WAVE", "no samples"),
    "page": (b"<html>404</html>", "not a WAV file"),
    "empty": (b"", "empty"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_wav_is_heard(checked: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "sound.wav").write_bytes(GOOD[name])
    done = spoken(checked, "--wav", tmp_path / "sound.wav")
    assert done.returncode == 0, done.stderr
    assert [e for e in events_of(done) if e.kind == "detection"] == [
        e for e in host_events(tmp_path, TONE) if e.kind == "detection"
    ]
    assert b"indicator on" in done.stderr
    with (tmp_path / "sound.wav").open("rb") as pipe:  # which cannot be wound back
        said = subprocess.run(["cat"], stdin=pipe, capture_output=True, check=True).stdout
    command = f"cat | '{checked}' --wav /dev/stdin | grep ww-detection"
    piped = subprocess.run(["sh", "-c", command], input=said, capture_output=True, check=False, timeout=_TIMEOUT_S)
    assert piped.stdout in done.stdout and piped.stdout


@pytest.mark.parametrize("name", BAD)
def test_a_wav_is_refused(checked: Path, tmp_path: Path, name: str) -> None:
    content, reason = BAD[name]
    (tmp_path / "sound.wav").write_bytes(content)
    refused(spoken(checked, "--wav", tmp_path / "sound.wav"), "sound.wav", reason)


def refused(done: subprocess.CompletedProcess[bytes], *words: str) -> None:
    said = done.stderr.decode()
    assert (done.returncode, done.stdout, said.count("\n")) == (2, b"", 1), said
    assert said.startswith("hey_fake: ") and "; " in said
    for word in words:
        assert word in said


def test_other_files_and_options(checked: Path, tmp_path: Path) -> None:
    refused(spoken(checked, "--wav", tmp_path / "none.wav"), "none.wav", "No such file")
    refused(spoken(checked, "--wav", tmp_path), str(tmp_path), "not a file")
    refused(spoken(checked, "--wav"), "--wav needs a value")
    refused(spoken(checked, "--wav", "a.wav", "--alsa", "default"), "only one of")
    refused(spoken(checked, "--realtime"), "--realtime goes with")
    refused(spoken(checked, "--frobnicate"), "--frobnicate", "--help")
    refused(spoken(checked, "--no-audio", "--led", tmp_path / "x" / "brightness"), "cannot be written")
    shown = spoken(checked, "--help")
    assert shown.returncode == 0 and b"--alsa DEVICE" in shown.stdout
    (tmp_path / "sound.raw").write_bytes(_SOUND)
    assert events_of(spoken(checked, "--raw", tmp_path / "sound.raw"))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good WAV with bytes changed, cut out, or repeated."""
    content = bytearray(draw(st.sampled_from(sorted(GOOD.values())))[: draw(st.integers(0, 400))])
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, min(len(content), 64) - 1)))
        content[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(content)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(damaged(), st.binary(max_size=200)))
def test_no_file_breaks_it(checked: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.wav"
    path.write_bytes(content)
    done = spoken(checked, "--wav", path)
    if done.returncode == 2:
        refused(done, "damaged.wav")
    else:
        assert done.returncode == 0, done.stderr


def test_as_fast_as_it_was_recorded(program: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.wav").write_bytes(GOOD["plain"])
    fast = spoken(program, "--wav", tmp_path / "sound.wav")
    since = time.monotonic()
    slow = spoken(program, "--wav", tmp_path / "sound.wav", "--realtime", said=b"ww-prob 1%" + 400 * b"name%")
    assert 0.9 < time.monotonic() - since < 3.0  # whatever the console has to do meanwhile
    heard = [[event for event in events_of(done) if event.kind == "detection"] for done in (fast, slow)]
    assert heard[0] == heard[1] != []


def test_wwtool_runs_it(program: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.wav").write_bytes(GOOD["plain"])
    with linux.start(program, audio=tmp_path / "sound.wav", pty=True) as board, Session(board.url) as session:
        assert session.name == "wwtool-host"
        board.check()


def test_the_reason_why_it_ended_is_told(program: Path, tmp_path: Path) -> None:
    (tmp_path / "sound.wav").write_bytes(BAD["stereo"][0])
    with linux.start(program, audio=tmp_path / "sound.wav") as board:
        board.wait()
        with pytest.raises(DeviceError, match=r"status 2: .*sound.wav is 16000 Hz, 2 channels"):
            board.check()
