"""The Nano 33 BLE's USB console behind a hub: what the hub's port does to a full-speed device, event by event.

A hub changes no packet of a full-speed device, and the nRF52840's USBD hides all signals. What is left are its events:
USBRESET, SUSPEND, RESUME, and transactions that come late. Section numbers are those of USB 2.0.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from board_images import changed_board, nano_image

pytest.importorskip("unicorn")
pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

from nano_board import NAME, Board  # noqa: E402

from wwtool.emulators.nrf52840.registers import FaultError  # noqa: E402
from wwtool.emulators.usb_host import Script  # noqa: E402

IDLE_S = 0.003  # without a frame, after which the device is suspended (7.1.7.6)
PORT_RESET_S, RECOVERY_S = 0.010, 0.010  # the shortest reset of a hub's port (7.1.7.5), and the pause after one
SEEN_S = 2.5e-6  # of SE0, the shortest that a device takes for a reset (7.1.7.5)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano_image(tmp_path_factory.mktemp("nano") / "fake.elf")


def disable_port(board: Board) -> None:
    """The port carries nothing any more, frames included (11.5.1.4)."""
    board.host.asleep = True
    board.run(IDLE_S)
    board.usbd.suspend()


def behind_hub(board: Board, later_s: float) -> Board:
    """A port is disabled until it is reset, so the device sleeps when a reset comes, ``later_s`` after that."""
    of_a_root_port = board.host.enumerate

    def enumerate() -> Script:
        yield IDLE_S
        board.usbd.suspend()
        if later_s:
            yield later_s
        board.usbd.bus_reset()
        board.host.asleep = False
        yield PORT_RESET_S + RECOVERY_S
        yield from of_a_root_port()

    board.host.enumerate = enumerate  # type: ignore[method-assign]
    return board.open()


@pytest.mark.parametrize("later_s", [0.0, SEEN_S, 1e-4, 0.05])
def test_it_is_found_on_a_port_that_was_disabled(image: Path, later_s: float) -> None:
    board = behind_hub(Board(image), later_s)
    assert board.ask(b"name%") == NAME


@pytest.mark.parametrize("seed", range(4))
def test_a_port_is_disabled_in_the_middle_of_traffic(image: Path, seed: int) -> None:
    """As a hub does after an error at the end of a frame (11.8.1): the host resets the port and starts anew."""
    board, generator = behind_hub(Board(image), SEEN_S), random.Random(seed)
    for _ in range(4):
        board.type(b"name%" * 40)
        board.run(0.004 * generator.random())
        disable_port(board)
        board.run(generator.choice([0.0, SEEN_S, 0.02, 0.3]))
        board.host.queue.clear()
        board.host.request(board.host.enumerate)
        board.until(lambda: not board.host.configured)
        board.open().run(0.05)
        board.ask(b"%")  # ends a command of which the reset has taken the rest
        assert board.ask(b"name%") == NAME


def test_transactions_with_gaps_lose_nothing(image: Path) -> None:
    """A hub's other ports have the bus for most of some frames; less than 3 ms without one of ours is no suspend."""
    board, generator = behind_hub(Board(image), SEEN_S), random.Random(5)
    board.type(b"name%" * 300)
    for _ in range(200):
        board.host.asleep = True
        board.run(0.9 * IDLE_S * generator.random())
        board.host.asleep = False
        board.host.kick()
        board.run(0.0005 * generator.random())
    board.until(lambda: len(board.usb) >= 300 * len(NAME), 5.0)
    assert bytes(board.usb) == NAME * 300


def test_a_port_that_sleeps_goes_on_where_it_was(image: Path) -> None:
    """The host suspends the port alone, and the hub drives the resume (11.9), in the middle of a command."""
    board = behind_hub(Board(image), SEEN_S)
    assert board.ask(b"name%") == NAME
    for _ in range(3):
        board.type(b"na")
        board.run(0.003)
        disable_port(board)
        board.run(0.1)
        board.usbd.resume()
        board.run(0.02)
        board.host.asleep = False
        assert board.ask(b"me%") == NAME


def test_a_suspend_that_outlives_the_reset(tmp_path: Path) -> None:
    """What this firmware did at first, where both events came at once."""
    folder = changed_board("nano33ble", tmp_path / "b", "usb_controller.c", " && !was_reset", " && (was_reset || true)")
    with pytest.raises(FaultError):
        behind_hub(Board(nano_image(tmp_path / "x.elf", folder)), 0.0)


def test_a_reset_that_leaves_the_device_asleep(tmp_path: Path) -> None:
    old = "        usb_control_bus_reset();\n        set_suspended(false);\n"
    folder = changed_board("nano33ble", tmp_path / "b", "usb_controller.c", old, "        usb_control_bus_reset();\n")
    with pytest.raises((AssertionError, FaultError)):
        behind_hub(Board(nano_image(tmp_path / "x.elf", folder)), 0.05)
