"""Stage caching: a stage whose inputs have not changed, and whose outputs are as it left them, is not run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.files import hash_of, sha256_of, write_json
from wwtool.base.inside import path_inside
from wwtool.base.records import read_json
from wwtool.base.seals import is_sealed, seal
from wwtool.errors import InputError

RECORD = "stages.json"
_FIELDS = ("key", "note", "facts", "outputs")
_PURPOSE = "stage"
_LEAST_REPORTED_S, _LEAST_SHARE = 1.0, 0.005


@dataclass(frozen=True)
class Outcome:
    """What a stage leaves: a note for people, and JSON-able facts for later stages."""

    note: str
    facts: dict[str, Any]
    outputs: tuple[Path, ...]


class Stages:
    """Runs stages in a folder and remembers them in its ``stages.json``.

    Args:
        folder: where the stages work.
        listener: told of every event.
        cancel: checked before each stage and at each report of progress.
        root: the folder that outputs lie in, by default ``folder``.
    """

    def __init__(
        self, folder: Path, listener: events.Listener = events.ignore, cancel: Cancellation | None = None,
        root: Path | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.tell = folder, listener
        self.cancel = cancel or Cancellation()
        self.root = folder if root is None else root
        self._stage = ""
        self._seconds: dict[str, float] = {}  # of the stages that ran

    def advance(self, done: int, total: int, what: str = "") -> None:
        """Reports that ``done`` of ``total`` parts of the running stage are finished; ``what`` names the parts.

        Raises:
            CancelledError: somebody has cancelled the job.
        """
        self.cancel.check()
        self.tell(events.StageProgress(self._stage, done, total, what))

    def report(self, stage: str, figures: Mapping[str, float]) -> None:
        """Reports figures that a stage has measured, by name."""
        for name, value in figures.items():
            self.tell(events.Metric(stage, name, value))

    def run(
        self, stage: str, title: str, inputs: list[Any], work: Callable[[], Outcome], sealed_only: bool = False
    ) -> dict[str, Any]:
        """Runs ``work`` unless the stage is done already; returns its facts.

        With ``sealed_only``, only a stage that this user has run counts as done: its outputs are programs.

        Raises:
            InputError: an output differs from the record, and this user has not made that record.
            CancelledError: somebody has cancelled the job.
        """
        self.cancel.check()
        key, start = hash_of(stage, inputs), time.monotonic()
        self._stage = stage
        self.tell(events.StageStarted(stage, title))
        done = self._done(stage, key)
        if done is not None and (done.sealed or not sealed_only):
            altered = done.altered()
            if not altered:
                self.tell(events.StageFinished(stage, done.note, True, time.monotonic() - start))
                return done.facts
            self._remove(done, altered)
        with self._recorded():
            outcome = work()
        outputs = {path.relative_to(self.root).as_posix(): sha256_of(path) for path in outcome.outputs}
        record = {"key": key, "note": outcome.note, "facts": outcome.facts, "outputs": outputs}
        sealed = {**record, "digest": hash_of(stage, record), "seal": seal(_PURPOSE, [stage, record])}
        write_json(self.folder / RECORD, {**self._records(), stage: sealed})
        seconds = time.monotonic() - start
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds
        self.tell(events.StageFinished(stage, outcome.note, False, seconds))
        return outcome.facts

    def report_times(self) -> None:
        """Reports which share of the time each stage took that ran, and says it in a line, the longest first."""
        total = sum(self._seconds.values())
        if len(self._seconds) < 2 or total < _LEAST_REPORTED_S:
            return
        shares = {name: seconds / total for name, seconds in self._seconds.items()}
        for name, share in shares.items():
            self.tell(events.Metric(name, "share of time", share))
        ranked = sorted(shares.items(), key=lambda item: -item[1])
        said = ", ".join(f"{name} {share:.0%}" for name, share in ranked if share >= _LEAST_SHARE)
        self.tell(events.Note(f"{total:.0f} s: {said}"))

    def _remove(self, done: _Done, altered: list[Path]) -> None:
        """Removes altered outputs, so that a stage that keeps existing files does not keep these.

        Only those in the stages' own folder; whoever writes the others looks after them.
        """
        for path in altered:
            if path.exists() and path.is_relative_to(self.folder):
                if not done.sealed:
                    raise InputError(
                        f"{path} differs from {self.folder / RECORD}, which this user did not write; remove the file, "
                        "or choose another folder with --out"
                    )
                path.unlink()

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Gives a folder in which a stage leaves anything a record, so that it is recognised as wwtool's."""
        record = self.folder / RECORD
        if record.exists():
            yield
            return
        made = [folder for folder in (self.folder, *self.folder.parents) if not folder.exists()]
        write_json(record, {})
        try:
            yield
        except BaseException:
            with suppress(OSError):
                if [path.name for path in self.folder.iterdir()] == [RECORD]:
                    record.unlink()
                    for folder in made:
                        folder.rmdir()
            raise

    def _done(self, stage: str, key: str) -> _Done | None:
        """The record of a stage with these inputs; None if there is none or it cannot be trusted."""
        record = self._records().get(stage, {})
        if record.get("key") != key:
            return None
        content = {name: record[name] for name in _FIELDS}
        if record.get("digest") != hash_of(stage, content):  # another user may have made it, but it is whole
            return None
        try:
            outputs = {path_inside(self.root, name): str(digest) for name, digest in record["outputs"].items()}
            sealed = is_sealed(_PURPOSE, [stage, content], record.get("seal"))
            return _Done(str(record["note"]), dict(record["facts"]), outputs, sealed)
        except (InputError, AttributeError, TypeError, ValueError):
            return None

    def _records(self) -> dict[str, Any]:
        try:
            records = read_json(self.folder / RECORD)
        except InputError:
            return {}
        return {k: r for k, r in records.items() if isinstance(r, dict) and set(_FIELDS) <= r.keys()}


@dataclass(frozen=True)
class _Done:
    """A stage that is done: ``outputs`` with their SHA-256; ``sealed`` by this user."""

    note: str
    facts: dict[str, Any]
    outputs: dict[Path, str]
    sealed: bool

    def altered(self) -> list[Path]:
        """Outputs that are missing or not as the stage left them."""
        return [path for path, digest in self.outputs.items() if not path.is_file() or sha256_of(path) != digest]


def refuse_strangers(folder: Path, names: Sequence[str], record: str = RECORD) -> None:
    """Refuses a folder in which wwtool would overwrite somebody's files.

    Raises:
        InputError: the folder has no ``record``, so it is not wwtool's yet, and it has one of ``names``.
    """
    if not (folder / record).is_file():
        for path in (folder / name for name in names):
            if path.is_symlink() or (any(path.iterdir()) if path.is_dir() else path.exists()):
                raise InputError(f"{path} was not made by wwtool; choose another folder with --out")
