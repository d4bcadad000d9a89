"""The beginnings of recordings, read when somebody asks for them, so that they need not fit into memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import overload

from wwtool.data.audio import Audio, read_audio


class Beginnings(Sequence[Audio]):
    """The first ``most_seconds`` of each file. A slice reads at once what it covers."""

    def __init__(self, paths: Sequence[Path], most_seconds: int) -> None:
        self._paths = paths
        self._read = lru_cache(maxsize=32)(partial(read_audio, most_seconds=most_seconds))

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, index: int) -> Audio: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Audio]: ...
    def __getitem__(self, index: int | slice) -> Audio | Sequence[Audio]:
        if isinstance(index, slice):
            return [self._read(path) for path in self._paths[index]]
        return self._read(self._paths[index])
