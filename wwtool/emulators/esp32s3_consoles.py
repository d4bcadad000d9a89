"""The two consoles of an ESP32-S3: the UART's transmitter and settings, and the FIFOs of the USB console.

The core stands before an access to one of their registers (``esp32s3_chip.py``). An effect takes the register's value
before and the one written, and returns the one that is there then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from wwtool.emulators.esp32s3_registers import MisuseError

UART_STATUS, UART_FSM = 0x6000001C, 0x6000006C  # whose content depends on time
_UART_FIFO, _UART_CONF0, _UART_FLOW, _UART_CLK, _UART_CLKDIV = (0x60000000 + n for n in (0, 0x20, 0x34, 0x78, 0x14))
_RESETS, _HELD = 1 << 17 | 1 << 18, 1 << 3
_8N1, _CRYSTAL, _CRYSTAL_HZ, _RATES = 0x1000001C, 0x03700000, 40_000_000, (10_000, 5_000_000)
_RX_SELECT, _TX_MUX, _RX_MUX = 0x60004154 + 4 * 12, 0x60009004 + 4 * 43, 0x60009004 + 4 * 44
_ROM_US, _ROM_BYTES = 8_000.0, 90  # the ROM's last lines, on their way or in a FIFO that nothing leaves
_POLL_US = 100.0  # between looks at a busy transmitter: a stop for each would take long
_STUCK_POLL_US = 10_000.0  # the same, of one that stays busy
USB_EP1, USB_PACKET_BYTES = 0x60038000, 64
_USB_CONF, _USB_FREE, _USB_WAITING = 0x60038004, 1 << 1, 1 << 2
_USB_RAW, _USB_CAME, _USB_CAME_EMPTY = 0x60038008, 1 << 2, 1 << 10
_UART_FIFO_BYTES = 128

Effect = Callable[[int, int], int]


class _Chip(Protocol):
    """What a console has to do with the rest of the chip."""

    now_us: float

    def get(self, address: int) -> int: ...
    def set(self, address: int, value: int) -> None: ...
    def pass_time(self) -> None: ...
    def skip(self, us: float) -> None: ...


class Uart:
    """The transmitter, and how the UART is set up.

    Attributes:
        sent: bytes that the program has written to the register.
        waiting: how many bytes wait in the receive FIFO.
    """

    def __init__(self, chip: _Chip, stuck: bool) -> None:
        """A ``stuck`` transmitter never sends what is in its FIFO."""
        self.sent = bytearray()
        self.waiting: Callable[[], int] = lambda: 0
        self._chip, self._defective = chip, stuck
        self._free_us = _ROM_US
        self._held = _ROM_BYTES
        self._looks = 0  # at the transmitter, without a write to any register between
        self.effects: Final[dict[int, Effect]] = {
            _UART_FIFO: self._fifo,
            _UART_CONF0: self._conf0,
            _UART_FLOW: self._flow,
        }

    def load(self, address: int) -> int:
        """What a look at one of the two registers of time finds."""
        chip = self._chip
        if chip.now_us < self._free_us:
            chip.pass_time()
        sending = self._sending
        busy = self._stuck or chip.now_us < self._free_us
        if busy and self._looks > 0:
            most_us = _STUCK_POLL_US if self._stuck else _POLL_US
            chip.skip(min(most_us, _POLL_US * self._looks**2))
        self._looks += 1
        if address == UART_FSM:
            return 0x20 if busy else 0
        return sending << 16 | min(127, self.waiting())

    def note_write(self) -> None:
        """The program has written to a register: it does more than to look at the transmitter."""
        self._looks = 0

    def check(self) -> None:
        """Raises MisuseError if the UART is not set up for the console when the program begins to read it."""
        get = self._chip.get
        if get(_UART_CONF0) != _8N1 or get(_UART_FLOW):
            raise MisuseError(f"the UART is not 8N1 without flow control: {get(_UART_CONF0):#x}, {get(_UART_FLOW):#x}")
        if get(_UART_CLK) != _CRYSTAL:
            raise MisuseError(f"the UART has not the crystal's clock, undivided: {get(_UART_CLK):#x}")
        if not _RATES[0] <= 10e6 / self._character_us <= _RATES[1]:
            raise MisuseError(f"the UART is at {10e6 / self._character_us:.0f} baud")
        if get(_RX_SELECT) & 1 << 7 or get(_TX_MUX) >> 12 & 7 or get(_RX_MUX) >> 12 & 7:
            raise MisuseError("the UART's lines do not come to GPIO43 and GPIO44, the board's TX and RX")
        if not get(_RX_MUX) & 1 << 9:
            raise MisuseError("GPIO44, the UART's RX, is no input")

    @property
    def _stuck(self) -> bool:
        return self._defective or bool(self._chip.get(_UART_FLOW) & _HELD)

    @property
    def _sending(self) -> int:
        """Bytes in the transmitter's FIFO."""
        if self._stuck:
            return self._held
        return max(0, int((self._free_us - self._chip.now_us) / self._character_us))

    @property
    def _character_us(self) -> float:
        divisor = self._chip.get(_UART_CLKDIV)
        return 10e6 * ((divisor & 0xFFF) + (divisor >> 20) / 16) / _CRYSTAL_HZ

    def _fifo(self, before: int, value: int) -> int:
        self._chip.pass_time()
        if self._sending >= _UART_FIFO_BYTES:
            raise MisuseError("it writes to the UART's FIFO while that is full")
        if self._stuck:
            self._held += 1
            return 0
        self.sent.append(value & 0xFF)
        self._free_us = max(self._free_us, self._chip.now_us) + self._character_us
        return 0

    def _conf0(self, before: int, value: int) -> int:
        self._chip.pass_time()
        if value & _RESETS:
            self._held = 0
        if value & _RESETS and not self._stuck and self._chip.now_us < self._free_us:
            raise MisuseError("it resets the UART's FIFO while bytes are on their way")
        return value

    def _flow(self, before: int, value: int) -> int:
        self._chip.pass_time()
        if before & ~value & _HELD:  # what has waited leaves
            self._free_us = self._chip.now_us + self._held * self._character_us
        return value


