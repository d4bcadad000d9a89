"""Stage caching: a stage whose inputs have not changed, and whose outputs are as it left them, is not run again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from wwtool.files import hash_of, sha256_of, write_json

RECORD = "stages.json"


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
    """Runs stages in a folder and remembers them in ``stages.json``."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.folder, self.progress = folder, progress

    def run(self, stage: str, title: str, inputs: list[Any], work: Callable[[], Outcome]) -> dict[str, Any]:
        """Runs ``work`` unless the stage is done already; returns its facts."""
        key = hash_of(stage, inputs)
        self.progress.begin(stage, title)
        known = self._records().get(stage, {})
        if known.get("key") == key:
            altered = self._altered(known["outputs"])
            if not altered:
                self.progress.end(known["note"], cached=True)
                return dict(known["facts"])
            for path in altered:  # so that a stage that keeps what is there does not keep these
                path.unlink(missing_ok=True)
        outcome = work()
        outputs = {str(path.relative_to(self.folder)): sha256_of(path) for path in outcome.outputs}
        record = {"key": key, "note": outcome.note, "facts": outcome.facts, "outputs": outputs}
        write_json(self.folder / RECORD, {**self._records(), stage: record})
        self.progress.end(outcome.note)
        return outcome.facts

    def _records(self) -> dict[str, Any]:
        try:
            records = json.loads((self.folder / RECORD).read_text())
        except (OSError, ValueError):
            return {}
        complete = {"key", "note", "facts", "outputs"}
        if not isinstance(records, dict):
            return {}
        return {k: r for k, r in records.items() if isinstance(r, dict) and complete <= r.keys()}

    def _altered(self, outputs: dict[str, str]) -> list[Path]:
        """Outputs that are missing or not as the stage left them."""
        paths = {self.folder / name: digest for name, digest in outputs.items()}
        return [path for path, digest in paths.items() if not path.is_file() or sha256_of(path) != digest]
