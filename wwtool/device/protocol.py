"""The serial protocol: commands to bytes, answers to values, and the link that carries them.

The first half is pure (:func:`encode`, :class:`LineDecoder`, the ``parse_`` functions); :class:`Link` asks and listens,
through a :class:`~wwtool.device.byte_port.BytePort`. What the commands mean is in ``session.py``; the protocol is
docs/reference/serial-protocol.md.

A device may send anything. A line with the form of an answer but wrong content (a number of 5,000 digits, an odd count
of hex digits) is never ignored: the parser raises ValueError, and the session makes a DeviceError of it.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType

from wwtool.base.text import printable
from wwtool.device.byte_port import BytePort, Deadline
from wwtool.errors import DeviceError, UsageError

DEFAULT_BAUD = 115200
MAX_COMMAND_CHARS = 80
DEFAULT_TIMEOUT_S = 5.0  # of the reference host of MLPerf Tiny; 30 s for infer
READY = "m-ready"
INTERRUPT = b"\x03"  # ends the work of a board, and a command without its end

_MAX_LINE_CHARS = 1 << 16
_MAX_ANSWER_BYTES = 1 << 20
_MAX_TEXT_CHARS = 300
_MAX_NUMBER = (1 << 32) - 1
_SHOWN_CHARS = 60
_EVENT = re.compile(r"ww-(prob|detection)-\[([0-9]{1,10}),([0-9]{1,3})\]")
_FEATURES = re.compile(r"ww-features-\[([0-9]{1,10}),((?:[0-9a-f]{2})+)\]")
_KEY_VALUE = re.compile(r"ww-(info|memory|cycles)-\[([a-z0-9_]{1,40})=(.*)\]")
_NAME = re.compile(r"m-name-dut-\[([^]]+)\]")
_RESULTS = re.compile(r"m-results-\[([^]]+)\]")
_PROBABILITY = re.compile(r"[01](?:\.[0-9]{1,9})?")
_LAP = re.compile(r"m-lap-us-([0-9]{1,10})")
_OUTPUT = re.compile(r"ww-output-\[((?:[0-9a-f]{2}(?: [0-9a-f]{2})*)?)\]")
_ERROR = re.compile(r"e-\[(.*)\]")
_NUMBER = re.compile(r"[0-9]{1,10}")
_TEXT = re.compile(rf"[ -~]{{0,{_MAX_TEXT_CHARS}}}")


class NoTextError(DeviceError):
    """The input is no text: noise, or another bit rate."""


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
        """The text of the first ``e-[...]`` line, if there is one, safe to show."""
        return next((printable(m[1], _MAX_TEXT_CHARS) for line in self.lines if (m := _ERROR.fullmatch(line))), None)


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
    """Bytes to lines, whatever the size of the portions. CR and NUL are dropped.

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


def is_ready(line: str) -> bool:
    """Whether a line ends an answer. A line that only quotes the word, as in a phrase, does not."""
    return READY in line and not line.startswith(("ww-", "e-["))


def number_of(values: Mapping[str, str], key: str) -> int:
    """Returns the value of a key as a number of 32 bits.

    Raises:
        KeyError: there is no such value.
        ValueError: the value is anything else.
    """
    text = values[key]
    if not _NUMBER.fullmatch(text) or int(text) > _MAX_NUMBER:
        raise ValueError(f"{key!r}: {printable(text, _SHOWN_CHARS)!r} is no number from 0 to {_MAX_NUMBER}")
    return int(text)


def text_of(values: Mapping[str, str], key: str) -> str:
    """Returns the value of a key as printable ASCII.

    Raises:
        KeyError: there is no such value.
        ValueError: the value is anything else, or too long.
    """
    text = values[key]
    if not _TEXT.fullmatch(text):
        shown = printable(text, _SHOWN_CHARS)
        raise ValueError(f"{key!r}: {shown!r} is no text of at most {_MAX_TEXT_CHARS} ASCII characters")
    return text


def _damaged(line: str) -> ValueError:
    return ValueError(f"line: {printable(line, _SHOWN_CHARS)!r} is damaged")


def parse_event(line: str) -> Event | None:
    """Returns the event of a ``ww-prob`` or ``ww-detection`` line, None for any other.

    Raises:
        ValueError: the line has the form of an event, but no usable content.
    """
    match = _EVENT.fullmatch(line)
    if match and int(match[2]) <= _MAX_NUMBER and int(match[3]) <= 255:
        return Event(match[1], int(match[2]), int(match[3]))
    if line.startswith(("ww-prob-", "ww-detection-")):
        raise _damaged(line)
    return None


def parse_features(line: str) -> tuple[int, bytes] | None:
    """Returns ``(frame, int8 features as bytes)`` of a ``ww-features`` line, None for any other.

    Raises:
        ValueError: it is one, with no features in it.
    """
    match = _FEATURES.fullmatch(line)
    if match and int(match[1]) <= _MAX_NUMBER:
        return int(match[1]), bytes.fromhex(match[2])
    if line.startswith("ww-features-"):
        raise _damaged(line)
    return None


def parse_key_values(lines: tuple[str, ...], kind: str) -> dict[str, str]:
    """Returns KEY: VALUE of all lines ``ww-KIND-[KEY=VALUE]``.

    Raises:
        ValueError: a line of the kind is damaged, or a key has two values.
    """
    values: dict[str, str] = {}
    for line in lines:
        match = _KEY_VALUE.fullmatch(line)
        if match and match[1] == kind:
            if values.setdefault(match[2], match[3]) != match[3]:
                raise ValueError(f"{match[2]!r}: it has two values")
        elif line.startswith(f"ww-{kind}-"):
            raise _damaged(line)
    return values


