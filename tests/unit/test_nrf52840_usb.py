"""The emulated nRF52840's USB device and its host, without a core: the test is the driver, register by register."""

from __future__ import annotations

import pytest
from chip_bench import RAM, US, Bench

from wwtool.emulators.nrf52840.peripherals import Clock, Information
from wwtool.emulators.nrf52840.registers import FaultError
from wwtool.emulators.nrf52840.usb_power import UsbErrata
from wwtool.emulators.nrf52840.usbd import Handshake, Usbd
from wwtool.emulators.usb_host import UsbHost

ENABLE, PULLUP, DTOGGLE, EPINEN, EPOUTEN, LOWPOWER, ERRATUM_199 = 0x500, 0x504, 0x50C, 0x510, 0x514, 0x52C, 0xC1C
EVENTCAUSE, EPDATASTATUS = 0x400, 0x46C
GET_DEVICE = bytes([0x80, 6, 0, 1, 0, 0, 18, 0])
SET_LINE_CODING = bytes([0x21, 0x20, 0, 0, 0, 0, 7, 0])
SET_ADDRESS = bytes([0, 5, 9, 0, 0, 0, 0, 0])
READY, SUSPEND, RESUME = 1 << 11, 1 << 8, 1 << 9


class Device:
    """USBD with what it hangs on, and the words of a driver."""

    def __init__(self, crystal: bool = True, power: bool = True) -> None:
        self.bench = Bench()
        self.clock = Clock(self.bench, usb_power=power)
        self.errata = UsbErrata(self.bench)
        self.usbd = Usbd(self.bench, self.clock, self.errata)
        if crystal:
            self.clock.write(0x000, 1)
            self.bench.run(1000 * US)

    def workarounds(self, erratum_171: int, erratum_187: int) -> None:
        self.errata.write(0xC00, 0x9375)
        self.errata.write(0xC14, erratum_171)
        self.errata.write(0xD14, erratum_187)
        self.errata.write(0xC00, 0x9375)

    def enable(self) -> None:
        self.workarounds(0xC0, 3)
        self.usbd.write(EVENTCAUSE, READY)
        self.usbd.write(ENABLE, 1)
        self.bench.run(100 * US)
        assert self.usbd.read(EVENTCAUSE) == READY and self.usbd.read(0x158) == 1
        self.workarounds(0, 3)

    def leave(self) -> None:
        self.usbd.write(PULLUP, 0)
        self.usbd.write(ENABLE, 0)

    def attach(self) -> Device:
        self.leave()
        self.enable()
        self.usbd.write(ENABLE, 0)
        self.enable()
        self.usbd.write(PULLUP, 1)
        return self

    def point(self, base: int, address: int, count: int) -> None:
        self.usbd.write(base, address)
        self.usbd.write(base + 4, count)

    def copy(self, task: int) -> None:
        self.usbd.write(ERRATUM_199, 0x82)
        self.usbd.write(task, 1)
        self.bench.run(10 * US)
        self.usbd.write(ERRATUM_199, 0)


@pytest.fixture
def device() -> Device:
    return Device().attach()


def test_a_request_that_reads(device: Device) -> None:
    usbd = device.usbd
    assert usbd.setup(GET_DEVICE) is Handshake.ACK
    assert usbd.read(0x15C) == 1 and [usbd.read(0x480 + 4 * n) for n in range(8)] == list(GET_DEVICE)
    assert usbd.take(0)[0] is Handshake.NAK
    device.bench.memory[:18] = bytes(range(18))
    device.point(0x600, RAM, 18)
    device.copy(0x004)
    assert usbd.read(0x104) == 1 and usbd.read(0x108) == 1 and usbd.read(0x608) == 18
    with pytest.raises(FaultError, match="before the data of the request is through"):
        usbd.write(0x050, 1)
    assert usbd.take(0) == (Handshake.ACK, 1, bytes(range(18)))
    assert usbd.read(0x128) == 1
    assert usbd.give(0, 1, b"") is Handshake.NAK
    usbd.write(0x050, 1)
    assert usbd.give(0, 1, b"") is Handshake.ACK
    with pytest.raises(FaultError, match="EP0STATUS without a request"):
        usbd.write(0x050, 1)