class Usb:
    """The FIFOs to the host and from it, and the host (TRM, "USB Serial/JTAG Controller").

    The FIFO from the host holds one packet. Until the program has read all of it, the next one is refused and the host
    offers it again. The host here does so the moment it is read, which is sooner than a bus can.

    Attributes:
        sent: bytes that the host has got.
        host: what the host does with them.
        offer: the host's next packet, of 0 to 64 bytes; None: it has none.
        refusals: how often a packet was refused.
    """

    def __init__(self, chip: _Chip, unread: bool) -> None:
        """``unread``: the host does not read until :meth:`read`."""
        self.sent = bytearray()
        self.host: Callable[[bytes], None] = lambda data: None
        self.offer: Callable[[], bytes | None] = lambda: None
        self.refusals = 0
        self._chip, self._host_reads = chip, not unread
        self._packet = bytearray()
        self._offered: bytes | None = None
        self._received = bytearray()
        self.effects: Final[dict[int, Effect]] = {USB_EP1: self._ep1, _USB_CONF: self._conf}

    def read(self) -> None:
        """The host begins to read: it gets what waits, and from now on what comes."""
        self._host_reads = True
        self._chip.set(_USB_CONF, self._send(self._chip.get(_USB_CONF)))

    @property
    def is_full(self) -> bool:
        """Whether bytes of the host wait for the program."""
        return bool(self._received)

    def poll(self) -> None:
        """The host offers the packet that was refused, or its next one."""
        if self._offered is None:
            self._offered = self.offer()
        if self._offered is None:
            return
        if self._received:
            self.refusals += 1
            return
        self._received += self._offered
        chip, came = self._chip, _USB_CAME if self._offered else _USB_CAME | _USB_CAME_EMPTY
        self._offered = None
        chip.set(_USB_RAW, chip.get(_USB_RAW) | came)
        if self._received:
            chip.set(_USB_CONF, chip.get(_USB_CONF) | _USB_WAITING)

    def load(self) -> int:
        """A byte of the host, which leaves the FIFO."""
        if not self._received:
            raise MisuseError("it reads the FIFO of USB while that is empty")
        byte = self._received.pop(0)
        if not self._received:
            self._chip.set(_USB_CONF, self._chip.get(_USB_CONF) & ~_USB_WAITING)
            self.poll()
        return byte

    def _ep1(self, before: int, value: int) -> int:
        if not self._chip.get(_USB_CONF) & _USB_FREE:
            raise MisuseError("it writes to the FIFO of USB while that has no room")
        self._packet.append(value & 0xFF)
        if len(self._packet) == USB_PACKET_BYTES:  # the hardware sends a full one by itself
            self._chip.set(_USB_CONF, self._send(self._chip.get(_USB_CONF)))
        return 0

    def _conf(self, before: int, value: int) -> int:
        return self._send(before & ~1) if value & 1 else before

    def _send(self, conf: int) -> int:
        """What is written waits for the host, and until that has read it there is no room."""
        if self._packet and not self._host_reads:
            return conf & ~_USB_FREE
        self.sent += self._packet
        self.host(bytes(self._packet))
        self._packet.clear()
        return conf | _USB_FREE
