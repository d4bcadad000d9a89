"""The Pico's USB console with a host that misbehaves: it gives up, repeats, halts, resets at any moment."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from board_images import PICO_FLAGS, changed_board, link_arm_board, pico_elf, pico_image
from pico_board import PicoBoard
from rude_usb import (  # noqa: F401
    test_a_halted_endpoint_refuses_until_it_is_told_to_go_on,
    test_a_host_that_gives_up_requests,
    test_a_loop_back_loses_nothing,
    test_a_packet_waits_for_the_end_of_a_halt,
    test_a_storm_of_tokens_without_data,
    test_an_address_that_is_set_twice,
    test_features_that_are_not_there_are_refused,
    test_the_bus_is_reset_sleeps_and_is_pulled_at_any_moment,
)
from test_pico_image import needs_emulator

from wwtool.emulators.nrf52840.registers import FaultError

pytestmark = needs_emulator


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pico_image(pico_elf(tmp_path_factory.mktemp("pico")))


@pytest.fixture
def fresh(image: Path) -> PicoBoard:
    return PicoBoard(image)


@pytest.fixture
def board(fresh: PicoBoard) -> PicoBoard:
    return fresh.open()


def broken(folder: Path, old: str, new: str) -> PicoBoard:
    link_arm_board(changed_board("pico", folder / "b", "usb_controller.c", old, new), folder / "x.elf", PICO_FLAGS)
    return PicoBoard(pico_image(folder / "x.elf"))


def traffic_and_resets(board: PicoBoard) -> None:
    """The core is reset in the middle of traffic, three times; then the console works as at first."""
    for turn in range(3):
        board.open().type(b"name%" * 50)
        board.until(lambda: bool(board.usb))
        board.run(0.0007 * turn)
        board.reset_core()
        board.until(lambda: not board.host.configured)
        board.usb.clear()
    assert board.open().ask(b"name%").endswith(board.answer_to_name)


def test_a_reset_in_the_middle_of_usb_traffic(fresh: PicoBoard) -> None:
    traffic_and_resets(fresh)


def test_a_reset_that_leaves_usb_running_is_caught(tmp_path: Path) -> None:
    folder = changed_board("pico", tmp_path / "b", "startup.c", "reg_set(&RESETS->reset, RESET_ALL_AT_START);", "")
    controller = folder / "usb_controller.c"
    assert "RESET_USBCTRL | RESET_SYSINFO" in controller.read_text()
    controller.write_text(controller.read_text().replace("RESET_USBCTRL | RESET_SYSINFO", "RESET_SYSINFO"))
    link_arm_board(folder, tmp_path / "x.elf", PICO_FLAGS)
    board = PicoBoard(pico_image(tmp_path / "x.elf"))
    board.open()
    with pytest.raises((AssertionError, FaultError)):
        traffic_and_resets(board)


def test_a_halt_that_is_only_acknowledged(tmp_path: Path) -> None:
    board = broken(tmp_path, "*pipe->control = BUFFER_STALL;", "")
    with pytest.raises((AssertionError, FaultError)):
        test_a_halted_endpoint_refuses_until_it_is_told_to_go_on(board.open())


def test_data_that_starts_over_after_a_halt(tmp_path: Path) -> None:
    board = broken(tmp_path, "    pipe->halted = false;\n    pipe->data1 = 0;\n", "    pipe->halted = false;\n")
    board.open().ask(b"name%")
    if not board.host.expects_data1:
        board.ask(b"ww-prob 0%")  # one packet
    assert board.host.expects_data1
    with pytest.raises((AssertionError, FaultError)):
        test_a_packet_waits_for_the_end_of_a_halt(board)


def test_a_request_that_is_given_up(tmp_path: Path) -> None:
    board = broken(tmp_path, "    take_ep0_back();\n    state", "    state")
    with pytest.raises(FaultError, match="buffer is written while the controller has it"):
        test_a_host_that_gives_up_requests(board.open())


def test_available_follows_the_other_bits(tmp_path: Path) -> None:
    old = "    *buffer_control = value;\n    __asm"
    with pytest.raises(FaultError, match="AVAILABLE is set before"):
        broken(tmp_path, old, "    __asm").open()


def test_a_packet_at_the_end_of_a_frame(tmp_path: Path) -> None:
    board, generator = broken(tmp_path, "FRAME_SAFE_US = 700", "FRAME_SAFE_US = 100000000").open(), random.Random(1)
    with pytest.raises(FaultError, match="RP2040-E15"):
        for _ in range(50):
            board.run(1e-3 * generator.random())
            board.ask(b"name%")
