"""The Nano 33 BLE's USB console with a host that misbehaves: it gives up, repeats, halts, resets at any moment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from board_images import changed_board, nano_image

pytest.importorskip("unicorn")
pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

from nano_board import Board  # noqa: E402
from rude_usb import (  # noqa: E402, F401
    test_a_halted_endpoint_refuses_until_it_is_told_to_go_on,
    test_a_host_that_gives_up_requests,
    test_a_loop_back_loses_nothing,
    test_a_loop_back_of_a_megabyte_loses_nothing,
    test_a_packet_waits_for_the_end_of_a_halt,
    test_a_storm_of_tokens_without_data,
    test_an_address_that_is_set_twice,
    test_features_that_are_not_there_are_refused,
    test_the_bus_is_reset_sleeps_and_is_pulled_at_any_moment,
)

from wwtool.emulators.nrf52840.registers import FaultError  # noqa: E402


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano_image(tmp_path_factory.mktemp("nano") / "fake.elf")


@pytest.fixture
def fresh(image: Path) -> Board:
    return Board(image)


@pytest.fixture
def board(fresh: Board) -> Board:
    return fresh.open()


def test_a_halt_that_is_only_acknowledged(tmp_path: Path) -> None:
    """What this firmware did at first."""
    old, new = "USBD->epstall = address | USBD_EPSTALL_STALL;", "(void)address;"
    board = Board(
        nano_image(tmp_path / "x.elf", changed_board("nano33ble", tmp_path / "b", "usb_controller.c", old, new))
    )
    with pytest.raises((AssertionError, FaultError)):
        test_a_halted_endpoint_refuses_until_it_is_told_to_go_on(board.open())


def test_data_that_starts_over_after_a_halt(tmp_path: Path) -> None:
    old, new = "USBD->dtoggle = address | USBD_DTOGGLE_DATA0;", ""
    with pytest.raises(FaultError, match="DATA"):
        board = Board(
            nano_image(tmp_path / "x.elf", changed_board("nano33ble", tmp_path / "b", "usb_controller.c", old, new))
        )
        test_a_halted_endpoint_refuses_until_it_is_told_to_go_on(board.open())