def test_a_request_that_writes(device: Device) -> None:
    usbd = device.usbd
    usbd.setup(SET_LINE_CODING)
    assert usbd.give(0, 1, b"1234567") is Handshake.NAK
    usbd.write(0x04C, 1)
    assert usbd.give(0, 1, b"1234567") is Handshake.ACK
    assert usbd.read(0x128) == 1 and usbd.read(0x4A0) == 7
    assert usbd.take(0)[0] is Handshake.NAK
    device.point(0x700, RAM + 8, 7)
    device.copy(0x028)
    assert device.bench.memory[8:15] == b"1234567" and usbd.read(0x130) == 1
    usbd.write(0x050, 1)
    assert usbd.take(0) == (Handshake.ACK, 1, b"")


def test_a_request_that_is_refused(device: Device) -> None:
    usbd = device.usbd
    usbd.setup(GET_DEVICE)
    usbd.write(0x054, 1)
    assert usbd.take(0)[0] is Handshake.STALL and usbd.give(0, 1, b"") is Handshake.STALL
    usbd.setup(GET_DEVICE)  # the next one is heard again
    assert usbd.take(0)[0] is Handshake.NAK


def test_the_address_is_taken_without_the_program(device: Device) -> None:
    usbd = device.usbd
    usbd.setup(SET_ADDRESS)
    with pytest.raises(FaultError, match="which the hardware ends by itself"):
        usbd.write(0x050, 1)
    assert usbd.address == 0
    assert usbd.take(0) == (Handshake.ACK, 1, b"")
    assert usbd.address == 9
    usbd.bus_reset()
    assert usbd.address == 0 and usbd.read(0x100) == 1


def data_endpoints(usbd: Usbd) -> None:
    usbd.write(EPINEN, 5)
    usbd.write(EPOUTEN, 5)
    for endpoint in (0x02, 0x82):
        usbd.write(DTOGGLE, endpoint)
        usbd.write(DTOGGLE, endpoint | 1 << 8)


def test_packets_to_the_host(device: Device) -> None:
    usbd = device.usbd
    assert usbd.take(2)[0] is Handshake.SILENCE
    data_endpoints(usbd)
    assert usbd.take(2)[0] is Handshake.NAK
    for toggle in (0, 1, 0):
        device.bench.memory[:3] = b"abc"
        device.point(0x628, RAM, 3)
        device.copy(0x00C)
        with pytest.raises(FaultError, match="over a packet that the host has not read"):
            device.copy(0x00C)
        usbd.write(ERRATUM_199, 0)
        assert usbd.take(2) == (Handshake.ACK, toggle, b"abc")
        assert usbd.read(EPDATASTATUS) == 1 << 2 and usbd.read(0x160) == 1
        usbd.write(EPDATASTATUS, 1 << 2)
        assert usbd.read(EPDATASTATUS) == 0


def test_an_endpoint_that_is_switched_off_loses_its_packet(device: Device) -> None:
    usbd = device.usbd
    data_endpoints(usbd)
    usbd.write(0x4A8, 0)
    assert usbd.give(2, 0, b"abc") is Handshake.ACK
    device.point(0x628, RAM, 3)
    device.copy(0x00C)
    usbd.write(EPINEN, 1)
    usbd.write(EPOUTEN, 1)
    assert usbd.take(2)[0] is Handshake.SILENCE and usbd.give(2, 1, b"abc") is Handshake.SILENCE
    data_endpoints(usbd)
    assert usbd.take(2)[0] is Handshake.NAK and usbd.give(2, 0, b"abc") is Handshake.NAK


