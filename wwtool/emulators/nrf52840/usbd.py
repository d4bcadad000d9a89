"""The USB device of an nRF52840 (product specification v1.7, 6.35): registers on one side, the bus on the other.

As strict as ``peripherals``: a task at the wrong time, EasyDMA that cannot read its buffer or is started while it runs,
and a workaround for an erratum that is left out raise :class:`FaultError`. The bus is called by a host (``usb_host``),
transaction by transaction. Isochronous endpoints are not modelled.
"""

from __future__ import annotations

from enum import Enum, auto

from wwtool.emulators.nrf52840.peripherals import Clock
from wwtool.emulators.nrf52840.registers import FaultError, Machine, in_ram
from wwtool.emulators.nrf52840.usb_power import SwitchedUsb, UsbErrata

ENDPOINTS = 8
PACKET_BYTES = 64
_SET_ADDRESS = bytes([0x00, 0x05])
_IN = 0x80


class Handshake(Enum):
    """How the device answers a transaction (USB 2.0, 8.4.5); SILENCE is no answer at all."""

    ACK = auto()
    NAK = auto()
    STALL = auto()
    SILENCE = auto()


class Usbd(SwitchedUsb):
    """USBD. The base class models its power."""

    _USBRESET, _STARTED, _EP0DATADONE, _EP0SETUP, _EPDATA = 0x100, 0x104, 0x128, 0x15C, 0x160
    _ENDEPIN, _ENDEPOUT = 0x108, 0x130
    _EPDATASTATUS, _SETUP, _SIZE_EPOUT, _DTOGGLE, _EPINEN, _EPOUTEN = 0x46C, 0x480, 0x4A0, 0x50C, 0x510, 0x514
    _EPSTALL, _STALL = 0x518, 1 << 8
    _EPIN, _EPOUT, _ERRATUM_199 = 0x600, 0x700, 0xC1C

    def __init__(self, machine: Machine, clock: Clock, errata: UsbErrata) -> None:
        super().__init__(machine, clock, errata)
        self.address = 0
        self._copying = False
        self._selected = -1
        self._toggles = dict.fromkeys([*range(ENDPOINTS), *range(_IN, _IN + ENDPOINTS)], 1)  # the worst case
        self._flush()
        for offset, bit in ((0x100, 0), (0x104, 1), (0x128, 10), (0x15C, 23), (0x160, 24)):
            self.add_event(offset, bit)
        for n in range(ENDPOINTS):
            self.add_event(self._ENDEPIN + 4 * n, 2 + n)
            self.add_event(self._ENDEPOUT + 4 * n, 12 + n)
            self.tasks[0x004 + 4 * n] = lambda n=n: self._start(n, True)  # type: ignore[misc]
            self.tasks[0x028 + 4 * n] = lambda n=n: self._start(n, False)  # type: ignore[misc]
            self.add_values(self._SETUP + 4 * n, self._SIZE_EPOUT + 4 * n)
            for base in (self._EPIN, self._EPOUT):
                self.add_values(*(base + 0x14 * n + offset for offset in (0, 4, 8)))
            self.hooks[self._SIZE_EPOUT + 4 * n] = lambda value, n=n: self._accept(n)  # type: ignore[misc]
        self.tasks.update({0x04C: self._ep0_receive, 0x050: self._ep0_status, 0x054: self._ep0_stall})
        self.add_values(self._EPDATASTATUS, self._DTOGGLE, self._ERRATUM_199)
        self.add_values(self._EPINEN, self._EPOUTEN, reset=1)
        self.hooks[self._EPDATASTATUS] = lambda bits: self._acknowledge(self._EPDATASTATUS, bits)
        self.hooks[self._DTOGGLE] = self._set_toggle
        self.hooks[self._EPSTALL] = self._set_stall
        self.add_fields({self._DTOGGLE: 0x387, self._EPSTALL: 0x187, self._EPINEN: 0x1FF, self._EPOUTEN: 0x1FF})
        self._halted: set[int] = set()
        for offset in (self._EPINEN, self._EPOUTEN):
            self.hooks[offset] = lambda bits, offset=offset: self._enable_endpoints(offset, bits)  # type: ignore[misc]

    def reset(self) -> None:
        super().reset()
        self.address = 0
        self._copying = False

    def _flush(self) -> None:
        self._outgoing: dict[int, bytes] = {}  # packets that the host has not read, by endpoint
        self._incoming: dict[int, bytes] = {}  # packets that the program has not read
        self._accepting: set[int] = set()
        self._request = b""
        self._may_end = self._stalled = False

    # ---- the program -----------------------------------------------------------------------------------------------

    def _enable_endpoints(self, offset: int, bits: int) -> None:
        """An endpoint that is switched off loses its packet."""
        self.values[offset] = bits
        for n in range(1, ENDPOINTS):
            if not bits >> n & 1 and offset == self._EPINEN:
                self._outgoing.pop(n, None)
            elif not bits >> n & 1:
                self._incoming.pop(n, None)
                self._accepting.discard(n)

    def _check_task(self, name: str) -> None:
        if not self._ready:
            raise FaultError(f"USBD: {name} while it is not ready")
        if self.values[self._LOWPOWER]:
            raise FaultError(f"USBD: {name} in low power")
        if self._copying:
            raise FaultError(f"USBD: {name} while EasyDMA is running")  # 6.35.8

    def _check_ep0_task(self, name: str) -> None:
        self._check_task(name)
        if self.values[self._ERRATUM_199]:
            raise FaultError(f"USBD: {name} while the workaround for erratum 199 still holds")
        if not self._request:
            raise FaultError(f"USBD: {name} without a request")

    def _start(self, n: int, sending: bool) -> None:
        name = f"STARTEP{'IN' if sending else 'OUT'}[{n}]"
        self._check_task(name)
        base = (self._EPIN if sending else self._EPOUT) + 0x14 * n
        address, count = self.values[base], self.values[base + 4]
        if self.values[self._ERRATUM_199] != 0x82:
            raise FaultError(f"USBD: {name} without the workaround for erratum 199")
        if not self.values[self._EPINEN if sending else self._EPOUTEN] >> n & 1:
            raise FaultError(f"USBD: {name} of an endpoint that is not enabled")
        if count > PACKET_BYTES or address % 4 or not in_ram(address, max(1, count)):
            raise FaultError(f"USBD: {name} of {count} bytes at {address:#x}, which EasyDMA cannot reach")  # 4.2.4
        if sending and n in self._outgoing:
            raise FaultError(f"USBD: {name} over a packet that the host has not read")
        if not sending and len(self._incoming.get(n, b"")) != count:
            raise FaultError(f"USBD: {name} of {count} bytes, when {len(self._incoming.get(n, b''))} have come")
        self._copying = True
        self.set_event(self._STARTED)
        self.machine.at(self.machine.now + 64 + 4 * count, lambda: self._copied(n, sending, address, count))

    def _copied(self, n: int, sending: bool, address: int, count: int) -> None:
        self._copying = False
        self._is_odd ^= bool(count & 1)
        self.values[(self._EPIN if sending else self._EPOUT) + 0x14 * n + 8] = count
        if sending:
            self._outgoing[n] = self.machine.read_memory(address, count)
            self.set_event(self._ENDEPIN + 4 * n)
        else:
            self.machine.write_memory(address, self._incoming.pop(n, b"")[:count])
            self.set_event(self._ENDEPOUT + 4 * n)
            if n:
                self._accepting.add(n)
        self._tell()

    def _accept(self, n: int) -> None:
        self._incoming.pop(n, None)
        if n:
            self._accepting.add(n)
        self._tell()

    def _set_toggle(self, value: int) -> None:
        endpoint, setting = value & 0x87, value >> 8 & 3
        if setting and self._selected != endpoint:
            raise FaultError("USBD: DTOGGLE is set for an endpoint that was not selected by a write before")
        self._selected = endpoint
        if setting:
            self._toggles[endpoint] = setting - 1

    def _set_stall(self, value: int) -> None:
        if value & self._STALL:
            self._halted.add(value & 0x87)
        else:
            self._halted.discard(value & 0x87)
            self._tell()

    def _ep0_receive(self) -> None:
        self._check_ep0_task("EP0RCVOUT")
        if self._request[0] & _IN:
            raise FaultError("USBD: EP0RCVOUT in a request whose data goes to the host")
        self._accepting.add(0)

    def _ep0_status(self) -> None:
        self._check_ep0_task("EP0STATUS")
        if self._request.startswith(_SET_ADDRESS):
            raise FaultError("USBD: EP0STATUS for SET_ADDRESS, which the hardware ends by itself")  # 6.35.9
        if 0 in self._outgoing or 0 in self._incoming:
            raise FaultError("USBD: EP0STATUS before the data of the request is through")
        self._may_end = True

    def _ep0_stall(self) -> None:
        self._check_ep0_task("EP0STALL")
        self._stalled = True

    def _tell(self) -> None:
        if self.bus is not None:
            self.bus.changed()

    # ---- the bus ---------------------------------------------------------------------------------------------------

    def bus_reset(self) -> None:
        self._flush()
        self._halted.clear()
        self.address = 0
        self._suspended = False
        self.values[self._EPINEN] = self.values[self._EPOUTEN] = 1  # 6.35.6
        self.set_event(self._USBRESET)

    def setup(self, request: bytes) -> Handshake:
        """A SETUP transaction, of eight bytes."""
        if self.deaf:
            return Handshake.SILENCE
        self._request = request
        self._outgoing.pop(0, None)
        self._incoming.pop(0, None)
        self._accepting.discard(0)
        self._stalled = False
        self._may_end = request.startswith(_SET_ADDRESS)
        for n, byte in enumerate(request):
            self.values[self._SETUP + 4 * n] = byte
        self._toggles[0] = self._toggles[_IN] = 1
        self.set_event(self._EP0SETUP)
        return Handshake.ACK

    def _end_request(self) -> None:
        if self._request.startswith(_SET_ADDRESS):
            self.address = self._request[2]
        self._request, self._may_end = b"", False

    def take(self, n: int) -> tuple[Handshake, int, bytes]:
        """An IN transaction: the answer, the data toggle and the packet."""
        if self.deaf or not self.values[self._EPINEN] >> n & 1:
            return Handshake.SILENCE, 0, b""
        if n == 0 and self._stalled:
            return Handshake.STALL, 0, b""
        if n == 0 and self._may_end and (not self._request[0] & _IN or self._request[6:8] == b"\0\0"):
            self._end_request()
            return Handshake.ACK, 1, b""
        if _IN | n in self._halted:
            return Handshake.STALL, 0, b""
        if n not in self._outgoing:
            return Handshake.NAK, 0, b""
        packet = self._outgoing.pop(n)
        toggle = self._turn(_IN | n)
        self._moved(n, 1 << n)
        return Handshake.ACK, toggle, packet

    def give(self, n: int, toggle: int, packet: bytes) -> Handshake:
        """An OUT transaction."""
        if self.deaf or not self.values[self._EPOUTEN] >> n & 1:
            return Handshake.SILENCE
        if n == 0 and self._stalled:
            return Handshake.STALL
        if n == 0 and self._may_end and self._request[0] & _IN:
            self._end_request()
            return Handshake.ACK
        if n in self._halted:
            return Handshake.STALL
        if n not in self._accepting:
            return Handshake.NAK
        if self._turn(n) != toggle:
            raise FaultError(f"USBD expects DATA{1 - toggle} on endpoint {n}, and takes DATA{toggle} for a repetition")
        self._accepting.discard(n)
        self._incoming[n] = packet
        self.values[self._SIZE_EPOUT + 4 * n] = len(packet)
        self._moved(n, 1 << 16 + n)
        return Handshake.ACK

    def _turn(self, endpoint: int) -> int:
        toggle = self._toggles[endpoint]
        self._toggles[endpoint] = 1 - toggle
        return toggle

    def _moved(self, n: int, bit: int) -> None:
        if n == 0:
            self.set_event(self._EP0DATADONE)
            return
        self.values[self._EPDATASTATUS] |= bit
        self.set_event(self._EPDATA)
