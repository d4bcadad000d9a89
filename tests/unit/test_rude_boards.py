"""Whatever a board does or says: a test of it ends soon, with true values or with one sentence (DeviceError)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rude_boards as rude
from hypothesis import given, settings
from hypothesis import strategies as st
from rude_boards import MANNERS, Board, Clock, Line, Spoilt, plugged
from rude_lies import LIES, SHA256

from wwtool.device import suites
from wwtool.device.session import Session
from wwtool.device.suites import SuiteResult
from wwtool.errors import DeviceError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.pipeline.hil import Expectation, check_device

INPUTS = np.arange(360, dtype=np.int64).astype(np.int8).reshape(3, 3, 40)
SAMPLES = np.zeros(2048, np.int16)
DETECTIONS, PROBABILITIES = [(5, 200)], [(2, 7), (5, 7), (8, 7)]
LONGEST_S = 60.0  # of all questions together, if one of them is not answered
BUILD = Expectation(
    Path(rude.__file__), "esp32s3", b"", SHA256, DetectorConfig(),
    {
        "version": "0.1.0", "phrase": "hey you", "arena_bytes": 400, "state_bytes": 3368, "step_samples": 160,
        "sample_rate_hz": 16000, "input_bytes": 120, "output_bytes": 1, "input_frames": 3,
    },
    rude.FACTS, rude.STACK_LIMIT, rude.INFERENCE_LIMIT_US,
)  # fmt: skip


def conversation() -> list[SuiteResult]:
    """What ``wwtool hil`` asks."""
    with Session(rude.URL) as session:
        check_device(session.info(), BUILD)
        return [
            suites.parity(session, [suites.ParityGroup("g", INPUTS, INPUTS[:, 0, :1])]),
            suites.stream(session, SAMPLES, DETECTIONS, PROBABILITIES),
            suites.latency(session, inference_limit_us=rude.INFERENCE_LIMIT_US, board=rude.FACTS),
            suites.memory(session, rude.STACK_LIMIT, rude.FACTS),
        ]


def faults(results: list[SuiteResult]) -> list[str]:
    return [case.message for result in results for case in result.cases if not case.passed]


def test_a_good_board_passes() -> None:
    with plugged(Line):
        results = conversation()
    assert faults(results) == []
    assert [result.passed for result in results] == [True] * 4
    metrics = {key: value for result in results for key, value in result.metrics.items()}
    assert metrics["inference_us"] == (23604 + 296) / 20
    assert (metrics["inputs"], metrics["detections"], metrics["stack_bytes"]) == (3, 1, 1248)


@pytest.mark.parametrize("name", MANNERS)
def test_manners(name: str) -> None:
    line, said = MANNERS[name]
    with plugged(line) as made:
        if said:
            with pytest.raises(DeviceError, match=said):
                conversation()
            assert made.clock.now - 1000.0 < LONGEST_S
        else:
            assert faults(conversation()) == []


@pytest.mark.parametrize("name", LIES)
def test_lies(name: str) -> None:
    lie, said = LIES[name]
    with plugged(partial(Spoilt, spoil=lambda _, data: lie(data))):
        try:
            messages = faults(conversation())
            assert messages, "it passed"
            text = "\n".join(messages)
        except DeviceError as error:
            text = str(error)
            assert "\n" not in text
    assert text.isprintable() or "\n" in text
    with pytest.raises(DeviceError, match=said):
        raise DeviceError(text)


def _length() -> int:
    with plugged(Line) as line:
        conversation()
    return line.sent


LENGTH = _length()


def outcome(spoil: Any) -> None:
    """It passes with values that can be, or fails in words, and soon."""
    with plugged(partial(Spoilt, spoil=spoil)) as line:
        try:
            results = conversation()
        except DeviceError as error:
            assert str(error).isprintable(), error
            assert len(str(error)) < 1000
        else:
            if all(result.passed for result in results):
                metrics = {key: value for result in results for key, value in result.metrics.items()}
                assert 0 < metrics["stack_bytes"] <= rude.STACK_LIMIT
                assert 0 < metrics["inference_us"] <= rude.INFERENCE_LIMIT_US
                assert (metrics["inputs"], metrics["detections"], metrics["overrun_samples"]) == (3, 1, 0)
            assert all(message.isprintable() for message in faults(results))
        assert line.clock.now - 1000.0 < LONGEST_S


def at(place: int, change: Any) -> Any:
    """Does something to the byte at a place."""

    def spoil(begin: int, data: bytes) -> bytes:
        here = place - begin
        return change(data, here) if 0 <= here < len(data) else data

    return spoil


@settings(deadline=None, max_examples=100)
@given(st.integers(0, LENGTH))
def test_cut_off_anywhere(place: int) -> None:
    outcome(lambda begin, data: data[: max(0, place - begin)])


@settings(deadline=None, max_examples=150)
@given(st.integers(0, LENGTH - 1), st.binary(max_size=4), st.integers(0, 3))
def test_garbage_anywhere(place: int, garbage: bytes, lost: int) -> None:
    outcome(at(place, lambda data, here: data[:here] + garbage + data[here + lost :]))


@settings(deadline=None, max_examples=150)
@given(st.integers(0, LENGTH - 1), st.integers(0, 127))
def test_a_wrong_letter_anywhere(place: int, letter: int) -> None:
    outcome(at(place, lambda data, here: data[:here] + bytes([letter]) + data[here + 1 :]))


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_lines_lost_doubled_and_moved(data: st.DataObject) -> None:
    chance = data.draw(st.randoms(use_true_random=False))

    def spoil(_: int, answer: bytes) -> bytes:
        lines = answer.splitlines(keepends=True)
        if chance.random() < 0.02 and lines:
            place = chance.randrange(len(lines))
            lines[place:place] = [chance.choice(lines)] * chance.randrange(3)
            del lines[chance.randrange(len(lines))]
        return b"".join(lines)

    outcome(spoil)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, LENGTH - 1), st.text("0123456789-.e\x1b[]/ ", min_size=1, max_size=30))
def test_digits_anywhere(place: int, digits: str) -> None:
    outcome(at(place, lambda data, here: data[:here] + digits.encode() * 40 + data[here:]))


def test_the_clock_of_the_tests_is_not_the_computers() -> None:
    clock = Clock()
    line = Line(Board(), clock)
    assert line.read(10) == b""
    assert clock.monotonic() == 1000.05
