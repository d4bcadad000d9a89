"""Stage caching: a stage whose inputs have not changed, and whose outputs are as it left them, is not run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wwtool.base.files import hash_of, sha256_of, write_json
from wwtool.base.inside import inside
from wwtool.base.records import read_json
from wwtool.base.seals import is_sealed, seal
from wwtool.errors import InputError

RECORD = "stages.json"
_FIELDS = ("key", "note", "facts", "outputs")
_PURPOSE = "stage"


class Progress(Protocol):
    """What a person sees of a run. Every stage begins once and ends once."""

    def begin(self, stage: str, title: str) -> None: ...

    def advance(self, done: int, total: int, note: str = "") -> None: ...

    def end(self, note: str, cached: bool = False) -> None: ...

    def warn(self, text: str) -> None: ...


class Silent:
    """Progress for nobody."""

    def begin(self, stage: str, title: str) -> None:
        pass

    def advance(self, done: int, total: int, note: str = "") -> None:
        pass

    def end(self, note: str, cached: bool = False) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


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
        progress: told of each.
        root: the folder that outputs lie in, by default ``folder``.
    """

    def __init__(self, folder: Path, progress: Progress, root: Path | None = None) -> None:
        self.folder, self.progress = folder, progress
        self.root = folder if root is None else root

    def run(
        self, stage: str, title: str, inputs: list[Any], work: Callable[[], Outcome], own: bool = False
    ) -> dict[str, Any]:
        """Runs ``work`` unless the stage is done already; returns its facts.

        With ``own``, only a stage that this user has run counts as done: its outputs are programs.

        Raises:
            InputError: an output is not as the record has it, and this user has not made that record.
        """
        key = hash_of(stage, inputs)
        self.progress.begin(stage, title)
        known = self._known(stage, key)
        if known is not None and (known.sealed or not own):
            altered = known.altered()
            if not altered:
                self.progress.end(known.note, cached=True)
                return known.facts
            self._remove(known, altered)
        with self._recorded():
            outcome = work()
        outputs = {path.relative_to(self.root).as_posix(): sha256_of(path) for path in outcome.outputs}
        record = {"key": key, "note": outcome.note, "facts": outcome.facts, "outputs": outputs}
        sealed = {**record, "digest": hash_of(stage, record), "seal": seal(_PURPOSE, [stage, record])}
        write_json(self.folder / RECORD, {**self._records(), stage: sealed})
        self.progress.end(outcome.note)
        return outcome.facts

    def _remove(self, known: _Known, altered: list[Path]) -> None:
        """Removes altered outputs, so that a stage that keeps what is there does not keep these.

        Those of the stages' own folder; the others are whoever's writes them.
        """
        for path in altered:
            if path.exists() and path.is_relative_to(self.folder):
                if not known.sealed:
                    raise InputError(
                        f"{path} is not as {self.folder / RECORD} has it, which this user did not write; remove the "
                        "file, or choose another folder with --out"
                    )
                path.unlink()

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Sees to it that a folder in which a stage has left anything has a record, so that it is known as wwtool's."""
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

    def _known(self, stage: str, key: str) -> _Known | None:
        """What the record says of a stage with these inputs; None if nothing that can be believed."""
        record = self._records().get(stage, {})
        if record.get("key") != key:
            return None
        content = {name: record[name] for name in _FIELDS}
        if record.get("digest") != hash_of(stage, content):  # of another user it may be, but not damaged
            return None
        try:
            outputs = {inside(self.root, name): str(digest) for name, digest in record["outputs"].items()}
            is_own = is_sealed(_PURPOSE, [stage, content], record.get("seal"))
            return _Known(str(record["note"]), dict(record["facts"]), outputs, is_own)
        except (InputError, AttributeError, TypeError, ValueError):
            return None

    def _records(self) -> dict[str, Any]:
        try:
            records = read_json(self.folder / RECORD)
        except InputError:
            return {}
        return {k: r for k, r in records.items() if isinstance(r, dict) and set(_FIELDS) <= r.keys()}


@dataclass(frozen=True)
class _Known:
    """A stage that is done: ``outputs`` with their SHA-256; ``sealed`` by this user."""

    note: str
    facts: dict[str, Any]
    outputs: dict[Path, str]
    sealed: bool

    def altered(self) -> list[Path]:
        """Outputs that are missing or not as the stage left them."""
        return [path for path, digest in self.outputs.items() if not path.is_file() or sha256_of(path) != digest]


def refuse_strangers(folder: Path, names: Sequence[str], record: str = RECORD) -> None:
    """So that nothing is overwritten that only happens to have the name of something that wwtool writes.

    Raises:
        InputError: without ``record`` the folder was not wwtool's yet, and has one of ``names``.
    """
    if not (folder / record).is_file():
        for path in (folder / name for name in names):
            if path.is_symlink() or (any(path.iterdir()) if path.is_dir() else path.exists()):
                raise InputError(f"{path} was not made by wwtool; choose another folder with --out")
