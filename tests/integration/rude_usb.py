"""What a rude host does to a board's USB console, for any board whose tests have the fixtures ``board``, whose port is
open, and ``fresh``, which has just got power. The tests of a board import these."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from wwtool.emulators.nrf52840.usbd import Handshake
from wwtool.emulators.usb_host import FROM_DEVICE, SET_ADDRESS, TO_DEVICE, Script, UsbHost

GET_STATUS, CLEAR_FEATURE, SET_FEATURE = 0, 1, 3
TO_ENDPOINT, OF_ENDPOINT = 0x02, 0x82
ENDPOINT_HALT, REMOTE_WAKEUP = 0, 1
DATA_OUT, DATA_IN, NOTIFY = 0x02, 0x82, 0x81
GET_CONFIGURATION_DESCRIPTOR = bytes([0x80, 6, 0, 2, 0, 0, 75, 0])
SET_LINE_CODING = bytes([0x21, 0x20, 0, 0, 0, 0, 7, 0])


class RudeBoard(Protocol):
    """An emulated board in the test's own process.

    Attributes:
        usb: what it has said there.
        answer_to_name: what it says when it is asked for its name.
    """

    usb: bytearray
    host: UsbHost
    answer_to_name: bytes

    @property
    def usbd(self) -> Any: ...
    def run(self, seconds: float) -> None: ...
    def until(self, condition: Callable[[], bool], seconds: float = 1.0) -> None: ...
    def open(self) -> RudeBoard: ...
    def type(self, text: bytes) -> None: ...
    def ask(self, command: bytes) -> bytes: ...
    def do(self, script: Callable[[], Script]) -> bytes: ...
    def type_on_uart(self, text: bytes) -> None: ...


def is_halted(board: RudeBoard, endpoint: int) -> bool:
    return board.do(lambda: board.host.control(OF_ENDPOINT, GET_STATUS, 0, endpoint, 2)) == bytes([1, 0])


def test_a_halted_endpoint_refuses_until_it_is_told_to_go_on(board: RudeBoard) -> None:
    host, usbd = board.host, board.usbd
    assert board.ask(b"name%") == board.answer_to_name
    host.reading = False
    for endpoint in (DATA_OUT, DATA_IN, NOTIFY):
        assert not is_halted(board, endpoint)
        board.do(lambda e=endpoint: host.control(TO_ENDPOINT, SET_FEATURE, ENDPOINT_HALT, e))  # type: ignore[misc]
        assert is_halted(board, endpoint)
    assert usbd.take(2)[0] is usbd.take(1)[0] is usbd.give(2, 0, b"name%") is Handshake.STALL
    board.type_on_uart(b"name%")
    board.run(0.1)
    for endpoint in (DATA_OUT, DATA_IN, NOTIFY):
        board.do(lambda e=endpoint: host.control(TO_ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, e))  # type: ignore[misc]
        assert not is_halted(board, endpoint)
    host.restart_toggles()
    host.reading = True
    assert board.ask(b"name%") == board.answer_to_name


def test_a_packet_waits_for_the_end_of_a_halt(board: RudeBoard) -> None:
    board.host.reading = False
    board.type(b"name%")
    board.run(0.01)  # the answer is with the device
    board.do(lambda: board.host.control(TO_ENDPOINT, SET_FEATURE, ENDPOINT_HALT, DATA_IN))
    assert board.usbd.take(2)[0] is Handshake.STALL
    board.do(lambda: board.host.control(TO_ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, DATA_IN))
    board.host.restart_toggles()
    board.host.reading = True
    board.host.kick()
    board.until(lambda: bytes(board.usb) == board.answer_to_name)


def test_features_that_are_not_there_are_refused(board: RudeBoard) -> None:
    host = board.host
    board.do(lambda: host.refused(TO_DEVICE, SET_FEATURE, REMOTE_WAKEUP, 0))
    board.do(lambda: host.refused(TO_ENDPOINT, SET_FEATURE, ENDPOINT_HALT, 0x83))
    board.do(lambda: host.refused(TO_ENDPOINT, SET_FEATURE, ENDPOINT_HALT, 0x00))
    board.do(lambda: host.control(TO_ENDPOINT, CLEAR_FEATURE, ENDPOINT_HALT, 0x00))
    assert board.ask(b"name%") == board.answer_to_name


def test_a_host_that_gives_up_requests(board: RudeBoard) -> None:
    def gives_up(setup: bytes, reads: int, wait_s: float) -> Script:
        board.usbd.setup(setup)
        for _ in range(reads):
            yield 100e-6
            board.usbd.take(0)
        yield wait_s

    generator = random.Random(3)
    for _ in range(60):
        setup = generator.choice([GET_CONFIGURATION_DESCRIPTOR, SET_LINE_CODING])
        reads, wait_s = generator.randrange(3), generator.choice([0.0, 1e-6, 20e-6, 1e-3])
        board.do(lambda s=setup, r=reads, w=wait_s: gives_up(s, r, w))  # type: ignore[misc]
    assert board.do(lambda: board.host.control(FROM_DEVICE, 8, 0, 0, 1)) == b"\1"
    assert board.ask(b"name%") == board.answer_to_name


def test_an_address_that_is_set_twice(board: RudeBoard) -> None:
    board.do(lambda: board.host.control(TO_DEVICE, SET_ADDRESS, 9, 0))
    board.do(lambda: board.host.control(TO_DEVICE, SET_ADDRESS, 9, 0))
    assert board.usbd.address == 9
    assert board.ask(b"name%") == board.answer_to_name


def test_a_storm_of_tokens_without_data(board: RudeBoard) -> None:
    def storm() -> Script:
        for _ in range(2000):
            assert board.usbd.take(2)[0] is Handshake.NAK
            yield 10e-6

    board.do(storm)
    assert board.ask(b"name%") == board.answer_to_name


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_the_bus_is_reset_sleeps_and_is_pulled_at_any_moment(fresh: RudeBoard, seed: int) -> None:
    board, generator = fresh, random.Random(seed)
    for _ in range(8):
        board.open().type(b"name%help%" * 5)
        board.run(generator.choice([0.0, 1e-5, 1e-4, 1e-3, 5e-3]) * generator.random())
        event = generator.randrange(3)
        if event == 0:
            board.host.request(board.host.enumerate)
            board.until(lambda: not board.host.configured)
        elif event == 1:
            board.host.suspend()
            board.run(0.02)
            board.host.resume()
            board.until(lambda: not board.host.asleep)
            board.host.request(board.host.enumerate)
            board.until(lambda: not board.host.configured)
        else:
            board.host.unplug()
            board.run(0.05 * generator.random())
            board.host.plug()
        board.host.queue.clear()
    board.open().run(0.2)
    assert board.ask(b"name%").endswith(board.answer_to_name)


def loop_back(board: RudeBoard, commands: int) -> None:
    board.type(b"name%" * commands)
    board.until(lambda: len(board.usb) >= commands * len(board.answer_to_name), 0.001 * commands + 5.0)
    assert bytes(board.usb) == board.answer_to_name * commands


def test_a_loop_back_loses_nothing(board: RudeBoard) -> None:
    loop_back(board, 300)


@pytest.mark.slow
def test_a_loop_back_of_a_megabyte_loses_nothing(board: RudeBoard) -> None:
    loop_back(board, 1_000_000 // len(board.answer_to_name) + 1)
