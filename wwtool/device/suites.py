"""The hardware-in-the-loop suites: what a board must show before it is called working.

A suite takes a session and what the host expects, and returns a :class:`SuiteResult`. It knows nothing of models,
compilers or files. A disagreement is a failed case; a device that goes silent raises DeviceError.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wwtool.device.protocol import Event
from wwtool.device.session import Session
from wwtool.errors import UsageError

_SECOND_OF_SAMPLES = 16000
_STACK_SLACK_BYTES = 256  # an interrupt may come at the deepest moment for the first time


@dataclass(frozen=True)
class Case:
    """One check: ``message`` says what disagreed, and is empty if it passed."""

    name: str
    passed: bool
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class SuiteResult:
    """The checks of one suite and what it measured."""

    suite: str
    cases: tuple[Case, ...]
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True if every case passed."""
        return all(case.passed for case in self.cases)


@dataclass(frozen=True)
class ParityGroup:
    """Inputs of shape (n, ...) int8, and the bytes of the outputs the host computed, of shape (n, ...), 8 bits each.

    ``carry_state``: the host did not reset the model between the rows.
    """

    name: str
    inputs: NDArray[np.int8]
    outputs: NDArray[np.int8] | NDArray[np.uint8]
    carry_state: bool = False


def _timed_case(name: str, since: float, message: str) -> Case:
    return Case(name, not message, message, time.monotonic() - since)


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
            if got != expected.tobytes():
                wrong.append(f"input {number}: device {got[:16].hex()}, host {expected.tobytes()[:16].hex()}")
        message = f"{len(wrong)} of {len(group.inputs)} differ; {wrong[0]}" if wrong else ""
        cases.append(_timed_case(group.name, since, message))
    return SuiteResult("parity", tuple(cases), {"inputs": float(compared)})


def _compare(got: list[tuple[int, int]], expected: Sequence[tuple[int, int]], what: str) -> str:
    """Returns the first disagreement of two lists of (frame, probability), or nothing."""
    for number, (a, b) in enumerate(zip(got, expected, strict=False)):
        if a != b:
            return f"{what} {number}: device frame {a[0]} p {a[1]}, host frame {b[0]} p {b[1]}"
    if len(got) != len(expected):
        return f"{len(got)} {what}s on the device, {len(expected)} on the host"
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
    found = _of_kind(events, "detection")
    cases = [_timed_case("detections", since, _compare(found, detections, "detection"))]
    if probabilities is not None:
        message = _compare(_of_kind(events, "prob"), probabilities, "probability")
        cases.append(_timed_case("probabilities", since, message))
    metrics = {"audio_s": len(samples) / _SECOND_OF_SAMPLES, "detections": float(len(found))}
    return SuiteResult("stream", tuple(cases), metrics)


def latency(
    session: Session, iterations: int = 20, warmup: int = 2, inference_limit_us: float | None = None
) -> SuiteResult:
    """Measures one inference and one feature frame; on an emulator in its cycles, XIP waits not included.

    The case passes if the device keeps time, and stays below the limit if there is one.
    """
    since = time.monotonic()
    info = session.info()
    session.reset()
    session.features(np.zeros(_SECOND_OF_SAMPLES // 10, dtype=np.int16))
    session.load_input(bytes(info.input_bytes))
    timing = session.infer(iterations, warmup)
    cycles = session.cycles()
    message = ""
    if inference_limit_us is not None and timing.latency_us > inference_limit_us:
        message = f"an inference takes {timing.latency_us:.0f} us, the limit is {inference_limit_us:.0f} us"
    metrics = {
        "inference_us": timing.latency_us,
        "inference_cycles": float(cycles.invoke),
        "frontend_cycles": float(cycles.frontend),
        "iterations": float(iterations),
    }
    return SuiteResult("latency", (_timed_case("inference", since, message),), metrics)


def memory(session: Session, stack_limit_bytes: int | None = None) -> SuiteResult:
    """Works the device through a second of audio and reads its marks: stack within the limit, no sample lost."""
    since = time.monotonic()
    session.reset()
    session.stream_pcm(np.zeros(_SECOND_OF_SAMPLES, dtype=np.int16))
    marks = session.memory()
    stack = ""
    if stack_limit_bytes is not None and marks.stack_bytes > stack_limit_bytes:
        stack = f"the stack grew to {marks.stack_bytes} bytes of {stack_limit_bytes}"
    overruns = f"{marks.overrun_samples} microphone samples were lost" if marks.overrun_samples else ""
    cases = (_timed_case("stack", since, stack), _timed_case("overruns", since, overruns))
    metrics = {"stack_bytes": float(marks.stack_bytes), "overrun_samples": float(marks.overrun_samples)}
    return SuiteResult("memory", cases, metrics)


def soak(
    session: Session, samples: NDArray[np.int16], detections: Sequence[tuple[int, int]], seconds: float
) -> SuiteResult:
    """Streams the same audio again and again: the same detections every time, no stack growth, no restart."""
    since = time.monotonic()
    rounds = 0
    message = ""
    session.reset()
    session.stream_pcm(samples)  # the first round may still deepen the stack
    stack_bytes = session.memory().stack_bytes
    while not message and (rounds == 0 or time.monotonic() - since < seconds):
        session.reset()
        message = _compare(_of_kind(session.stream_pcm(samples), "detection"), detections, "detection")
        grown = session.memory().stack_bytes
        if not message and not stack_bytes <= grown <= stack_bytes + _STACK_SLACK_BYTES:
            message = f"the stack mark moved from {stack_bytes} to {grown} bytes"  # it fell: the device restarted
        message = message and f"round {rounds}: {message}"
        rounds += 1
    return SuiteResult("soak", (_timed_case("repeat", since, message),), {"rounds": float(rounds)})
