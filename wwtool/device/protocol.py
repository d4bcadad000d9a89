"""The serial protocol: commands to bytes, answers to values, and the link that carries them.

The first half is pure (:func:`encode`, :class:`LineDecoder`, the ``parse_`` functions); :class:`Link` does the I/O over
anything pyserial opens. What the commands mean is in ``session.py``; the protocol is docs/serial-protocol.md.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType

import serial

from wwtool.errors import DeviceError, UsageError

DEFAULT_BAUD = 115200
MAX_COMMAND_CHARS = 80
DEFAULT_TIMEOUT_S = 5.0  # of the reference host of MLPerf Tiny; 30 s for infer
READY = "m-ready"

_MAX_LINE_CHARS = 1 << 16
_EVENT = re.compile(r"ww-(prob|detection)-\[(\d+),(\d+)\]")
_FEATURES = re.compile(r"ww-features-\[(\d+),((?:[0-9a-f]{2})+)\]")
_KEY_VALUE = re.compile(r"ww-(info|memory|cycles)-\[([a-z0-9_]+)=(.*)\]")
_NAME = re.compile(r"m-name-dut-\[([^]]+)\]")
_RESULTS = re.compile(r"m-results-\[([^]]+)\]")
_LAP = re.compile(r"m-lap-us-(\d+)")
_OUTPUT = re.compile(r"ww-output-\[((?:[0-9a-f]{2}(?: [0-9a-f]{2})*)?)\]")
_ERROR = re.compile(r"e-\[(.*)\]")


@dataclass(frozen=True)
class Event:
    """A model output (``prob``) or a detection: feature frame, from 0, and probability, 0 to 255."""

    kind: str
    frame: int
    probability: int


@dataclass(frozen=True)
class Reply:
    """The lines of an answer, without the final ``m-ready``."""

    command: str
    lines: tuple[str, ...]

    @property
    def error(self) -> str | None:
        """The text of the first ``e-[...]`` line, if there is one."""
        return next((m[1] for line in self.lines if (m := _ERROR.fullmatch(line))), None)


def encode(command: str) -> bytes:
    """Returns the bytes of a command.

    >>> encode("name")
    b'name%'
    """
    if not command.isascii() or not command.isprintable() or "%" in command or len(command) > MAX_COMMAND_CHARS:
        raise UsageError(
            f"{command!r} is no device command: at most {MAX_COMMAND_CHARS} printable ASCII characters without '%'"
        )
    return command.encode("ascii") + b"%"


def hex_commands(data: bytes, bytes_per_command: int = 31) -> list[str]:
    """Returns the ``db`` commands that carry data, 31 bytes each as the reference host sends them."""
    return ["db " + data[i : i + bytes_per_command].hex() for i in range(0, len(data), bytes_per_command)]


class LineDecoder:
    """Bytes to lines, in whatever portions they come. CR and NUL are dropped.

    Raises:
        ValueError: bytes that are no text, or a line without end.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Returns the lines that ``data`` completes."""
        self._rest += data.replace(b"\r", b"").replace(b"\0", b"")
        *complete, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        if len(rest) > _MAX_LINE_CHARS:
            raise ValueError("a line without end")
        return [line.decode("ascii") for line in complete]

    @property
    def pending(self) -> bytes:
        """The start of a line whose end has not come."""
        return bytes(self._rest)


def parse_event(line: str) -> Event | None:
    """Returns the event of a ``ww-prob`` or ``ww-detection`` line, None for any other."""
    match = _EVENT.fullmatch(line)
    return Event(match[1], int(match[2]), int(match[3])) if match else None


def parse_features(line: str) -> tuple[int, bytes] | None:
    """Returns ``(frame, int8 features as bytes)`` of a ``ww-features`` line, None for any other."""
    match = _FEATURES.fullmatch(line)
    return (int(match[1]), bytes.fromhex(match[2])) if match else None


def parse_key_values(lines: tuple[str, ...], kind: str) -> dict[str, str]:
    """Returns KEY: VALUE of all lines ``ww-KIND-[KEY=VALUE]``."""
    matches = (_KEY_VALUE.fullmatch(line) for line in lines)
    return {m[2]: m[3] for m in matches if m and m[1] == kind}


def parse_name(lines: tuple[str, ...]) -> str | None:
    """Returns the device name of an answer to ``name``."""
    return next((m[1] for line in lines if (m := _NAME.fullmatch(line))), None)


def parse_laps(lines: tuple[str, ...]) -> list[int]:
    """Returns the microsecond stamps, in order."""
    return [int(m[1]) for line in lines if (m := _LAP.fullmatch(line))]


def parse_results(lines: tuple[str, ...]) -> list[float] | None:
    """Returns the numbers of ``m-results-[...]``."""
    for line in lines:
        if match := _RESULTS.fullmatch(line):
            try:
                return [float(word) for word in match[1].split(",")]
            except ValueError:
                return None
    return None


def parse_output(lines: tuple[str, ...]) -> bytes | None:
    """Returns the raw output bytes of an answer to ``ww-output``."""
    return next((bytes.fromhex(m[1]) for line in lines if (m := _OUTPUT.fullmatch(line))), None)


def _reason(error: Exception) -> str:
    """pyserial repeats the port and the error in what it says; the system's own words are enough."""
    number = getattr(error, "errno", None) or getattr(error.__context__, "errno", None)
    return os.strerror(number).lower() if isinstance(number, int) else str(error)


