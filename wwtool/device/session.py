"""A conversation with a board: what can be asked of it, as plain Python calls and values."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wwtool.device import protocol
from wwtool.device.protocol import DEFAULT_BAUD, Event, Link
from wwtool.errors import DeviceError

PCM_CHUNK_SAMPLES = 512  # 1024 bytes, the most ww-pcm takes
FEATURE_CHANNELS = 40
INFER_TIMEOUT_S = 30.0  # of the reference host of MLPerf Tiny
_SYNC_TIMEOUT_S = 3.0  # longer than the device waits for the rest of a PCM block
_SYNC_ATTEMPTS = 2
_MAX_OLD_ANSWERS = 16


@dataclass(frozen=True)
class DeviceInfo:
    """Who answers: the values of ``ww-info``."""

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


@dataclass(frozen=True)
class Cycles:
    """Core cycles of the last feature frame and the last inference; 0 where the core cannot count."""

    frontend: int
    invoke: int


def _info(values: dict[str, str]) -> DeviceInfo:
    return DeviceInfo(
        version=values["version"],
        board=values["board"],
        model=values["model"],
        phrase=values["phrase"],
        sha256=values["sha256"],
        input_bytes=int(values["input"]),
        output_bytes=int(values["output"]),
        arena_bytes=int(values["arena"]),
        state_bytes=int(values["state"]),
        input_frames=int(values["frames"]),
        step_samples=int(values["step"]),
        sample_rate_hz=int(values["rate"]),
    )


class Session:
    """A board on a port. A context manager; at the end the port is closed and the bit rate is back at the default.

    Raises:
        DeviceError: in every method, for silence, nonsense, or firmware other than wwtool's.
    """

    def __init__(self, url: str, baud: int = DEFAULT_BAUD) -> None:
        self.link = Link(url, baud)
        self._first_baud = baud
        self._baud = baud
        try:
            self.name = self._synchronise()
        except BaseException:
            self.link.close()
            raise

    def _synchronise(self) -> str:
        """Gets over old answers, a half-sent command or a half-sent block of samples; returns the device's name."""
        self.link.forget_input()
        for attempt in range(_SYNC_ATTEMPTS):
            try:
                if self._echo(f"sync-{secrets.token_hex(3)}"):
                    break
            except DeviceError:
                if attempt + 1 == _SYNC_ATTEMPTS:
                    raise
        else:
            raise self._foreign()
        name = protocol.parse_name(self.link.command("name", _SYNC_TIMEOUT_S).lines)
        if name is None:
            raise self._foreign()
        return name

    def _echo(self, nonce: str) -> bool:
        """Sends a command that no firmware knows; true once an answer quotes it, so that no older answer is left."""
        self.link.write(protocol.encode(nonce))
        answers = 0
        while answers < _MAX_OLD_ANSWERS:
            try:
                lines = self.link.read_lines(protocol.READY, "name", _SYNC_TIMEOUT_S)
            except DeviceError:
                if answers == 0:
                    raise
                return False
            if any(nonce in line for line in lines):
                return True
            answers += 1
        return False

    def _foreign(self) -> DeviceError:
        return DeviceError(
            f"what answers at {self.link.url} does not speak the MLPerf Tiny protocol; check the port, or flash the "
            "board with wwtool flash"
        )

    def info(self) -> DeviceInfo:
        """Returns what runs on the board."""
        reply = self._wwtool_command("ww-info")
        values = protocol.parse_key_values(reply.lines, "info")
        try:
            return _info(values)
        except (KeyError, ValueError) as error:
            raise DeviceError(
                f"{self.link.url} answers ww-info without a usable {error}; its firmware and this wwtool differ in "
                "version: build and flash it again"
            ) from error

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
        events: list[Event] = []
        for line in self._stream(samples, "ww-pcm"):
            event = protocol.parse_event(line)
            if event is not None:
                events.append(event)
        return events

    def features(self, samples: NDArray[np.int16]) -> NDArray[np.int8]:
        """Runs samples through the front end alone; returns features of shape (frames, 40)."""
        frames = [f[1] for line in self._stream(samples, "ww-features") if (f := protocol.parse_features(line))]
        return np.frombuffer(b"".join(frames), dtype=np.int8).reshape(-1, FEATURE_CHANNELS)

    def _stream(self, samples: NDArray[np.int16], command: str) -> list[str]:
        lines: list[str] = []
        data = np.ascontiguousarray(samples, dtype="<i2")
        for start in range(0, len(data), PCM_CHUNK_SAMPLES):
            chunk = data[start : start + PCM_CHUNK_SAMPLES].tobytes()
            question = f"{command} {len(chunk)}"
            self.link.write(protocol.encode(question))
            before = self.link.read_lines(f"ww-pcm-expecting-{len(chunk)}", question)
            if before and protocol.READY in before[-1]:
                reason = next((line for line in before if line.startswith("e-[")), "no reason")
                raise DeviceError(f"{self.link.url} does not take samples: {reason}; flash it with wwtool flash")
            self.link.write(chunk)
            lines += self.link.reply(question).lines
        return lines

    def memory(self) -> Memory:
        """Returns the memory marks."""
        values = self._numbers("memory")
        return Memory(values["stack"], values["overruns"])

    def cycles(self) -> Cycles:
        """Returns the cycle counts."""
        values = self._numbers("cycles")
        return Cycles(values["frontend"], values["invoke"])

    def _numbers(self, kind: str) -> dict[str, int]:
        expected = {"memory": ("stack", "overruns"), "cycles": ("frontend", "invoke")}[kind]
        values = protocol.parse_key_values(self._wwtool_command(f"ww-{kind}").lines, kind)
        try:
            return {key: int(values[key]) for key in expected}
        except (KeyError, ValueError) as error:
            raise DeviceError(f"{self.link.url} answers ww-{kind} without a usable {error}; flash it again") from error

    def set_baud(self, baud: int) -> None:
        """Changes the rate at both ends and makes sure that they still understand each other."""
        self._wwtool_command(f"ww-baud {baud}")
        self.link.set_host_baud(baud)
        self._baud = baud
        self._synchronise()

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