def test_packets_from_the_host(device: Device) -> None:
    usbd = device.usbd
    data_endpoints(usbd)
    assert usbd.give(2, 0, b"abc") is Handshake.NAK  # until SIZE is written
    usbd.write(0x4A8, 0)
    assert usbd.give(2, 0, b"abcd") is Handshake.ACK
    assert usbd.read(EPDATASTATUS) == 1 << 18 and usbd.read(0x4A8) == 4
    assert usbd.give(2, 1, b"efgh") is Handshake.NAK  # until the first is copied
    device.point(0x728, RAM, 3)
    with pytest.raises(FaultError, match="of 3 bytes, when 4 have come"):
        device.copy(0x030)
    device.point(0x728, RAM, 4)
    device.copy(0x030)
    assert device.bench.memory[:4] == b"abcd"
    with pytest.raises(FaultError, match="takes DATA0 for a repetition"):
        usbd.give(2, 0, b"efgh")


@pytest.mark.parametrize(
    ("address", "count"), [(0x10000, 8), (RAM + 2, 8), (RAM, 65), (0x2003FFFC, 8), (0x20040000, 0)]
)
def test_easydma_has_its_limits(device: Device, address: int, count: int) -> None:
    device.usbd.setup(GET_DEVICE)
    device.point(0x600, address, count)
    with pytest.raises(FaultError, match="which EasyDMA cannot reach"):
        device.copy(0x004)


def test_one_copy_at_a_time(device: Device) -> None:
    usbd = device.usbd
    data_endpoints(usbd)
    usbd.setup(SET_LINE_CODING)
    device.point(0x600, RAM, 8)
    device.point(0x628, RAM, 8)
    usbd.write(ERRATUM_199, 0x82)
    usbd.write(0x004, 1)
    for task in (0x00C, 0x050, 0x04C, 0x054):
        with pytest.raises(FaultError, match="while EasyDMA is running"):
            usbd.write(task, 1)
    device.bench.run(10 * US)
    with pytest.raises(FaultError, match="199 still holds"):
        usbd.write(0x04C, 1)
    usbd.write(ERRATUM_199, 0)
    usbd.write(0x04C, 1)
    with pytest.raises(FaultError, match="without the workaround for erratum 199"):
        usbd.write(0x00C, 1)


def test_a_toggle_is_set_for_the_endpoint_that_was_selected(device: Device) -> None:
    device.usbd.write(DTOGGLE, 0x82)
    with pytest.raises(FaultError, match="not selected"):
        device.usbd.write(DTOGGLE, 0x02 | 1 << 8)


def test_a_suspended_bus(device: Device) -> None:
    usbd = device.usbd
    usbd.write(EVENTCAUSE, READY)
    with pytest.raises(FaultError, match="while the bus is awake"):
        usbd.write(LOWPOWER, 1)
    usbd.suspend()
    assert usbd.read(EVENTCAUSE) == SUSPEND
    usbd.write(LOWPOWER, 1)
    device.point(0x600, RAM, 8)
    with pytest.raises(FaultError, match="in low power"):
        device.copy(0x004)
    usbd.resume()
    assert usbd.read(EVENTCAUSE) == SUSPEND | RESUME
    assert usbd.setup(GET_DEVICE) is Handshake.SILENCE
    usbd.write(LOWPOWER, 0)
    assert usbd.setup(GET_DEVICE) is Handshake.ACK


def test_the_order_of_things_at_the_start() -> None:
    device = Device()
    usbd = device.usbd
    with pytest.raises(FaultError, match="a boot loader can leave it enabled"):
        usbd.write(ENABLE, 1)
    with pytest.raises(FaultError, match="while its pull-up still shows"):
        usbd.write(ENABLE, 0)
    device.leave()
    with pytest.raises(FaultError, match="without the workarounds for errata 171 and 187"):
        usbd.write(ENABLE, 1)
    with pytest.raises(FaultError, match="while locked"):
        device.errata.write(0xC14, 0xC0)
    with pytest.raises(FaultError, match="the key is"):
        device.errata.write(0xC00, 1)
    device.enable()
    with pytest.raises(FaultError, match="erratum 223"):
        usbd.write(PULLUP, 1)
    device.leave()
    with pytest.raises(FaultError, match="before it is ready"):
        usbd.write(PULLUP, 1)
    device.enable()
    device.workarounds(0xC0, 3)
    with pytest.raises(FaultError, match="for erratum 171 still holds"):
        usbd.write(PULLUP, 1)


