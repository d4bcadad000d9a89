"""A token by which one thread asks a job in another to stop."""

from __future__ import annotations

import threading

from wwtool.errors import CancelledError


class Cancellation:
    """A flag that a caller sets once; the job checks it between stages and at every step of a loop.

    Any thread may call any method. A job that is cancelled raises ``CancelledError`` at its next check and leaves its
    folder as Ctrl-C would: run again, it goes on and ends with the same bytes.

    >>> token = Cancellation()
    >>> token.check()
    >>> token.cancel()
    >>> token.cancelled
    True
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Asks the job to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody has asked."""
        return self._event.is_set()

    def check(self) -> None:
        """Returns if nobody has asked the job to stop.

        Raises:
            CancelledError: somebody has asked.
        """
        if self._event.is_set():
            raise CancelledError("the job was cancelled; start it again to go on")
