"""The Nano 33 BLE's USB console on the emulated nRF52840, in this process: the test is the PC, and moves the time."""

from __future__ import annotations

import itertools
import shutil
import struct
from pathlib import Path

import pytest
from board_images import changed_board, nano_image

pytest.importorskip("unicorn")
pytestmark = pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")

from nano_board import NAME, Board  # noqa: E402
from usb_board import READY  # noqa: E402

from wwtool.emulators.nrf52840.peripherals import Information  # noqa: E402
from wwtool.emulators.nrf52840.registers import FaultError  # noqa: E402
from wwtool.emulators.usb_host import (  # noqa: E402
    CONFIGURATION,
    DEVICE,
    FROM_DEVICE,
    SET_CONFIGURATION,
    TO_DEVICE,
    TO_INTERFACE,
)

GET_STATUS, CLEAR_FEATURE, GET_CONFIGURATION = 0, 1, 8
TO_ENDPOINT, VENDOR = 0x02, 0x40
GET_LINE_CODING, SEND_BREAK = 0x21, 0x23


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nano_image(tmp_path_factory.mktemp("nano") / "fake.elf")


@pytest.fixture
def board(image: Path) -> Board:
    return Board(image)


def test_a_pc_finds_a_serial_port(board: Board) -> None:
    board.enumerate()
    host = board.host
    device = host.descriptors[DEVICE, 0]
    assert struct.unpack_from("<HHH", device, 8) == (0x2341, 0x805A, 0x0100)  # Arduino's, of this board
    assert device[7] == 64 and device[17] == 1
    assert [host.string(field) for field in (14, 15)] == ["wwtool", "wwtool wake word (Nano 33 BLE)"]
    low, high = Information.DEVICE_ID
    assert host.string(16) == f"{high:08X}{low:08X}"
    assert len(host.descriptors[CONFIGURATION, 0]) == 75  # more than a packet
    assert host.descriptors[CONFIGURATION, 0][7:9] == bytes([0x80, 50])  # bus-powered, 100 mA


def test_answers_go_where_the_command_came_from(board: Board) -> None:
    board.open()
    assert board.uart.endswith(READY)  # the banner: before the first command it goes everywhere
    board.uart.clear()
    assert board.ask(b"name%") == NAME
    assert not board.uart
    board.usb.clear()
    board.chip.uarte.queue += b"name%"
    board.chip.uarte.kick()
    board.until(lambda: bytes(board.uart) == NAME)
    assert not board.usb
    assert board.ask(b"name%") == NAME


def test_what_nobody_has_the_port_open_for_is_dropped(board: Board) -> None:
    board.open()
    board.run(0.1)
    assert not board.usb  # the banner was before
    board.host.reading = False
    board.type(b"help%")
    board.run(0.1)
    board.host.close()
    board.until(lambda: not board.host.hurry)
    board.host.reading = True
    board.open()
    board.run(0.1)
    assert len(board.usb) <= 64  # at most what was already on its way
    assert board.ask(b"name%").endswith(NAME)


def test_a_transfer_ends_with_a_packet_that_is_not_full(board: Board) -> None:
    board.open()
    for _ in range(8):
        board.ask(b"help%")
    board.run(0.01)
    packets = board.host.packets
    assert max(packets) == 64 and packets[-1] < 64
    assert (64, 0) in itertools.pairwise(packets)  # nothing was left to say but that


def test_a_host_that_does_not_read_is_not_waited_for(board: Board) -> None:
    board.open()
    board.host.reading = False
    board.type(b"help%" * 10)
    board.until(lambda: not board.host.queue)  # it is listened to all the same
    board.run(0.5)
    board.chip.uarte.queue += b"name%"
    board.chip.uarte.kick()
    board.until(lambda: board.uart.endswith(NAME), 0.01)  # and nothing waits
    board.host.reading = True
    board.host.kick()
    board.run(0.1)
    assert 1024 <= len(board.usb) < 2048  # what the ring held
    assert board.ask(b"name%") == NAME


