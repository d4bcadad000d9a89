"""QEMU's debug stub, over QEMU's standard streams: breakpoints, registers and memory of a program."""

from __future__ import annotations

import os
import re
import select
import struct
import time
from typing import IO

from wwtool.errors import DeviceError

_CHUNK_BYTES = 4096
_ACCESS = re.compile(r"watch:([0-9a-f]+)")
_MOST_MEMORY_BYTES = 1024  # of one packet


class GdbStub:
    """The part of GDB's remote protocol that is needed.

    Attributes:
        accessed: the address before whose access the program has stopped last; None: it has stopped for another reason.

    Raises:
        DeviceError: in every method, if QEMU has ended or refuses.
    """

    def __init__(self, to_qemu: IO[bytes], from_qemu: IO[bytes]) -> None:
        self._to, self._from = to_qemu, from_qemu
        self._received = b""
        self.accessed: int | None = None
        self.command("?")

    def command(self, text: str) -> str:
        """Sends a command and returns the answer."""
        content = text.encode()
        try:
            self._to.write(b"$%b#%02x" % (content, sum(content) & 0xFF))
            self._to.flush()
            return self._answer()
        except (OSError, ValueError) as error:
            raise DeviceError(f"the emulator has ended ({error}); start it again") from error

    def _answer(self) -> str:
        while True:
            begin = self._received.find(b"$")
            end = self._received.find(b"#", begin)
            if 0 <= begin < end and len(self._received) >= end + 3:
                answer = self._received[begin + 1 : end]
                self._received = self._received[end + 3 :]
                self._to.write(b"+")
                return answer.decode("ascii", "replace")
            self._receive()

    def _receive(self) -> None:
        more = os.read(self._from.fileno(), _CHUNK_BYTES)
        if not more:
            raise OSError("its stream is closed")
        self._received += more

    def _order(self, text: str) -> None:
        answer = self.command(text)
        if answer != "OK":
            raise DeviceError(f"the emulator refuses '{text[:40]}' with '{answer[:40]}'; install QEMU 7.2 or newer")

    def stop_at(self, address: int) -> None:
        """Sets a breakpoint."""
        self._order(f"Z0,{address:x},2")

    def go_on_at(self, address: int) -> None:
        """Undoes :meth:`stop_at`."""
        self._order(f"z0,{address:x},2")

    def stop_at_read(self, address: int, count: int = 4) -> None:
        """Stops the program before it reads one of ``count`` bytes from an address on."""
        self._order(f"Z3,{address:x},{count:x}")

    def go_on_at_read(self, address: int, count: int = 4) -> None:
        """Undoes :meth:`stop_at_read`."""
        self._order(f"z3,{address:x},{count:x}")

    def stop_at_write(self, address: int, count: int = 4) -> None:
        """Stops the program before it writes to one of ``count`` bytes from an address on."""
        self._order(f"Z2,{address:x},{count:x}")

    def go_on_at_write(self, address: int, count: int = 4) -> None:
        """Undoes :meth:`stop_at_write`."""
        self._order(f"z2,{address:x},{count:x}")

    def stop_at_access(self, address: int, count: int) -> None:
        """Stops the program before it reads or writes one of ``count`` bytes from an address on."""
        self._order(f"Z4,{address:x},{count:x}")

    def go_on_at_access(self, address: int, count: int) -> None:
        """Undoes :meth:`stop_at_access`."""
        self._order(f"z4,{address:x},{count:x}")

    def resume(self, patience_s: float | None = None) -> bool:
        """Runs the program until it stops by itself; False if it had to be stopped after ``patience_s``."""
        self.accessed = None
        if patience_s is None:
            self._stopped(self.command("c"))
            return True
        try:
            self._to.write(b"$c#63")
            self._to.flush()
            deadline = time.monotonic() + patience_s
            while not self._received.lstrip(b"+"):  # an acknowledgement comes before the answer
                if not select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    self._to.write(b"\x03")
                    self._to.flush()
                    self._answer()
                    return False
                self._receive()
            self._stopped(self._answer())
        except (OSError, ValueError) as error:
            raise DeviceError(f"the emulator has ended ({error}); start it again") from error
        return True

    def _stopped(self, answer: str) -> None:
        """Reads a stop's answer, ``T05...;rwatch:ADDRESS;``."""
        found = _ACCESS.search(answer)
        self.accessed = int(found[1], 16) if found else None

    def step(self) -> None:
        """Runs one instruction."""
        self.command("s")

    def registers(self) -> list[int]:
        """All registers, as 32-bit words in QEMU's order for the core."""
        content = bytes.fromhex(self.command("g").replace("x", "0"))
        return list(struct.unpack(f"<{len(content) // 4}I", content))

    def set_registers(self, values: list[int]) -> None:
        """Writes registers in the order of :meth:`registers`."""
        self._order("G" + struct.pack(f"<{len(values)}I", *values).hex())

    def read(self, address: int, count: int) -> bytes:
        """Reads memory."""
        parts = []
        for begin in range(0, count, _MOST_MEMORY_BYTES):
            size = min(_MOST_MEMORY_BYTES, count - begin)
            parts.append(bytes.fromhex(self.command(f"m{address + begin:x},{size:x}")))
        return b"".join(parts)

    def write(self, address: int, content: bytes) -> None:
        """Writes memory."""
        for begin in range(0, len(content), _MOST_MEMORY_BYTES):
            part = content[begin : begin + _MOST_MEMORY_BYTES]
            self._order(f"M{address + begin:x},{len(part):x}:{part.hex()}")
