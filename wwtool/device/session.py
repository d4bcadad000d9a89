"""A conversation with a board: what can be asked of it, as plain Python calls and values."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wwtool.device import protocol
from wwtool.device.byte_port import Deadline, GoneError
from wwtool.device.protocol import DEFAULT_BAUD, Event, Link
from wwtool.errors import DeviceError
from wwtool.firmware.cycles import Cycles

PCM_CHUNK_SAMPLES = 512  # 1024 bytes, the most ww-pcm takes
INFER_TIMEOUT_S = 30.0  # of the reference host of MLPerf Tiny
PCM_TIMEOUT_S = 15.0  # an emulated board on a busy computer
_SYNC_TIMEOUT_S = 3.0  # longer than the device waits for the rest of a PCM block
_SYNC_TRIES = 3  # of that time together
_QUIET_S = 0.2  # by then a board that has started has sent its first text
_MAX_OLD_ANSWERS = 16
_NAME_PREFIX = "wwtool-"
_MAX_TENSOR_BYTES = 1 << 20  # more than any board's RAM for it


@dataclass(frozen=True)
class DeviceInfo:
    """What the board says of itself: the values of ``ww-info``."""

    version: str
    board: str
    model: str
    phrase: str
    sha256: str
    input_bytes: int
    output_bytes: int
    arena_bytes: int
    state_bytes: int
    input_frames: int
    step_samples: int
    sample_rate_hz: int


@dataclass(frozen=True)
class InferTiming:
    """The answer to ``infer``: time of all iterations together, and the outputs as 0 to 1."""

    iterations: int
    total_us: int
    results: tuple[float, ...]

    @property
    def latency_us(self) -> float:
        """Of one inference."""
        return self.total_us / self.iterations


@dataclass(frozen=True)
class Memory:
    """Marks since the device started."""

    stack_bytes: int
    overrun_samples: int


_TEXTS = ("version", "board", "model", "phrase", "sha256")
_NUMBERS = {
    "input_bytes": "input",
    "output_bytes": "output",
    "arena_bytes": "arena",
    "state_bytes": "state",
    "input_frames": "frames",
    "step_samples": "step",
    "sample_rate_hz": "rate",
}


def _info(values: dict[str, str]) -> DeviceInfo:
    texts = {key: protocol.text_of(values, key) for key in _TEXTS}
    numbers = {field: protocol.number_of(values, key) for field, key in _NUMBERS.items()}
    for field in ("input_bytes", "output_bytes"):
        if not 0 < numbers[field] <= _MAX_TENSOR_BYTES:
            raise ValueError(f"{_NUMBERS[field]!r}: {numbers[field]} is not from 1 to {_MAX_TENSOR_BYTES} bytes")
    return DeviceInfo(**texts, **numbers)  # type: ignore[arg-type]


class Session:
    """A board on a port. A context manager; at the end the port is closed and the bit rate is back at the default.

    Raises:
        DeviceError: in every method, for silence, nonsense, or firmware other than wwtool's.
    """

    def __init__(self, url: str, baud: int = DEFAULT_BAUD, patience_s: float | None = None) -> None:
        """Opens the port and finds out which board it is, within ``patience_s``; None: as long as a board may need."""
        self.link = Link(url, baud)
        self._first_baud = baud
        self._baud = baud
        try:
            self.name = self._synchronise(_SYNC_TRIES * _SYNC_TIMEOUT_S if patience_s is None else patience_s)
        except BaseException:
            self.link.close()
            raise

    def _synchronise(self, patience_s: float) -> str:
        """Discards noise, old answers, half a command or half a block of samples; returns the device's name.

        A board that a USB-to-serial chip resets as its port is opened is deaf for a second and begins with noise and
        its ROM's text.
        """
        deadline = Deadline(patience_s)
        self.link.forget_input(0.0, deadline.within(_QUIET_S))
        while (failure := self._echo(f"sync-{secrets.token_hex(3)}", deadline)) is not None:
            if deadline.over:
                raise failure
        name = protocol.parse_name(self.link.command("name", _SYNC_TIMEOUT_S).lines)
        if name is None:
            raise self._foreign()
        return name

    def _echo(self, nonce: str, deadline: Deadline) -> DeviceError | None:
        """Sends a command that no firmware knows. None once an answer quotes it, so that no older answer waits; else
        why not."""
        wait = deadline.within(_SYNC_TIMEOUT_S)
        answers = 0
        try:
            self.link.write(protocol.INTERRUPT + protocol.encode(nonce))
            while answers < _MAX_OLD_ANSWERS:
                lines = self.link.read_lines(protocol.is_ready, "name", wait.remaining_s)
                if any(nonce in line for line in lines):
                    return None
                answers += 1
        except GoneError:
            raise
        except DeviceError as error:
            self.link.forget_input(_QUIET_S, deadline.within(_SYNC_TIMEOUT_S))
            return self._foreign() if answers else error
        return self._foreign()

    def _foreign(self) -> DeviceError:
        return DeviceError(
            f"what answers at {self.link.url} does not speak the MLPerf Tiny protocol; check the port, or flash the "
            "board with wwtool flash"
        )

    def info(self) -> DeviceInfo:
        """Returns what runs on the board."""
        reply = self._wwtool_command("ww-info")
        with self._usable("ww-info"):
            info = _info(protocol.parse_key_values(reply.lines, "info"))
        if self.name != _NAME_PREFIX + info.board:
            raise DeviceError(
                f"{self.link.url} calls itself '{self.name}', but the board '{info.board}'; check what is on that port"
            )
        return info

    def _wwtool_command(self, command: str) -> protocol.Reply:
        try:
            return self.link.command(command)
        except DeviceError as error:
            if "Unknown command" in str(error):
                raise DeviceError(
                    f"{self.link.url} runs '{self.name}', which is not wwtool's firmware (no {command.split()[0]}); "
                    "flash it with wwtool flash"
                ) from error
            raise

    def reset(self) -> None:
        """Stops the microphone and forgets all state; feature frames count from 0."""
        self._wwtool_command("ww-reset")

    def load_input(self, data: bytes | NDArray[np.int8]) -> None:
        """Fills the model's input buffer."""
        content = data if isinstance(data, bytes) else np.ascontiguousarray(data, dtype=np.int8).tobytes()
        self.link.command(f"db load {len(content)}")
        done = False
        for command in protocol.hex_commands(content):
            done = "m-load-done" in self.link.command(command).lines
        if not done:
            raise DeviceError(f"{self.link.url} did not take all {len(content)} input bytes; reset the board")

    def infer(self, iterations: int = 1, warmup: int = 0, timeout_s: float = INFER_TIMEOUT_S) -> InferTiming:
        """Runs the model on the loaded input."""
        reply = self.link.command(f"infer {iterations} {warmup}", timeout_s)
        laps = protocol.parse_laps(reply.lines)
        results = protocol.parse_results(reply.lines)
        if len(laps) != 2 or results is None:
            raise DeviceError(f"{self.link.url} answers infer without two time stamps and results; flash it again")
        return InferTiming(iterations, (laps[1] - laps[0]) % (1 << 32), tuple(results))

    def output(self) -> bytes:
        """Returns the raw bytes of the model's output."""
        output = protocol.parse_output(self._wwtool_command("ww-output").lines)
        if output is None:
            raise DeviceError(f"{self.link.url} answers ww-output without output bytes; flash it again")
        return output

    def show_probabilities(self, on: bool) -> None:
        """Switches the ``prob`` events of :meth:`stream_pcm`."""
        self._wwtool_command(f"ww-prob {int(on)}")

    def stream_pcm(self, samples: NDArray[np.int16]) -> list[Event]:
        """Sends samples, 16 kHz mono, block by block; returns the events in order. Does not reset first."""
        lines = self._stream(samples, "ww-pcm")
        with self._usable("ww-pcm"):
            events = [event for line in lines if (event := protocol.parse_event(line)) is not None]
        for kind in ("prob", "detection"):
            frames = [event.frame for event in events if event.kind == kind]
            if any(later <= earlier for earlier, later in pairwise(frames)):
                raise DeviceError(f"the ww-{kind} lines of {self.link.url} are out of order; reset the board")
        return events

    def features(self, samples: NDArray[np.int16], channels: int | None = None) -> NDArray[np.int8]:
        """Runs samples through the front end alone; returns features of shape (frames, channels).

        ``channels`` None: as many as the first frame has.
        """
        lines = self._stream(samples, "ww-features")
        with self._usable("ww-features"):
            frames = [frame for line in lines if (frame := protocol.parse_features(line)) is not None]
        if channels is None:
            channels = len(frames[0][1]) if frames else 0
        if any(len(values) != channels for _, values in frames):
            raise DeviceError(f"{self.link.url} has features of other than {channels} channels; flash it again")
        if any(later[0] != earlier[0] + 1 for earlier, later in pairwise(frames)):
            raise DeviceError(f"the ww-features lines of {self.link.url} are out of order; reset the board")
        return np.frombuffer(b"".join(values for _, values in frames), dtype=np.int8).reshape(len(frames), channels)

    def _stream(self, samples: NDArray[np.int16], command: str) -> list[str]:
        lines: list[str] = []
        data = np.ascontiguousarray(samples, dtype="<i2")
        for start in range(0, len(data), PCM_CHUNK_SAMPLES):
            chunk = data[start : start + PCM_CHUNK_SAMPLES].tobytes()
            question = f"{command} {len(chunk)}"
            self.link.write(protocol.encode(question))
            expecting = f"ww-pcm-expecting-{len(chunk)}"
            before = self.link.read_lines(lambda line, expecting=expecting: line == expecting, question)  # type: ignore[misc]
            if before and protocol.is_ready(before[-1]):
                reason = protocol.Reply(question, before).error or "no reason"
                raise DeviceError(f"{self.link.url} does not take samples: {reason}; flash it with wwtool flash")
            self.link.write(chunk)
            lines += (*before, *self.link.reply(question, PCM_TIMEOUT_S).lines)
        return lines

    def memory(self) -> Memory:
        """Returns the memory marks."""
        return Memory(*self._numbers("memory", "stack", "overruns"))

    def cycles(self) -> Cycles:
        """Returns the cycle counts."""
        return Cycles(*self._numbers("cycles", "frontend", "invoke"))

    def _numbers(self, kind: str, *keys: str) -> list[int]:
        lines = self._wwtool_command(f"ww-{kind}").lines
        with self._usable(f"ww-{kind}"):
            values = protocol.parse_key_values(lines, kind)
            return [protocol.number_of(values, key) for key in keys]

    @contextlib.contextmanager
    def _usable(self, command: str) -> Iterator[None]:
        """Turns the parsers' errors into DeviceError, as they are the device's fault."""
        try:
            yield
        except (KeyError, ValueError) as error:
            raise DeviceError(
                f"{self.link.url} answers {command} without a usable {error}; reset the board, or build and flash it "
                "again"
            ) from error

    def set_baud(self, baud: int) -> None:
        """Changes the rate at both ends and makes sure that they still understand each other."""
        self._wwtool_command(f"ww-baud {baud}")
        self.link.set_host_baud(baud)
        self._baud = baud
        self._synchronise(_SYNC_TRIES * _SYNC_TIMEOUT_S)

    def close(self) -> None:
        """Puts the rate back, for the next program, and closes the port."""
        if self._baud != self._first_baud:
            with contextlib.suppress(DeviceError):
                self.link.command(f"ww-baud {self._first_baud}")
        self.link.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def as_dict(info: DeviceInfo) -> dict[str, Any]:
    """Returns the info for a JSON report."""
    return dict(vars(info))
