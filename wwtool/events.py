"""What happens while a job runs, as plain data: a terminal, a web page and a log file show the same run from these.

Nothing of wwtool is imported here, so every room can report. A listener is called in the thread of the job, one event
after the other; what it raises ends the job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Something happened. Every event of wwtool is one of the classes below."""


Listener = Callable[[Event], None]
"""Told of every event of a job, in order."""


@dataclass(frozen=True)
class JobStarted(Event):
    """A job begins: ``job`` is its name, such as "build", and ``subject`` what it works on, in a few words."""

    job: str
    subject: str = ""


@dataclass(frozen=True)
class JobFinished(Event):
    """A job has ended after ``seconds``. ``outcome`` is "done", "failed", "cancelled" or "interrupted".

    ``message`` says why a job failed; it is empty otherwise.
    """

    job: str
    outcome: str
    seconds: float
    message: str = ""


@dataclass(frozen=True)
class StageStarted(Event):
    """A stage of a job begins. Every stage that starts and does not fail also finishes."""

    stage: str
    title: str


@dataclass(frozen=True)
class StageFinished(Event):
    """A stage has finished after ``seconds``. ``note`` is its result in a line.

    ``cached`` says that its inputs had not changed, so that it did not run again.
    """

    stage: str
    note: str
    cached: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class StageProgress(Event):
    """``done`` of ``total`` parts of a stage are finished; ``what`` names the parts, such as "recordings"."""

    stage: str
    done: int
    total: int
    what: str = ""


@dataclass(frozen=True)
class Activity(Event):
    """What a stage is doing now, in a few words, where its parts cannot be counted."""

    stage: str
    text: str


@dataclass(frozen=True)
class Loss(Event):
    """The loss of a training batch at ``step`` of ``steps``. ``stage`` is the stage of the training, such as "float".

    ``model`` is the model that trains. ``learning_rate`` is that of the step, ``gradient_norm`` the length of its
    gradient before it was shortened; both are 0 where nobody knows.
    """

    stage: str
    step: int
    steps: int
    loss: float
    model: str = ""
    learning_rate: float = 0.0
    gradient_norm: float = 0.0


@dataclass(frozen=True)
class Metric(Event):
    """A figure that a stage has measured, such as "recall clean" or "false alarms per hour".

    ``step`` is the step of the training at which it was measured; 0: after it.
    """

    stage: str
    name: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class PartialResult(Event):
    """A part of the job's result that is known before the job ends, such as the results of one test suite.

    ``name`` says what it is, such as "budget"; ``value`` is the dataclass itself.
    """

    stage: str
    name: str
    value: object


@dataclass(frozen=True)
class Note(Event):
    """Something that a person should know before the job goes on, such as whose licences bind its results."""

    text: str


@dataclass(frozen=True)
class Warning(Event):
    """Something that a person should know although the job goes on."""

    text: str


def ignore(event: Event) -> None:
    """A listener that does nothing."""


def broadcast(*listeners: Listener) -> Listener:
    """A listener that passes every event to each of ``listeners``, in their order."""

    def tell_all(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell_all