def _only(pattern: re.Pattern[str], lines: tuple[str, ...]) -> str | None:
    """What one line alone has; None if there is no such line or several."""
    texts = [match[1] for line in lines if (match := pattern.fullmatch(line))]
    return texts[0] if len(texts) == 1 else None


def parse_name(lines: tuple[str, ...]) -> str | None:
    """Returns the device name of an answer to ``name``."""
    name = _only(_NAME, lines)
    return name if name is not None and _TEXT.fullmatch(name) else None


def parse_laps(lines: tuple[str, ...]) -> list[int]:
    """Returns the microsecond stamps, in order."""
    laps = [int(m[1]) for line in lines if (m := _LAP.fullmatch(line))]
    return [lap for lap in laps if lap <= _MAX_NUMBER]


def parse_results(lines: tuple[str, ...]) -> list[float] | None:
    """Returns the numbers of ``m-results-[...]``, each from 0 to 1."""
    words = (_only(_RESULTS, lines) or "").split(",")
    numbers = [float(word) for word in words if _PROBABILITY.fullmatch(word)]
    return numbers if len(numbers) == len(words) and max(numbers) <= 1.0 else None


def parse_output(lines: tuple[str, ...]) -> bytes | None:
    """Returns the raw output bytes of an answer to ``ww-output``."""
    digits = _only(_OUTPUT, lines)
    return None if digits is None else bytes.fromhex(digits)


class Link:
    """An open port. One command at a time; a context manager that closes it.

    Args:
        url: what pyserial opens: ``/dev/ttyACM0``, ``COM5``, ``socket://127.0.0.1:7000``.
        baud: bit rate of a UART.

    Raises:
        DeviceError: in every method, for everything that goes wrong on the line.
    """

    def __init__(self, url: str, baud: int = DEFAULT_BAUD) -> None:
        self._port = BytePort(url, baud)
        self.url = self._port.shown
        self._forget()

    def write(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self._port.write(data)

    def read_lines(
        self, is_last: Callable[[str], bool], command: str, timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> tuple[str, ...]:
        """Returns the lines before the last one, or up to ``m-ready`` after an error.

        All of them come within ``timeout_s``, however busily the device talks.
        """
        lines: list[str] = []
        seen = 0
        began = latest = time.monotonic()
        deadline = Deadline(timeout_s)
        while True:
            while self._unread:
                line = self._unread.popleft()
                if is_last(line):
                    return tuple(lines)
                lines.append(line)
                if is_ready(line):
                    return tuple(lines)
            if deadline.over:
                raise self._timeout(command, timeout_s, latest - began if seen else None, lines)
            data = self._port.read()
            if data:
                seen += len(data)
                latest = time.monotonic()
                self._decode(data)
            if seen > _MAX_ANSWER_BYTES:
                raise DeviceError(
                    f"{self.url} has sent {seen} bytes since '{command}%' and no end of its answer; check that this is "
                    "the board's console, and reset the board"
                )

    def _decode(self, data: bytes) -> None:
        try:
            self._unread.extend(self._decoder.feed(data))
        except ValueError as error:
            self._forget()
            raise NoTextError(
                f"{self.url} sends bytes that are no text; the bit rate is probably wrong, or it is not this board's "
                "console: try --baud or another port"
            ) from error

    def _timeout(self, command: str, timeout_s: float, latest_s: float | None, lines: list[str]) -> DeviceError:
        """``latest_s``: when the last byte came, after the question; None if none did."""
        if latest_s is None:
            return DeviceError(
                f"{self.url} did not answer '{command}%' within {timeout_s:.0f} s; check that the board runs wwtool's "
                "firmware, that this is its console, and the bit rate"
            )
        last = printable(lines[-1] if lines else self._decoder.pending.decode("ascii", "replace"), _SHOWN_CHARS)
        if latest_s > timeout_s / 2:
            return DeviceError(
                f"{self.url} keeps talking, but did not end its answer to '{command}%' within {timeout_s:.0f} s (last: "
                f"{last!r}); check that this is the board's console, and reset the board"
            )
        return DeviceError(
            f"{self.url} stopped in the middle of its answer to '{command}%' (last: {last!r}); reset the board "
            "and try again"
        )

    def command(self, command: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Sends a command and returns its answer; an ``e-[...]`` answer raises DeviceError."""
        self.write(encode(command))
        return self.reply(command, timeout_s)

    def reply(self, command: str, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Returns the answer to a command already sent."""
        reply = Reply(command, self.read_lines(is_ready, command, timeout_s))
        if reply.error is not None:
            raise DeviceError(f"the device at {self.url} refuses '{command}%': {reply.error}")
        return reply

    def set_host_baud(self, baud: int) -> None:
        """Changes this end's rate; nothing to do on a socket or USB."""
        self._port.set_baud(baud)

    def forget_input(self, quiet_s: float, deadline: Deadline) -> None:
        """Throws away what comes, until nothing does for ``quiet_s`` or the deadline is over."""
        self._port.discard(quiet_s, deadline)
        self._forget()

    def _forget(self) -> None:
        self._decoder = LineDecoder()
        self._unread: deque[str] = deque()

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
