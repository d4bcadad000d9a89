"""Random numbers for a part of a batch that several processes share."""

from __future__ import annotations

from typing import Any

import numpy as np


class Portion(np.random.Generator):
    """Draws what a generator would for the whole batch, and keeps the rows of one process: every ``size``-th.

    The first dimension of what is drawn counts windows of the part. Permutations are of the part alone, the same in all
    processes.
    """

    def __init__(self, random: np.random.Generator, rank: int, size: int) -> None:
        super().__init__(random.bit_generator)
        self._rank, self._size = rank, size

    def random(self, size: Any = None, *rest: Any, **more: Any) -> Any:
        return self._own(super().random(self._whole(size), *rest, **more))

    def standard_normal(self, size: Any = None, *rest: Any, **more: Any) -> Any:
        return self._own(super().standard_normal(self._whole(size), *rest, **more))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        return self._own(super().uniform(low, high, self._whole(size)))

    def integers(self, low: Any, high: Any = None, size: Any = None, **more: Any) -> Any:  # type: ignore[override]
        return self._own(super().integers(low, high, self._whole(size), **more))

    def beta(self, a: Any, b: Any, size: Any = None) -> Any:
        return self._own(super().beta(a, b, self._whole(size)))

    def _whole(self, size: Any) -> tuple[int, ...]:
        first, *others = (size,) if isinstance(size, int) else size
        return (first * self._size, *others)

    def _own(self, drawn: Any) -> Any:
        return np.ascontiguousarray(drawn[self._rank :: self._size])
