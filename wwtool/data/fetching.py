"""Fetches the pieces of an offer of the catalogue: packages all at once, files of the web one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from wwtool.base.cancellation import Cancellation
from wwtool.data.catalogue import Piece
from wwtool.data.origins import ORIGINS
from wwtool.data.origins.interface import Errand
from wwtool.data.packing import PACKINGS

_AT_ONCE = 8
_CHECK_S = 0.1

Told = Callable[[int, int | None], None]


def fetch(pieces: Sequence[Piece], errand: Errand) -> list[Path]:
    """Brings the files of pieces into the errand's folder, in their order.

    Raises:
        InputError: a file is not the one that the catalogue means, or there is no space.
        ToolError: a place cannot be reached, or a program that is needed is missing.
        CancelledError: somebody has cancelled.
    """
    count = _Count(pieces, errand.advance)
    stop = Cancellation()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running: dict[int, Future[Path]] = {}
        try:
            for number, piece in enumerate(pieces):
                if ORIGINS.member(piece.origin).runs_beside_others:
                    own = replace(errand, cancel=stop, advance=count.of(number))
                    running[number] = pool.submit(ORIGINS[piece.origin].fetch, piece, own)
            here = {
                number: ORIGINS[piece.origin].fetch(piece, replace(errand, advance=count.of(number)))
                for number, piece in enumerate(pieces)
                if number not in running
            }
            _wait(set(running.values()), errand.cancel)
        except BaseException:
            stop.cancel()
            raise
    return [running[number].result() if number in running else here[number] for number in range(len(pieces))]


def unpack(pieces: Sequence[Piece], paths: Sequence[Path], folder: Path) -> None:
    """Takes out of fetched files what the catalogue says, into ``folder``.

    Raises:
        InputError: a file is damaged or lacks a member.
    """
    for piece, path in zip(pieces, paths, strict=True):
        PACKINGS.member(piece.form)(path, piece.take, folder)


def _wait(futures: set[Future[Path]], cancel: Cancellation) -> None:
    while futures:
        cancel.check()
        done, futures = wait(futures, _CHECK_S, FIRST_EXCEPTION)
        for future in done:
            future.result()


class _Count:
    """Adds up the bytes of pieces that are fetched at the same time."""

    def __init__(self, pieces: Sequence[Piece], advance: Told) -> None:
        self._done = [0] * len(pieces)
        self._totals = [piece.bytes for piece in pieces]
        self._advance = advance

    def of(self, number: int) -> Told:
        def advance(done: int, total: int | None) -> None:
            self._done[number], self._totals[number] = done, total or self._totals[number]
            known = [size for size in self._totals if size is not None]
            self._advance(sum(self._done), sum(known) if len(known) == len(self._totals) else None)

        return advance
