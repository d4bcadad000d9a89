"""A job that another thread cancels, again and again, ends with the bytes of one that nobody has cancelled."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import SMALL, emulation_missing

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.errors import CancelledError
from wwtool.jobs.event_log import EventLog, read_events
from wwtool.jobs.train import TrainPlan, TrainRequest, plan, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(emulation_missing()), reason=emulation_missing() or "all is there"),
]

Moment = Callable[[events.Event], bool]


def bytes_of(folder: Path) -> dict[str, str]:
    """Digests of all that a run has made, but for its record, which is sealed with a key and has the versions, and for
    its curves, which have the time.
    """
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "stages.json" and "tensorboard" not in path.parts
    }


def cancelled_at(work: TrainPlan, moment: Moment, log: EventLog) -> None:
    """Runs; another thread cancels as soon as an event is the ``moment``."""
    cancel, reached = Cancellation(), threading.Event()

    def wait_and_cancel() -> None:
        reached.wait(60)
        cancel.cancel()

    thread = threading.Thread(target=wait_and_cancel)
    thread.start()

    def listener(event: events.Event) -> None:
        log(event)
        if moment(event):
            reached.set()
            thread.join()

    with pytest.raises(CancelledError):
        run(work, listener, cancel)
    assert reached.is_set()


def in_stage(name: str) -> Moment:
    return lambda event: isinstance(event, events.StageProgress) and event.stage == name


def at_step(stage: str, step: int) -> Moment:
    return lambda event: isinstance(event, events.Loss) and (event.stage, event.step) == (stage, step)


MOMENTS: tuple[Moment, ...] = (
    in_stage("data"),
    lambda event: isinstance(event, events.StageStarted) and event.stage == "features",
    in_stage("features"),
    at_step("float", 10),
    at_step("float", 30),
    at_step("qat", 10),
)


def test_a_training_is_cancelled_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(SMALL)
    request = TrainRequest(platform="pico", model="tcn32", config=tmp_path / "c.yaml", out=tmp_path / "whole")
    whole = run(plan(request))
    work = plan(request.model_copy(update={"out": tmp_path / "pieces"}))
    with EventLog(tmp_path / "log.jsonl") as log:
        for moment in MOMENTS:
            cancelled_at(work, moment, log)
        result = run(work, log)
    assert result.evaluation == whole.evaluation
    assert bytes_of(tmp_path / "pieces") == bytes_of(tmp_path / "whole")
    told = [entry.event for entry in read_events(tmp_path / "log.jsonl")]
    outcomes = [event.outcome for event in told if isinstance(event, events.JobFinished)]
    assert outcomes == ["cancelled"] * len(MOMENTS) + ["done"]
    losses = [(event.stage, event.step) for event in told if isinstance(event, events.Loss)]
    assert losses[0] == ("float", 10) and losses[-1] == ("qat", 20)
    metrics = {event.name for event in told if isinstance(event, events.Metric)}
    assert metrics >= {"recall clean", "recall noisy", "false alarms per hour", "equal error rate", "partial AUC"}
