"""Events as a file: what a job reports can be read back by another program."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.errors import CancelledError, InputError
from wwtool.jobs.event_log import EventLog, read_events


@dataclass(frozen=True)
class Suite:
    name: str
    passed: bool


EVENTS: list[events.Event] = [
    events.JobStarted("train", "hey computer"),
    events.StageStarted("data", "clips"),
    events.StageProgress("data", 3, 10, "recordings"),
    events.Note("voices: a (CC0-1.0)"),
    events.Warning("skipped: a\nb \x1b[31m"),
    events.StageFinished("data", "10 clips", cached=True, seconds=0.25),
    events.Loss("float", 10, 2500, 0.6931, "tcn32"),
    events.Metric("evaluate", "recall clean", 0.993),
    events.JobFinished("train", "done", 12.5),
]


def test_a_log_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.jsonl"
    for part in (EVENTS[:3], EVENTS[3:]):  # a second run continues the file
        with EventLog(path) as log:
            for event in part:
                log(event)
    entries = list(read_events(path))
    expected = [events.Warning("skipped: a\\nb \\x1b[31m") if isinstance(e, events.Warning) else e for e in EVENTS]
    assert [entry.event for entry in entries] == expected
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)
    first = json.loads(path.read_text().splitlines()[0])
    assert (first["schema"], first["version"], first["event"]) == ("wwtool.event", 1, "job_started")


def test_a_result_is_written_as_its_fields(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log") as log:
        log(events.PartialResult("parity", "suite", Suite("parity", True)))
    [entry] = read_events(tmp_path / "log")
    assert entry.event == events.PartialResult("parity", "suite", {"name": "parity", "passed": True})


def test_a_loss_that_is_no_number(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log") as log:
        log(events.Loss("float", 1, 2, math.nan))
    assert "NaN" not in (tmp_path / "log").read_text()
    [entry] = read_events(tmp_path / "log")
    assert isinstance(entry.event, events.Loss)
    assert math.isnan(entry.event.loss)


def test_a_line_that_is_cut_off_or_of_a_later_kind_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with EventLog(path) as log:
        log(EVENTS[0])
    later = json.dumps({"schema": "wwtool.event", "version": 1, "time": 1.0, "event": "tea_served"})
    path.write_text(path.read_text() + later + "\n" + '{"schema": "wwt')
    assert [entry.event for entry in read_events(path)] == [EVENTS[0]]


@pytest.mark.parametrize("half", ['{"sch', '{"schema": "wwtool.event", "version": 1, "ti', ""])
def test_a_log_that_a_killed_program_has_left_goes_on(tmp_path: Path, half: str) -> None:
    path = tmp_path / "log"
    for event in EVENTS[:2]:
        with EventLog(path) as log:
            log(event)
        with path.open("a") as file:
            file.write(half)
    assert [entry.event for entry in read_events(path)] == EVENTS[:2]


@pytest.mark.parametrize(
    "line",
    ["[]", "3", "{}", '{"schema": "wwtool.event", "version": 2}', "not json",
     '{"schema": "wwtool.event", "version": 1, "time": 1, "event": "loss", "step": "many"}',
     '{"schema": "wwtool.event", "version": 1, "event": "warning", "text": "x"}'],
)  # fmt: skip
def test_a_line_that_is_no_event(tmp_path: Path, line: str) -> None:
    (tmp_path / "log").write_text(line + "\n")
    with pytest.raises(InputError, match="line 1"):
        list(read_events(tmp_path / "log"))


def test_a_log_whose_first_line_is_cut_off_goes_on(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"sch')
    for event in EVENTS[:2]:
        with EventLog(tmp_path / "log") as log:
            log(event)
    assert [entry.event for entry in read_events(tmp_path / "log")] == EVENTS[:2]


@pytest.mark.parametrize(
    "content", ["phrase: hey computer\n", '{"schema": "wwtool.manifest"}', '{\n  "schema"', "\0", "{}"]
)
def test_nothing_is_appended_to_what_is_no_log(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match="is not a log of events"), EventLog(path):
        pass
    assert path.read_text() == content


def test_without_an_event_there_is_no_log(tmp_path: Path) -> None:
    with EventLog(tmp_path / "deep" / "log"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the log of a job"):
        list(read_events(tmp_path / "log"))


def test_every_listener_hears_of_every_event_in_order() -> None:
    heard: list[tuple[str, events.Event]] = []
    listener = events.broadcast(lambda e: heard.append(("a", e)), events.ignore, lambda e: heard.append(("b", e)))
    listener(EVENTS[0])
    listener(EVENTS[1])
    assert heard == [("a", EVENTS[0]), ("b", EVENTS[0]), ("a", EVENTS[1]), ("b", EVENTS[1])]


def test_a_job_is_cancelled_from_another_thread() -> None:
    token = Cancellation()
    token.check()
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()
    assert token.cancelled
    with pytest.raises(CancelledError, match="start it again to go on"):
        token.check()