class Link:
    """An open port. One command at a time; a context manager that closes it.

    Args:
        url: what pyserial opens: ``/dev/ttyACM0``, ``COM5``, ``socket://127.0.0.1:7000``.
        baud: bit rate of a UART.

    Raises:
        DeviceError: in every method, for everything that goes wrong on the line.
    """

    def __init__(self, url: str, baud: int = DEFAULT_BAUD) -> None:
        self.url = url
        try:
            self._port = serial.serial_for_url(url, baudrate=baud, timeout=0.05, write_timeout=DEFAULT_TIMEOUT_S)
        except (serial.SerialException, OSError, ValueError) as error:
            raise DeviceError(
                f"cannot open the port {url}: {_reason(error)}; check that the board is plugged in and that no other "
                "program uses it"
            ) from error
        self._decoder = LineDecoder()
        self._unread: deque[str] = deque()

    def write(self, data: bytes) -> None:
        """Sends bytes as they are."""
        try:
            self._port.write(data)
            self._port.flush()
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"the device at {self.url} went away while sending: {error}; plug it in again") from error

    def _read(self) -> bytes:
        try:
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        except (serial.SerialException, OSError, TypeError) as error:
            raise DeviceError(
                f"the device at {self.url} closed the connection in the middle of an answer; start or plug it in again"
            ) from error

    def read_lines(self, last: str, command: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> tuple[str, ...]:
        """Returns the lines up to one that contains ``last``, which is left out, or up to ``m-ready`` after an error.

        The time-out counts from the last byte received.
        """
        lines: list[str] = []
        seen = 0
        deadline = time.monotonic() + timeout_s
        while True:
            while self._unread:
                line = self._unread.popleft()
                if last in line:
                    return tuple(lines)
                lines.append(line)
                if READY in line:
                    return tuple(lines)
            data = self._read()
            if data:
                seen += len(data)
                deadline = time.monotonic() + timeout_s
                self._decode(data)
            elif time.monotonic() > deadline:
                raise self._timeout(command, timeout_s, seen, lines)

    def _decode(self, data: bytes) -> None:
        try:
            self._unread.extend(self._decoder.feed(data))
        except ValueError as error:
            self._decoder = LineDecoder()
            raise DeviceError(
                f"{self.url} sends bytes that are no text; the bit rate is probably wrong, or it is not this board's "
                "console: try --baud or another port"
            ) from error

    def _timeout(self, command: str, timeout_s: float, seen: int, lines: list[str]) -> DeviceError:
        if seen == 0:
            return DeviceError(
                f"{self.url} did not answer '{command}%' within {timeout_s:.0f} s; check that the board runs wwtool's "
                "firmware, that this is its console, and the bit rate"
            )
        last = lines[-1] if lines else self._decoder.pending.decode("ascii", "replace")
        return DeviceError(
            f"{self.url} stopped in the middle of its answer to '{command}%' (last: {last[:60]!r}); reset the board "
            "and try again"
        )

    def command(self, command: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Sends a command and returns its answer; an ``e-[...]`` answer raises DeviceError."""
        self.write(encode(command))
        return self.reply(command, timeout_s)

    def reply(self, command: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Returns the answer to a command already sent."""
        reply = Reply(command, self.read_lines(READY, command, timeout_s))
        if reply.error is not None:
            raise DeviceError(f"the device at {self.url} refuses '{command}%': {reply.error}")
        return reply

    def set_host_baud(self, baud: int) -> None:
        """Changes this end's rate; nothing to do on a socket or USB."""
        try:
            self._port.baudrate = baud
        except (serial.SerialException, OSError, ValueError) as error:
            raise DeviceError(f"{self.url} cannot run at {baud} baud: {error}; choose a lower rate") from error

    def forget_input(self) -> None:
        """Throws away what has come and not been read."""
        try:
            self._port.reset_input_buffer()
        except (serial.SerialException, OSError) as error:
            raise DeviceError(f"the device at {self.url} went away: {error}; plug it in again") from error
        self._decoder = LineDecoder()
        self._unread.clear()

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
