"""Lessons that are drawn while the ones before them are learnt: a second core has something to do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

Drawn = TypeVar("Drawn")


class Ahead(Generic[Drawn]):
    """Draws lessons by ``draw``, which takes the number of a step, one step ahead of whoever takes them.

    A lesson depends on nothing but its step and what ``draw`` knows when it begins, so it is the same either way. It
    is a context manager, which ends its thread.
    """

    def __init__(self, draw: Callable[[int], Drawn]) -> None:
        self._draw = draw
        self._thread = ThreadPoolExecutor(1, "lessons")
        self._next: tuple[int, Future[Drawn]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def take(self, step: int, following: bool) -> Drawn:
        """The lesson of a step. ``following``: the next step's may be drawn at once."""
        ready, self._next = self._next, None
        lesson = ready[1].result() if ready and ready[0] == step else self._draw(step)
        if following:
            self._next = step + 1, self._thread.submit(self._draw, step + 1)
        return lesson