def test_no_attachment_without_the_crystal() -> None:
    with pytest.raises(FaultError, match="without the crystal oscillator"):
        Device(crystal=False).attach()


def test_no_attachment_without_power() -> None:
    device = Device(power=False)
    assert device.usbd.read(ENABLE) == 0  # a boot loader has had no use for it either
    with pytest.raises(FaultError, match="without power on the bus"):
        device.attach()
    device.clock.plug()
    assert device.clock.read(0x438) == 1 and device.clock.read(0x11C) == 1 and not device.clock.read(0x124)
    device.bench.run(2000 * US)
    assert device.clock.read(0x438) == 3 and device.clock.read(0x124) == 1
    device.attach()
    device.clock.unplug()
    assert device.clock.read(0x438) == 0 and device.clock.read(0x120) == 1


def test_tasks_before_it_is_ready() -> None:
    device = Device()
    device.leave()
    with pytest.raises(FaultError, match="while it is not ready"):
        device.usbd.write(0x050, 1)


def test_a_host_needs_time_to_see_a_device_leave() -> None:
    device = Device()
    UsbHost(device.bench, device.usbd, lambda data: None)
    device.attach()
    device.usbd.write(PULLUP, 0)
    with pytest.raises(FaultError, match="before a host could see that it was gone"):
        device.usbd.write(PULLUP, 1)


def test_a_host_waits_for_a_device() -> None:
    device = Device()
    UsbHost(device.bench, device.usbd, lambda data: None)
    with pytest.raises(FaultError, match="no device shows itself"):
        device.bench.run(64e6)


def test_a_host_expects_answers(device: Device) -> None:
    device.usbd.write(PULLUP, 0)
    UsbHost(device.bench, device.usbd, lambda data: None)
    device.bench.run(10 * US)
    device.usbd.write(PULLUP, 1)
    with pytest.raises(FaultError, match=r"request 0x80 0x06 0x0100: none within 0\.5 s"):
        device.bench.run(64e6)


def test_the_identifier_is_read_only() -> None:
    part = Information(Bench())
    assert (part.read(0x060), part.read(0x064)) == Information.DEVICE_ID
    with pytest.raises(FaultError, match="read-only"):
        part.write(0x060, 1)


def test_reset_reasons_add_up_and_gpregret_is_kept() -> None:
    clock = Clock(Bench())
    clock.write(0x51C, 0xB0)
    clock.note_reset(4, keeps_gpregret=True)
    clock.reset()
    clock.note_reset(2, keeps_gpregret=True)
    assert clock.read(0x400) == 6 and clock.read(0x51C) == 0xB0
    clock.write(0x400, 2)
    assert clock.read(0x400) == 4
    clock.note_reset(2, keeps_gpregret=False)
    assert clock.read(0x51C) == 0
    with pytest.raises(FaultError, match="reserved"):
        clock.write(0x40C, 1)


def test_an_odd_number_of_bytes_is_evened_before_the_end(device: Device) -> None:
    usbd = device.usbd
    data_endpoints(usbd)
    device.point(0x628, RAM, 3)
    device.copy(0x00C)
    usbd.write(PULLUP, 0)
    with pytest.raises(FaultError, match="odd number of bytes"):
        usbd.write(ENABLE, 0)
    usbd.write(ENABLE, 0)


def test_the_workaround_for_erratum_211_stays(device: Device) -> None:
    with pytest.raises(FaultError, match="erratum 211 ends before"):
        device.workarounds(0, 0)
    device.errata.write(0xC00, 0x9375)
    device.leave()
    device.workarounds(0, 0)


def test_a_device_that_never_gets_ready() -> None:
    device = Device()
    device.usbd.never_ready = True
    device.leave()
    device.workarounds(0xC0, 3)
    device.usbd.write(ENABLE, 1)
    device.bench.run(64e6)
    assert device.usbd.read(EVENTCAUSE) == 0