def test_nothing_is_lost_while_the_program_is_busy(board: Board) -> None:
    board.open()
    count = 400  # of commands: five times what the ring holds
    board.type(b"name%" * count)
    board.until(lambda: len(board.usb) == count * len(NAME), 20.0)
    assert bytes(board.usb) == NAME * count


def test_requests_of_the_port(board: Board) -> None:
    board.open()
    host = board.host
    assert board.do(lambda: host.control(0xA1, GET_LINE_CODING, 0, 0, 7)) == struct.pack("<IBBB", 115200, 0, 0, 8)
    host.open(9600)
    assert board.do(lambda: host.control(0xA1, GET_LINE_CODING, 0, 0, 7)) == struct.pack("<IBBB", 9600, 0, 0, 8)
    board.do(lambda: host.control(TO_INTERFACE, SEND_BREAK, 100, 0))
    assert board.do(lambda: host.control(FROM_DEVICE, GET_STATUS, 0, 0, 2)) == b"\0\0"
    assert board.do(lambda: host.control(FROM_DEVICE, GET_CONFIGURATION, 0, 0, 1)) == b"\1"
    assert board.ask(b"name%") == NAME


def test_what_the_device_does_not_know_is_refused(board: Board) -> None:
    board.open()
    host = board.host
    board.do(lambda: host.refused(VENDOR | FROM_DEVICE, 1, 0, 0, 8))
    board.do(lambda: host.refused(TO_INTERFACE, 0x77, 0, 0))
    board.do(lambda: host.refused(FROM_DEVICE, 0x0C, 0, 0, 2))  # SYNCH_FRAME
    board.do(lambda: host.refused(FROM_DEVICE, 6, 0x0377, 0x409, 255))  # a string that is not there
    assert board.ask(b"name%") == NAME  # and it goes on


def test_endpoints_start_again_with_data0(board: Board) -> None:
    board.open()
    host = board.host
    for _ in range(2):
        board.ask(b"name%")
        for endpoint in (0x02, 0x82):
            board.do(lambda e=endpoint: host.control(TO_ENDPOINT, CLEAR_FEATURE, 0, e))  # type: ignore[misc]
        host.restart_toggles()
        assert board.ask(b"name%") == NAME
    host.reading = False  # so that a packet is under way
    board.type(b"name%")
    board.run(0.01)
    board.do(lambda: host.control(TO_DEVICE, SET_CONFIGURATION, 1, 0))
    host.restart_toggles()
    host.reading = True
    assert board.ask(b"name%") == NAME


def test_a_reset_of_the_bus(board: Board) -> None:
    board.open()
    board.ask(b"name%help%name%")
    board.host.request(board.host.enumerate)
    board.until(lambda: not board.host.configured)
    board.open()
    assert board.ask(b"name%") == NAME


def test_the_bus_sleeps_and_wakes(board: Board) -> None:
    board.open()
    board.ask(b"ww-prob 1%")  # from now on there is always something to say
    board.run(0.3)
    said = len(board.usb)
    assert said > 100
    board.host.suspend()
    board.run(0.3)
    assert len(board.usb) < said + 100
    assert board.chip.usbd.values[0x52C] == 1  # LOWPOWER
    board.chip.uarte.queue += b"name%"
    board.chip.uarte.kick()
    board.run(0.1)
    assert NAME in board.uart
    board.host.resume()
    board.run(0.2)
    assert board.chip.usbd.values[0x52C] == 0
    board.type(b"ww-prob 0%name%")
    board.until(lambda: board.usb.endswith(NAME))
    board.host.suspend()
    board.run(0.1)
    board.host.asleep = False  # a reset wakes the device, too
    board.host.request(board.host.enumerate)
    board.run(0.001)
    board.open()
    assert board.ask(b"name%") == NAME


def test_the_cable_is_pulled_and_put_back(board: Board) -> None:
    board.open()
    assert board.ask(b"name%") == NAME
    board.host.unplug()
    board.run(0.5)
    assert board.chip.usbd.values[0x500] == 0 and board.chip.usbd.values[0x504] == 0  # ENABLE, USBPULLUP
    for asleep in (False, True):
        board.host.plug()
        board.open()
        assert board.ask(b"name%") == NAME
        if not asleep:
            board.host.suspend()
        board.run(0.1)
        board.host.unplug()
        board.run(0.5)


