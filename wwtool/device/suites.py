"""The hardware-in-the-loop suites: what a board must show before it is called working.

A suite takes a session and the host's expectations, and returns a :class:`SuiteResult`. It knows nothing of models,
compilers or files. A disagreement is a failed case, and so is an impossible value. A silent device raises DeviceError.
A case that could not be checked has not passed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wwtool.base.cancellation import Cancellation
from wwtool.base.text import counted
from wwtool.device.plausible import BoardFacts, duty_fault, stack_fault, timing_fault
from wwtool.device.protocol import Event
from wwtool.device.session import DeviceInfo, Session
from wwtool.errors import DeviceError, UsageError
from wwtool.frontend.geometry import SAMPLE_RATE_HZ

UNKNOWN = BoardFacts()
_TENTH_OF_SAMPLES = SAMPLE_RATE_HZ // 10
_STACK_SLACK_BYTES = 256  # an interrupt may come at the deepest moment for the first time


@dataclass(frozen=True)
class Case:
    """One check. ``message`` says what disagrees, or why the check was not made; it is empty if the check passed."""

    name: str
    passed: bool
    message: str = ""
    seconds: float = 0.0
    checked: bool = True


@dataclass(frozen=True)
class SuiteResult:
    """The checks of one suite and what it measured."""

    suite: str
    cases: tuple[Case, ...]
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True if every case that was checked passed, and there was one."""
        checked = [case for case in self.cases if case.checked]
        return bool(checked) and all(case.passed for case in checked)


@dataclass(frozen=True)
class ParityGroup:
    """Inputs of shape (n, ...) int8, and the host's outputs for them, of shape (n, ...) with 8 bits each.

    ``carry_state``: the host did not reset the model between the rows.
    """

    name: str
    inputs: NDArray[np.int8]
    outputs: NDArray[np.int8] | NDArray[np.uint8]
    carry_state: bool = False


def _timed_case(name: str, since: float, message: str) -> Case:
    return Case(name, not message, message, time.monotonic() - since)


def not_checked(name: str, why: str) -> Case:
    """A check that could not be made, with the reason."""
    return Case(name, False, why, checked=False)


def parity(session: Session, groups: Sequence[ParityGroup]) -> SuiteResult:
    """The device's output bytes equal the host's for every input."""
    cases = []
    compared = 0
    for group in groups:
        if len(group.inputs) != len(group.outputs) or group.outputs.dtype.itemsize != 1:
            raise UsageError(f"parity group '{group.name}' needs one output of 8-bit values for each input")
        since = time.monotonic()
        wrong: list[str] = []
        session.reset()
        for number, (row, expected) in enumerate(zip(group.inputs, group.outputs, strict=True)):
            if not group.carry_state:
                session.reset()
            session.load_input(row)
            session.infer(1, 0)
            got = session.output()
            compared += 1
            if len(got) != len(expected.tobytes()):
                raise DeviceError(
                    f"an output of {len(got)} bytes came for input {number} of {group.name}, the model's has "
                    f"{len(expected.tobytes())}; flash the board again"
                )
            if got != expected.tobytes():
                wrong.append(f"input {number}: device {got[:16].hex()}, host {expected.tobytes()[:16].hex()}")
        message = f"{len(wrong)} of {len(group.inputs)} differ; {wrong[0]}" if wrong else ""
        compares = len(group.inputs) > 0
        cases.append(
            _timed_case(group.name, since, message) if compares else not_checked(group.name, "it has no inputs")
        )
    return SuiteResult("parity", tuple(cases), {"inputs": float(compared)})


def _compare(got: list[tuple[int, int]], expected: Sequence[tuple[int, int]], what: str) -> str:
    """The first disagreement of two lists of (frame, probability); "" if there is none."""
    for number, (a, b) in enumerate(zip(got, expected, strict=False)):
        if a != b:
            return f"{what} {number}: device frame {a[0]} p {a[1]}, host frame {b[0]} p {b[1]}"
    if len(got) != len(expected):
        return f"{counted(len(got), what)} on the device, {len(expected)} on the host"
    return ""


def _of_kind(events: list[Event], kind: str) -> list[tuple[int, int]]:
    return [(event.frame, event.probability) for event in events if event.kind == kind]


def stream(
    session: Session,
    samples: NDArray[np.int16],
    detections: Sequence[tuple[int, int]],
    probabilities: Sequence[tuple[int, int]] | None = None,
) -> SuiteResult:
    """Samples sent over the port give the same detections at the same feature frame as on the host.

    Args:
        session: the board.
        samples: 16 kHz mono.
        detections: (frame, probability 0 to 255) of each detection on the host.
        probabilities: the same for every inference; not compared if None.
    """
    since = time.monotonic()
    session.reset()
    session.show_probabilities(probabilities is not None)
    events = session.stream_pcm(samples)
    session.show_probabilities(False)
    detected = _of_kind(events, "detection")
    messages = {"detections": _compare(detected, detections, "detection")}
    if probabilities is not None:
        messages["probabilities"] = _compare(_of_kind(events, "prob"), probabilities, "probability")
    cases = tuple(_timed_case(name, since, message) for name, message in messages.items())
    if probabilities is not None and len(probabilities) == 0 and not events:
        cases = tuple(not_checked(name, "the recording is too short for an inference") for name in messages)
    metrics = {"audio_s": len(samples) / SAMPLE_RATE_HZ, "detections": float(len(detected))}
    return SuiteResult("stream", cases, metrics)


