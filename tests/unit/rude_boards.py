"""Boards on a serial port that misbehave, each in a way of its own, on a clock that runs only as they are waited for.

``Board`` answers as firmware does. A *manner* (``MANNERS``) spoils how its bytes come; ``rude_lies``
spoils what they say.
Nothing here waits: a test that takes a minute of a board's time takes a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import serial

from wwtool.device import byte_port, protocol, suites
from wwtool.device.plausible import BoardFacts
from wwtool.frontend.geometry import MICRO

URL = "/dev/rude"
FACTS = BoardFacts(
    clock_hz=160_000_000, ram_bytes=200_000, macs=20_000, hop_frames=3, duty_percent=50.0, geometry=MICRO
)  # fmt: skip
STACK_LIMIT = 4096
INFERENCE_LIMIT_US = 15_000.0
INFO = {
    "version": "0.1.0", "board": "esp32s3", "model": "hey_you", "phrase": "hey you", "sha256": "ab" * 32,
    "input": "120", "output": "1", "arena": "400", "state": "3368", "frames": "3", "step": "160", "rate": "16000",
}  # fmt: skip
READY = b"m-ready\r\n"
ROM_TEXT = b"ESP-ROM:esp32s3-20210327\r\nrst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\nentry 0x403c9880\r\n"


class Clock:
    """Stands in for the module ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Board:
    """Well-behaved firmware: its output is the first input byte; 160 samples make a frame, 3 frames an inference."""

    def __init__(self, info: dict[str, str] | None = None) -> None:
        self.info = {**INFO, **(info or {})}
        self.text = bytearray()
        self.pcm_left = 0
        self.features = False
        self.samples = 0
        self.show = False
        self.buffer = b""

    def hears(self, data: bytes) -> bytes:
        """What it answers to bytes."""
        answer = b""
        while data:
            if self.pcm_left:
                taken = min(self.pcm_left, len(data))
                self.pcm_left -= taken
                answer += self._hears_samples(taken // 2) + (READY if self.pcm_left == 0 else b"")
                data = data[taken:]
                continue
            byte, data = data[0], data[1:]
            if byte == 3:
                self.text.clear()
            elif byte == ord("%"):
                answer += self._answer(self.text.decode("latin-1"))
                self.text.clear()
            else:
                self.text.append(byte)
        return answer

    def _hears_samples(self, count: int) -> bytes:
        first = max(0, -(-(self.samples + 1 - 480) // 160))
        self.samples += count
        return b"".join(self._events(frame) for frame in range(first, (self.samples - 480) // 160 + 1))

    def _events(self, frame: int) -> bytes:
        if self.features:
            return b"ww-features-[%d,%s]\r\n" % (frame, b"80" * 40)
        prob = b"ww-prob-[%d,7]\r\n" % frame if self.show and frame % 3 == 2 else b""
        return prob + (b"ww-detection-[%d,200]\r\n" % frame if frame == 5 else b"")

    def _answer(self, command: str) -> bytes:
        name, _, rest = command.partition(" ")
        if name in ("ww-pcm", "ww-features"):
            self.pcm_left, self.features = int(rest), name == "ww-features"
            return b"ww-pcm-expecting-%d\r\n" % int(rest)
        answers: dict[str, Callable[[str], list[str]]] = {
            "name": lambda _: [f"m-name-dut-[wwtool-{self.info['board']}]"],
            "ww-info": lambda _: [f"ww-info-[{key}={value}]" for key, value in self.info.items()],
            "ww-reset": lambda _: self._reset(),
            "ww-prob": self._prob,
            "db": self._db,
            "infer": lambda _: [
                "m-warmup-start-2", "m-warmup-done", "m-infer-start-20", "m-lap-us-4294967000", "m-lap-us-23604",
                "m-infer-done", "m-results-[0.500]",
            ],
            "ww-output": lambda _: [f"ww-output-[{self.buffer[:1].hex()}]"],
            "ww-memory": lambda _: ["ww-memory-[stack=1248]", "ww-memory-[overruns=0]"],
            "ww-cycles": lambda _: ["ww-cycles-[frontend=124519]", "ww-cycles-[invoke=189907]"],
        }  # fmt: skip
        lines = answers[name](rest) if name in answers else [f"e-[Unknown command: {name}]"]
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + READY

    def _reset(self) -> list[str]:
        self.samples = 0
        return []

    def _prob(self, rest: str) -> list[str]:
        self.show = rest == "1"
        return []

    def _db(self, rest: str) -> list[str]:
        if rest.startswith("load"):
            self.buffer = b""
            return ["m-[Expecting 120 bytes]"]
        self.buffer += bytes.fromhex(rest)
        return ["m-load-done"] if len(self.buffer) == int(self.info["input"]) else []


@dataclass
class Line:
    """A port with a board on it, as pyserial's objects are used. ``sent`` is all that the board has said."""

    board: Board
    clock: Clock
    queue: bytearray = field(default_factory=bytearray)
    sent: int = 0
    baudrate: int = 115200

    def __post_init__(self) -> None:
        pass

    @property
    def in_waiting(self) -> int:
        return len(self.queue)

    def write(self, data: bytes) -> None:
        self.say(self.board.hears(data))

    def say(self, data: bytes) -> None:
        self.sent += len(data)
        self.queue += data

    def read(self, count: int) -> bytes:
        if not self.queue:
            self.clock.now += 0.05
        data = bytes(self.queue[:count])
        del self.queue[:count]
        return data

    def reset_output_buffer(self) -> None:
        pass

    def close(self) -> None:
        pass


class Silent(Line):
    def write(self, data: bytes) -> None:
        pass


class Flood(Line):
    """Talks faster than it can be read; it answers, too, somewhere in between."""

    text = b"I (12) wifi: state: run\r\n"

    def read(self, count: int) -> bytes:
        self.clock.now += 0.0001
        self.say(self.text)
        return super().read(max(count, 64))


class FloodAlone(Flood):
    def write(self, data: bytes) -> None:
        pass


class FloodWithoutLines(FloodAlone):
    text = b"x" * 5000


class FloodOfNoise(FloodAlone):
    text = bytes(range(128, 256))


class Logs(Silent):
    """A line a second, and never an answer."""

    spoken = 0.0

    def read(self, count: int) -> bytes:
        if self.clock.now - self.spoken >= 1.0:
            self.spoken = self.clock.now
            self.say(b"heap: 81234 free\r\n")
        return super().read(count)


class LogsBetween(Line):
    """The same, and answers."""

    def write(self, data: bytes) -> None:
        self.say(b"heap: 81234 free\r\n")
        super().write(data)


class Drip(Line):
    """A byte every 0.9 s."""

    def read(self, count: int) -> bytes:
        self.clock.now += 0.9
        return super().read(1)


class DripInAnswer(Line):
    """After the info it goes on in mid-answer, for ever."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if data.startswith(b"ww-info"):
            del self.queue[-40:]

    def read(self, count: int) -> bytes:
        if not self.queue and self.sent > 200:
            self.clock.now += 0.5
            return b"."
        return super().read(count)


class TakesNothing(Line):
    def write(self, data: bytes) -> None:
        self.clock.now += byte_port.WRITE_TIMEOUT_S
        raise serial.SerialTimeoutException("Write timeout")


class Leaves(Line):
    """Unplugged as it answers ww-info."""

    def read(self, count: int) -> bytes:
        if self.sent > 200:
            raise serial.SerialException("device reports readiness to read but returned no data")
        return super().read(count)


class ResetByTheBridge(Line):
    """Noise and the ROM's text, and deaf for 0.8 s after the port is opened."""

    noise = b"\xff\xfe\x00"

    def __post_init__(self) -> None:
        self.opened = self.clock.now
        self.say(self.noise + ROM_TEXT)

    def write(self, data: bytes) -> None:
        if self.clock.now - self.opened >= 0.8:
            super().write(data)


class LongNoise(ResetByTheBridge):
    """Noise for two seconds."""

    def read(self, count: int) -> bytes:
        self.clock.now += 0.01
        if self.clock.now - self.opened < 2.0:
            self.say(b"\xf8\x80")
        return super().read(count)

    def write(self, data: bytes) -> None:
        if self.clock.now - self.opened >= 2.0:
            super().write(data)


class Spoilt(Line):
    """Does ``spoil`` to what the board says, from its first byte on: (bytes said before, bytes) to bytes."""

    def __init__(self, board: Board, clock: Clock, spoil: Callable[[int, bytes], bytes]) -> None:
        super().__init__(board, clock)
        self.spoil = spoil

    def say(self, data: bytes) -> None:
        place, self.sent = self.sent, self.sent + len(data)
        self.queue += self.spoil(place, data)


# Name of the manner: the line, and a part of the sentence that is due; "": all is well in the end.
MANNERS: dict[str, tuple[Callable[[Board, Clock], Line], str]] = {
    "silent": (Silent, "did not answer 'name%' within"),
    "flood": (Flood, ""),
    "flood alone": (FloodAlone, "no end of its answer|keeps talking"),
    "flood without lines": (FloodWithoutLines, "no text|no end of its answer"),
    "flood of noise": (FloodOfNoise, "no text"),
    "logs": (Logs, "keeps talking, but did not end its answer to 'name%'"),
    "logs between": (LogsBetween, ""),
    "drip": (Drip, "keeps talking, but did not end its answer"),
    "drip in mid-answer": (DripInAnswer, "keeps talking, but did not end its answer to 'ww-info%'"),
    "takes nothing": (TakesNothing, "takes no bytes"),
    "leaves": (Leaves, "closed the connection"),
    "reset by the bridge": (ResetByTheBridge, ""),
    "long noise": (LongNoise, ""),
}


@contextmanager
def plugged(line: Callable[[Board, Clock], Line], board: Board | None = None) -> Iterator[Line]:
    """A board at ``URL``, on a clock of its own."""
    clock = Clock()
    made = line(board or Board(), clock)
    with (
        mock.patch.object(byte_port, "time", clock),
        mock.patch.object(protocol, "time", clock),
        mock.patch.object(suites, "time", clock),
        mock.patch.object(serial, "serial_for_url", lambda url, **_: made),
    ):
        yield made
