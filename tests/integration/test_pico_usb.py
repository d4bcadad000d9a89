"""The Pico's USB console on a bus that is as rude as real ones: hubs, frames, and a host that gives up a request."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import serial
from board_images import PICO_FLAGS, changed_board, link_arm_board, pico_elf, pico_image
from test_pico_image import needs_emulator

from wwtool.device.session import Session
from wwtool.emulators import pico
from wwtool.errors import DeviceError

NAME = b"m-name-dut-[wwtool-pico]\r\nm-ready\r\n"

pytestmark = needs_emulator


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pico_image(pico_elf(tmp_path_factory.mktemp("pico")))


def loop_back(url: str, commands: int) -> None:
    """Sends commands without waiting for answers, and takes every byte of every answer."""
    with serial.serial_for_url(url, timeout=30) as port:
        port.reset_input_buffer()
        for start in range(0, commands, 500):
            count = min(500, commands - start)
            port.write(b"name%" * count)
            assert port.read(count * len(NAME)) == NAME * count


@pytest.mark.parametrize("revision", [1, 2])
def test_every_revision_is_seen_behind_a_hub(image: Path, revision: int) -> None:
    with pico.start(image, console="usb", revision=revision) as emulator, Session(emulator.url) as session:
        assert session.info().board == "pico"
        emulator.check()


def test_a_loop_back_loses_nothing(image: Path) -> None:
    with pico.start(image, console="usb") as emulator:
        loop_back(emulator.url, 500)
        emulator.check()


@pytest.mark.slow
def test_a_loop_back_of_a_megabyte_loses_nothing(image: Path) -> None:
    with pico.start(image, console="usb") as emulator:
        loop_back(emulator.url, 1_000_000 // len(NAME) + 1)
        assert emulator.stats()["console_bytes_out"] >= 1_000_000


@pytest.mark.parametrize(
    ("revision", "old", "new", "reason"),
    [
        (1, "usb_enumeration_help();", "", "RP2040-E5"),
        (1, "FRAME_SAFE_US = 700", "FRAME_SAFE_US = 100000000", "RP2040-E15"),
        (1, "(void)USB->sof_rd; /* of a frame that nobody waited for */", "", "RP2040-E15"),
        (1, "if (usb_chip_is_old()) {", "if (false) {", "RP2040-E2"),
        (2, "if (usb_chip_is_old()) {", "if (true) {", "without an abort"),
        (1, "    take_ep0_back();\n    state", "    state", "buffer is written while the controller has it"),
        (2, "    take_ep0_back();\n    state", "    state", "buffer is written while the controller has it"),
    ],
    ids=["hub", "frame", "old-frame", "abort-before-b2", "no-abort", "setup", "setup-b2"],
)
def test_what_fails_on_such_a_bus(tmp_path: Path, revision: int, old: str, new: str, reason: str) -> None:
    board = changed_board("pico", tmp_path / "board", "usb_controller.c", old, new)
    link_arm_board(board, tmp_path / "broken.elf", PICO_FLAGS)
    with pico.start(pico_image(tmp_path / "broken.elf"), console="usb", revision=revision) as broken:
        with contextlib.suppress(OSError), serial.serial_for_url(broken.url, timeout=0.5) as port:
            for _ in range(400):
                port.write(b"help%")
                port.read(100)
        broken.wait_for_failure(5)
        with pytest.raises(DeviceError, match=reason):
            broken.check()