def latency(
    session: Session, iterations: int = 20, warmup: int = 2, inference_limit_us: float | None = None,
    board: BoardFacts = UNKNOWN,
) -> SuiteResult:  # fmt: skip
    """Measures one inference and one feature frame; on an emulator in its cycles, XIP waits not included.

    The device's times must be possible, and stay below the limit if there is one, and so must its core's load.
    """
    since = time.monotonic()
    info = session.info()
    session.reset()
    frames = session.features(np.zeros(_TENTH_OF_SAMPLES, dtype=np.int16), _channels(info, board))
    expected = _frames_of_a_tenth(info, board)
    if board.clock_hz is not None and len(frames) not in expected:  # it is to count the cycles of the last
        raise DeviceError(
            f"the device makes {len(frames)} feature frames of {_TENTH_OF_SAMPLES} samples, not {expected[0]}; "
            "flash it again"
        )
    session.load_input(bytes(info.input_bytes))
    timing = session.infer(iterations, warmup)
    cycles = session.cycles()
    cases = [_timed_case("inference", since, timing_fault(timing, cycles, board))]
    if inference_limit_us is None:
        cases.append(not_checked("limit", "without --build there is no limit for an inference"))
    else:
        slow = timing.latency_us > inference_limit_us
        over = f"an inference takes {timing.latency_us:.0f} us, the limit is {inference_limit_us:.0f} us"
        cases.append(_timed_case("limit", since, over if slow else ""))
    duty = duty_fault(cycles, board)
    if duty is not None:
        cases.append(_timed_case("duty cycle", since, duty))
    metrics = {
        "inference_us": timing.latency_us,
        "inference_cycles": float(cycles.invoke),
        "frontend_cycles": float(cycles.frontend),
        "iterations": float(iterations),
    }
    return SuiteResult("latency", tuple(cases), metrics)


def _channels(info: DeviceInfo, board: BoardFacts) -> int | None:
    """Features of a frame. A model of one frame may as well read something else."""
    if board.geometry is not None:
        return board.geometry.channels
    return info.input_bytes // info.input_frames if info.input_frames > 1 else None


def _frames_of_a_tenth(info: DeviceInfo, board: BoardFacts) -> range:
    """How many feature frames a tenth of a second can give. Without a build, the front end's window is not known."""
    if board.geometry is not None:
        frames = board.geometry.frames_of(_TENTH_OF_SAMPLES)
        return range(frames, frames + 1)
    step = max(info.step_samples, 1)
    return range(_TENTH_OF_SAMPLES // (2 * step), _TENTH_OF_SAMPLES // step + 1)


def memory(session: Session, stack_limit_bytes: int | None = None, board: BoardFacts = UNKNOWN) -> SuiteResult:
    """Streams a second of audio and reads the device's marks: stack within the limit, no sample lost."""
    since = time.monotonic()
    session.reset()
    session.stream_pcm(np.zeros(SAMPLE_RATE_HZ, dtype=np.int16))
    marks = session.memory()
    fault = stack_fault(marks.stack_bytes, stack_limit_bytes, board)
    stack = _timed_case("stack", since, fault)
    if not fault and stack_limit_bytes is None:
        stack = not_checked("stack", "without --build there is no limit for the stack")
    overruns = f"{marks.overrun_samples} microphone samples were lost" if marks.overrun_samples else ""
    metrics = {"stack_bytes": float(marks.stack_bytes), "overrun_samples": float(marks.overrun_samples)}
    return SuiteResult("memory", (stack, _timed_case("overruns", since, overruns)), metrics)


def soak(
    session: Session, samples: NDArray[np.int16], detections: Sequence[tuple[int, int]], seconds: float,
    cancel: Cancellation | None = None,
) -> SuiteResult:  # fmt: skip
    """Streams the same audio again and again: the same detections every time, no stack growth, no restart.

    Raises:
        CancelledError: somebody has cancelled; checked before every round.
    """
    since, cancel = time.monotonic(), cancel or Cancellation()
    rounds = 0
    session.reset()
    session.stream_pcm(samples)  # the first round may still deepen the stack
    stack_bytes = session.memory().stack_bytes
    message = stack_fault(stack_bytes, None, UNKNOWN)
    while not message and (rounds == 0 or time.monotonic() - since < seconds):
        cancel.check()
        session.reset()
        message = _compare(_of_kind(session.stream_pcm(samples), "detection"), detections, "detection")
        grown = session.memory().stack_bytes
        if not message and not stack_bytes <= grown <= stack_bytes + _STACK_SLACK_BYTES:
            message = f"the stack mark moved from {stack_bytes} to {grown} bytes"  # it fell: the device restarted
        message = message and f"round {rounds}: {message}"
        rounds += 1
    return SuiteResult("soak", (_timed_case("repeat", since, message),), {"rounds": float(rounds)})