def test_a_contact_that_bounces(board: Board) -> None:
    board.open()
    board.host.unplug()
    board.host.plug()
    board.chip.clock._usb_ready()  # before the program has heard of anything
    board.open()
    assert board.ask(b"name%") == NAME


def test_the_touch_leads_to_the_boot_loader(board: Board) -> None:
    board.enumerate()
    board.host.open(1200)
    board.run(0.5)  # not before it is closed
    board.host.close()
    with pytest.raises(FaultError, match="asked for the boot loader"):
        board.run(4.0)  # the watchdog has to reset the chip first


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("usb_controller.c", "(uintptr_t)state.packet;", "0x10000u;", "at 0x10000, which EasyDMA cannot reach"),
        (
            "usb_controller.c",
            "(uintptr_t)state.packet;",
            "((uintptr_t)state.packet + 1u);",
            "which EasyDMA cannot reach",
        ),
        ("usb_controller.c", "*task = 1;", "*task = 1;\n    *task = 1;", "while EasyDMA is running"),
        ("usb_controller.c", "*USBD_ERRATUM_199 = USBD_ERRATUM_199_DMA;", "", "without the workaround for erratum 199"),
        ("usb_controller.c", "*USBD_ERRATUM_199 = 0;", "", "workaround for erratum 199 still holds"),
        (
            "usb_controller.c",
            "(void)address;",
            "USBD->tasks_ep0status = address | 1u;",
            "SET_ADDRESS, which the hardware ends",
        ),
        (
            "usb_controller.c",
            "1u << USB_EP_NOTIFY | 1u << USB_EP_DATA;",
            "1u << USB_EP_NOTIFY;",
            "the port answers with SILENCE",
        ),
        ("usb_controller.c", "unhalt(USB_EP_DATA | ENDPOINT_IN);", "unhalt(1);", "DATA1 on endpoint 2 where DATA0"),
        ("usb_controller.c", "unhalt(USB_EP_DATA);", "unhalt(1);", "expects DATA1 on endpoint 2"),
        ("usb_controller.c", "    usb_control_setup(&setup);", "    (void)setup;", "none within 0.5 s"),
        ("usb_power.c", "USBD->usbpullup = 1;", "", "no device shows itself"),
        ("usb_power.c", "write_locked(USBD_ERRATUM_187, USBD_ERRATUM_187_POWER_UP);", "", "errata 171 and 187"),
        ("usb_power.c", "write_locked(USBD_ERRATUM_171, 0);", "", "erratum 171 still holds"),
        (
            "usb_power.c",
            "event_clear(&USBD->events_usbevent);",
            "write_locked(USBD_ERRATUM_187, 0);",
            "erratum 211 ends",
        ),
        ("usb_power.c", "*USBD_ERRATA_LOCK = USBD_ERRATA_LOCK_TURN;\n    }\n    *reg", "}\n    *reg", "while locked"),
        ("usb_power.c", "if (!state.has_been_enabled) {", "if (false) {", "erratum 223"),
        ("usb_power.c", "== POWERED)", "== 0)", "no device shows itself"),
        ("takeover.c", "usb_detach();", "", "USBD is enabled a second time"),
        ("usb_descriptors.c", "LE16(75)", "LE16(74)", "longer than the rest of the answer"),
        ("usb_descriptors.c", "if (type == TYPE_DEVICE) {", "if (type == 1 || type == 6) {", "should be refused"),
        ("usb_descriptors.c", "TYPE_ENDPOINT, USB_EP_DATA,", "TYPE_ENDPOINT, 3,", "does not|answers with"),
    ],
)
def test_the_emulated_bus_is_as_strict_as_silicon(tmp_path: Path, file: str, old: str, new: str, reason: str) -> None:
    image = nano_image(tmp_path / "broken.elf", changed_board("nano33ble", tmp_path / "board", file, old, new))
    board = Board(image)
    with pytest.raises(FaultError, match=reason):
        board.open()
        board.ask(b"name%")
