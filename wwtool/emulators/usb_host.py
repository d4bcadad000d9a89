"""A PC at the other end of the emulated USB cable: it enumerates the device and carries the bytes of its serial port.

It does what operating systems do, in their order and at the bus's speed, and ends the run with :class:`FaultError`
where one of them would report a device that does not work: no answer in time, descriptors that do not fit together,
packets with the wrong data toggle. Section numbers are those of USB 2.0 unless another document is named.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterator

from wwtool.emulators.nrf52840.registers import FaultError, Machine
from wwtool.emulators.nrf52840.usbd import PACKET_BYTES, Handshake, Usbd

Script = Iterator[float]  # yields seconds to wait for

GET_DESCRIPTOR, SET_ADDRESS, SET_CONFIGURATION = 6, 5, 9
SET_LINE_CODING, SET_CONTROL_LINE_STATE = 0x20, 0x22  # PSTN 1.20, 6.3
DEVICE, CONFIGURATION, STRING, QUALIFIER = 1, 2, 3, 6
TO_DEVICE, FROM_DEVICE, TO_INTERFACE = 0x00, 0x80, 0x21

_OVERHEAD_BYTES = 13  # of a bulk transaction: table 5-9
_BYTES_PER_S = 12e6 / 8
_RETRY_S = 50e-6
_ATTACH_S = 0.1  # 7.1.7.3, TSIGATT
_SEEN_GONE_S = 2.5e-6  # 7.1.7.3, TDDIS
_DEBOUNCE_S, _RESET_S, _RECOVERY_S = 0.1, 0.05, 0.01  # 7.1.7.3, 7.1.7.5
_ADDRESS_RECOVERY_S = 0.002  # 9.2.6.3
_DATA_PATIENCE_S, _STATUS_PATIENCE_S = 0.5, 0.05  # 9.2.6.4
_IDLE_BEFORE_SUSPEND_S, _RESUME_S = 0.003, 0.03  # 7.1.7.6, 7.1.7.7
_ADDRESS = 5
_LANGUAGE = 0x0409


class StallError(Exception):
    """The device refused a request."""


class UsbHost:
    """The host of one device.

    Attributes:
        queue: bytes for the device, sent while the port is open.
        reading: whether the program that has the port open takes what comes.
        descriptors: the device's answers, by type and index: of the device, the configuration, the strings.
        packets: sizes of the packets that have come from the device's serial port.
    """

    def __init__(self, machine: Machine, device: Usbd, say: Callable[[bytes], None]) -> None:
        self._machine, self._device, self._say = machine, device, say
        self.queue = bytearray()
        self.bytes_in = self.bytes_out = 0
        self.descriptors: dict[tuple[int, int], bytes] = {}
        self.packets: list[int] = []
        self.configured = self.port_open = self.asleep = False
        self.reading = True
        self._data_in = self._data_out = 0
        self.restart_toggles()
        self._transfer_due = False
        self._script: Script | None = None
        self._todo: deque[Callable[[], Script]] = deque()
        self._seen = -1.0  # when the last device disappeared
        self._attachment = 0
        self._present = False  # a boot loader's device does not count
        self._cable = True
        device.bus = self
        self._expect()

    # ---- what the device tells (nrf52840.usbd.Bus) -----------------------------------------------------------------

    def attached(self, attached: bool) -> None:
        self._attachment += 1
        self._present = attached
        self._script = None
        self._todo.clear()
        self.configured = self.port_open = self.asleep = False
        if not attached:
            self._seen = self._machine.now
            return
        if self._seen >= 0 and self._machine.now - self._seen < _SEEN_GONE_S * self._machine.clock_hz:
            raise FaultError("USB: the device came back before a host could see that it was gone")
        self.request(self.enumerate)

    def changed(self) -> None:
        self._plan_transfer()

    # ---- what a program on the host does ---------------------------------------------------------------------------

    @property
    def hurry(self) -> bool:
        """Whether a transfer is running, so that idle time can pass at once."""
        return self._script is not None or (self.port_open and bool(self.queue))

    def open(self, baud: int = 115200) -> None:
        """A program opens the serial port."""
        self.request(lambda: self._open(baud))

    def close(self) -> None:
        self.request(self._close)

    def touch(self) -> None:
        """Opens the port at 1200 baud and closes it."""
        self.open(1200)
        self.close()

    def kick(self) -> None:
        """Bytes are in the queue, or the host's program reads again."""
        self._plan_transfer()

    def unplug(self) -> None:
        self._cable = False
        self._device.lose_power()
        self.attached(False)

    def plug(self) -> None:
        self._cable = True
        self._device.get_power()
        self._expect()

    def _expect(self) -> None:
        """The bus has power, so the device has to connect soon."""

        def check() -> None:
            if self._cable and not self._present:
                raise FaultError(f"USB: no device shows itself within {_ATTACH_S:g} s")

        self._machine.at(self._machine.now + _ATTACH_S * self._machine.clock_hz, check, lasting=True)

    def suspend(self) -> None:
        self.request(self._suspend)

    def resume(self) -> None:
        self.request(self._resume)

    def request(self, script: Callable[[], Script]) -> None:
        """Runs ``script`` after the scripts that run already."""
        self._todo.append(script)
        if self._script is None:
            self._next_script()

    # ---- scripts ---------------------------------------------------------------------------------------------------

    def _next_script(self) -> None:
        self._script = self._todo.popleft()() if self._todo else None
        if self._script is not None:
            self._wait(0.0)
        else:
            self._plan_transfer()

    def _wait(self, seconds: float) -> None:
        attachment = self._attachment
        self._machine.at(
            self._machine.now + seconds * self._machine.clock_hz, lambda: self._go_on(attachment), lasting=True
        )

    def _go_on(self, attachment: int) -> None:
        if attachment != self._attachment or self._script is None:
            return
        delay = next(self._script, None)
        if delay is None:
            self._next_script()
        else:
            self._wait(delay)

    def _until(self, transaction: Callable[[], Handshake], what: str, patience_s: float) -> Script:
        """Repeats a transaction until the answer is no longer NAK."""
        deadline = self._machine.now + patience_s * self._machine.clock_hz
        while True:
            yield _OVERHEAD_BYTES / _BYTES_PER_S
            answer = transaction()
            if answer is Handshake.ACK:
                return
            if answer is Handshake.STALL:
                raise StallError
            if answer is Handshake.SILENCE or self._machine.now > deadline:
                how = "no answer" if answer is Handshake.SILENCE else f"none within {patience_s:g} s"
                raise FaultError(f"USB: {what}: {how}")
            yield _RETRY_S

    def control(self, kind: int, request: int, value: int, index: int, length: int = 0, data: bytes = b"") -> Script:
        """A control transfer (8.5.3). Data from the device is in :attr:`answer`."""
        what = f"request {kind:#04x} {request:#04x} {value:#06x}"
        setup = struct.pack("<BBHHH", kind, request, value, index, len(data) or length)
        self.answer = b""
        yield from self._until(lambda: self._device.setup(setup), what, _STATUS_PATIENCE_S)
        toggle = 1
        while kind & FROM_DEVICE:
            yield from self._until(lambda t=toggle: self._control_in(t), what, _DATA_PATIENCE_S)  # type: ignore[misc]
            toggle ^= 1
            if self._last < PACKET_BYTES or len(self.answer) >= length:
                break
        if len(self.answer) > length:
            raise FaultError(f"USB: {what}: {len(self.answer)} bytes instead of {length}")
        for start in range(0, len(data), PACKET_BYTES):
            packet = data[start : start + PACKET_BYTES]
            yield from self._until(lambda t=toggle, p=packet: self._device.give(0, t, p), what, _DATA_PATIENCE_S)  # type: ignore[misc]
            toggle ^= 1
        if kind & FROM_DEVICE:
            yield from self._until(lambda: self._device.give(0, 1, b""), what, _STATUS_PATIENCE_S)
        else:
            yield from self._until(lambda: self._device.take(0)[0], what, _STATUS_PATIENCE_S)

    def _control_in(self, toggle: int) -> Handshake:
        answer, came, packet = self._device.take(0)
        if answer is Handshake.ACK:
            if came != toggle:
                raise FaultError(f"USB: DATA{came} on endpoint 0 where DATA{toggle} is due")
            self._last = len(packet)
            self.answer += packet
        return answer

    def refused(self, kind: int, request: int, value: int, index: int, length: int = 0) -> Script:
        """A request that the device has to refuse."""
        try:
            yield from self.control(kind, request, value, index, length)
        except StallError:
            return
        raise FaultError(f"USB: request {kind:#04x} {request:#04x} {value:#06x} should be refused and is answered")

    def _describe(self, kind: int, number: int, length: int, language: int = 0) -> Script:
        yield from self.control(FROM_DEVICE, GET_DESCRIPTOR, kind << 8 | number, language, length)
        if len(self.answer) < 2 or self.answer[1] != kind:
            raise FaultError(f"USB: descriptor {kind} is {self.answer.hex()}")
        self.descriptors[kind, number] = self.answer

    def enumerate(self) -> Script:
        """Resets the device and enumerates it (9.1.2)."""
        self.configured = self.port_open = False
        yield _DEBOUNCE_S
        for _ in range(2):
            self._device.bus_reset()
            yield _RESET_S
            yield _RECOVERY_S
            if self._device.address:
                raise FaultError("USB: the device keeps its address through a reset")
            yield from self._describe(DEVICE, 0, 64)
        yield from self.control(TO_DEVICE, SET_ADDRESS, _ADDRESS, 0)
        yield _ADDRESS_RECOVERY_S
        if self._device.address != _ADDRESS:
            raise FaultError(f"USB: the device has address {self._device.address} and not {_ADDRESS}")
        yield from self._describe(DEVICE, 0, 18)
        yield from self.refused(FROM_DEVICE, GET_DESCRIPTOR, QUALIFIER << 8, 0, 10)  # full speed alone: 9.6.2
        yield from self._describe(CONFIGURATION, 0, 9)
        yield from self._describe(CONFIGURATION, 0, struct.unpack_from("<H", self.answer, 2)[0])
        self._read_configuration(self.answer)
        yield from self._describe(STRING, 0, 255)
        for number in sorted(n for n in self.descriptors[DEVICE, 0][14:17] if n):
            yield from self._describe(STRING, number, 255, _LANGUAGE)
        yield from self.control(TO_DEVICE, SET_CONFIGURATION, self.descriptors[CONFIGURATION, 0][5], 0)
        self.restart_toggles()
        self.configured = True

    @property
    def expects_data1(self) -> bool:
        """Whether the next packet of the device's serial port is a DATA1."""
        return bool(self._toggles["in"])

    def restart_toggles(self) -> None:
        """After a request that makes the data endpoints start again (9.1.1.5, 9.4.5)."""
        self._toggles = {"in": 0, "out": 0}

    def _read_configuration(self, content: bytes) -> None:
        """Finds the data endpoints of a CDC-ACM function (CDC 1.20, 5.2; PSTN 1.20, 5.3)."""
        parts, at = [], 0
        while at < len(content):
            if content[at] < 2 or at + content[at] > len(content):
                raise FaultError("USB: a descriptor of the configuration is longer than the rest of the answer")
            parts.append(content[at : at + content[at]])
            at += content[at]
        interfaces = [part[5] for part in parts if part[1] == 4]
        endpoints = {part[2]: (part[3], struct.unpack_from("<H", part, 4)[0]) for part in parts if part[1] == 5}
        bulk = sorted(address for address, (kind, size) in endpoints.items() if (kind, size) == (2, PACKET_BYTES))
        if content[4] != len(interfaces) or interfaces != [2, 10] or len(bulk) != 2 or len(endpoints) != 3:
            raise FaultError("USB: the configuration is not that of one CDC-ACM serial port")
        self._data_out, self._data_in = bulk[0], bulk[1] & 0x7F

    def string(self, field: int) -> str:
        """The text that byte ``field`` of the device descriptor names."""
        return self.descriptors[STRING, self.descriptors[DEVICE, 0][field]][2:].decode("utf-16-le")

    def _open(self, baud: int) -> Script:
        coding = struct.pack("<IBBB", baud, 0, 0, 8)
        yield from self.control(TO_INTERFACE, SET_LINE_CODING, 0, 0, data=coding)
        yield from self.control(TO_INTERFACE, SET_CONTROL_LINE_STATE, 3, 0)  # DTR and RTS
        self.port_open = True

    def _close(self) -> Script:
        self.port_open = False
        self.queue.clear()
        yield from self.control(TO_INTERFACE, SET_CONTROL_LINE_STATE, 0, 0)

    def _suspend(self) -> Script:
        self.asleep = True
        yield _IDLE_BEFORE_SUSPEND_S
        self._device.suspend()

    def _resume(self) -> Script:
        self._device.resume()
        yield _RESUME_S
        self.asleep = False

    # ---- the serial port -------------------------------------------------------------------------------------------

    def _plan_transfer(self) -> None:
        if not self._transfer_due and self.port_open and not self.asleep:
            self._transfer_due = True
            time = (_OVERHEAD_BYTES + min(len(self.queue), PACKET_BYTES)) / _BYTES_PER_S
            self._machine.at(self._machine.now + time * self._machine.clock_hz, self._transfer, lasting=True)

    def _transfer(self) -> None:
        """One transaction each way, as long as one of them carries data."""
        self._transfer_due = False
        if not self.port_open or self.asleep:
            return
        came = self.reading and self._transfer_in()
        went = bool(self.queue) and self._transfer_out()
        if came or went:
            self._plan_transfer()

    def _transfer_in(self) -> bool:
        answer, toggle, packet = self._device.take(self._data_in)
        if answer is Handshake.NAK:
            return False
        if answer is not Handshake.ACK:
            raise FaultError(f"USB: the port answers with {answer.name}")
        if toggle != self._toggles["in"]:
            raise FaultError(f"USB: DATA{toggle} on endpoint {self._data_in} where DATA{1 - toggle} is due")
        self._toggles["in"] ^= 1
        self.packets.append(len(packet))
        self.bytes_out += len(packet)
        self._say(packet)
        return True

    def _transfer_out(self) -> bool:
        packet = bytes(self.queue[:PACKET_BYTES])
        answer = self._device.give(self._data_out, self._toggles["out"], packet)
        if answer is Handshake.NAK:
            return False
        if answer is not Handshake.ACK:
            raise FaultError(f"USB: the port answers with {answer.name}")
        self._toggles["out"] ^= 1
        self.bytes_in += len(packet)
        del self.queue[: len(packet)]
        return True
