"""What all jobs share: requests, and the events at their beginning and end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict

from wwtool import events
from wwtool.errors import CancelledError


class Request(BaseModel):
    """What a head asks of a job. Every field says what it is; help texts and forms are made of that."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def help_of(request: type[Request], field: str) -> str:
    """The description of a request's field."""
    return request.model_fields[field].description or ""


@contextmanager
def reported(job: str, subject: str, listener: events.Listener) -> Iterator[None]:
    """Reports that a job begins, and how it has ended."""
    start = time.monotonic()
    listener(events.JobStarted(job, subject))
    try:
        yield
    except BaseException as error:
        message = str(error) or type(error).__name__
        listener(events.JobFinished(job, _outcome(error), time.monotonic() - start, message))
        raise
    listener(events.JobFinished(job, "done", time.monotonic() - start))


def _outcome(error: BaseException) -> str:
    if isinstance(error, CancelledError):
        return "cancelled"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
