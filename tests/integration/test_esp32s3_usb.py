"""The ESP32-S3's USB console with a host that sends: the harness, packets of any length, a busy board."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import serial
from board_images import host_events
from esp32s3_program import program
from esp32s3_silicon import Silicon
from test_esp32s3_boot import image
from test_esp32s3_image import TONE, needs_tools
from test_esp32s3_microphone import PLATFORM, SCRATCH, started_silicon
from test_microphone_samples import INDICATE, WORK

from wwtool.device import suites
from wwtool.device.session import Session
from wwtool.emulators import esp32s3
from wwtool.emulators.emulator import USB
from wwtool.emulators.esp32s3_registers import MisuseError

READY = b"m-ready\r\n"
NAME = b"m-name-dut-[wwtool-esp32s3]\r\n" + READY
LENGTHS = [2, 0, 64, 64, 0, 0, 64, 1, 64, 64, 0, 3, 64, 0, 4, 1, 0]

pytestmark = needs_tools


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image(tmp_path_factory.mktemp("good"))


def test_the_harness_runs_over_usb(good: Path, tmp_path: Path) -> None:
    expected = host_events(tmp_path, TONE)
    inputs = np.random.default_rng(1).integers(-100, 100, (5, 120)).astype(np.int8)
    outputs = ((inputs.astype(int) + 128).sum(axis=1) // 120).astype(np.uint8)[:, None]
    with esp32s3.start(good, console=USB) as board, Session(board.url) as session:
        assert session.name == "wwtool-esp32s3"
        assert suites.parity(session, [suites.ParityGroup("random", inputs, outputs)]).passed
        session.reset()
        session.show_probabilities(True)
        assert session.stream_pcm(TONE) == expected
        session.set_baud(57600)
        assert session.infer(1).latency_us > 0, "USB has no rate"
        board.check()


def test_what_comes_while_the_board_is_busy_waits(tmp_path: Path) -> None:
    commands = 300
    with (
        esp32s3.start(image(tmp_path, board=(INDICATE, WORK)), console=USB) as board,
        serial.serial_for_url(board.url, timeout=30) as port,
    ):
        port.write(b"name%")
        assert port.read_until(NAME).endswith(NAME)
        port.write(b"ww-led 1%" + b"name%" * commands)
        said = port.read(len(READY) + len(NAME) * commands)
        board.check()
    assert said.endswith(NAME * commands)


def read_all(silicon: Silicon, symbols: dict[str, int], packets: Iterable[bytes], most: int) -> bytes:
    """What the driver reads, ``most`` bytes at a time, from a host that has always its next packet ready."""
    usb, left = silicon.chip.usb, iter(packets)
    usb.offer = lambda: next(left, None)
    read = bytearray()
    for _ in range(600):
        usb.poll()
        count = silicon.call(symbols["usb_read"], SCRATCH, most)
        read += silicon.stub.read(SCRATCH, count) if count else b""
    return bytes(read)


def test_packets_of_every_length_arrive_as_they_were_sent(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    packets = [random.bytes(int(length)) for length in (64, 0, 64, 64, 0, 0, 1, 63, 64, 0, *random.integers(0, 65, 20))]
    with started_silicon(tmp_path, PLATFORM) as (silicon, symbols):
        silicon.run(symbols["microphone_read"])
        for most in (64, 7, 1000):
            assert read_all(silicon, symbols, packets, most) == b"".join(packets)
        assert silicon.chip.usb.refusals > 20


def answers(folder: Path, *changes: tuple[str, str, str]) -> bool:
    """Whether the whole program answers commands that come in packets of LENGTHS."""
    commands, rest = divmod(sum(LENGTHS), 5)
    assert rest == 0
    typed = iter(b"name%" * commands)
    with program(folder, b"", *changes) as board:
        board.type(*(bytes(itertools.islice(typed, length)) for length in LENGTHS))
        for _ in range(60):
            board.turn()
        assert board.silicon.chip.usb.refusals > 0
        return bytes(board.said) == NAME * commands


def test_the_whole_program_answers_packets_of_any_length(tmp_path: Path) -> None:
    assert answers(tmp_path)


def test_a_reader_that_takes_more_than_it_keeps(tmp_path: Path) -> None:
    old = "while (count < max && usb_waiting()) {\n        bytes[count++] = (uint8_t)USB_EP1;"
    new = (
        "while (usb_waiting()) {\n        const uint8_t byte = (uint8_t)USB_EP1;\n"
        "        if (count < max) {\n            bytes[count++] = byte;\n        }"
    )
    assert not answers(tmp_path, ("usb.c", old, new))


def test_a_reader_that_does_not_look(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="while that is empty"):
        answers(tmp_path, ("usb.c", "count < max && usb_waiting()", "count < max"))
