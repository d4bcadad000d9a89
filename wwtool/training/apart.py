"""Trainings that know nothing of each other, side by side: each has a process of its own.

What they share, their pools, lies in files that every process maps into its memory. What a training tells its listener
comes through a file, too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import wait
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from wwtool import events
from wwtool.base.files import write_array
from wwtool.base.processes import cores, worker_pool
from wwtool.base.records import parse_json, read_array
from wwtool.base.temporary import TemporaryFolder
from wwtool.config import TrainConfig
from wwtool.config.augment import SpectrogramConfig
from wwtool.features.pools import Pool, WeightedPool
from wwtool.models.architecture import Architecture
from wwtool.training.loop import train
from wwtool.training.run import Run
from wwtool.training.team.team import team

_CHECK_S = 0.2
_LEAST_STEPS = 300  # of a training; a process takes seconds to begin
_NO_NUMBERS = math.inf, -math.inf  # a gradient may be that long; JSON has no such thing, and the default is "unknown"
_ARRAYS = "features", "starts", "ends", "soft"


@dataclass(frozen=True)
class _Task:
    """A training for another process: what a run holds beside its pools, and the file for its events."""

    folder: Path
    architecture: Architecture
    config: TrainConfig
    fingerprint: str
    spectrogram: SpectrogramConfig
    model: str
    news: Path

    @staticmethod
    def of(run: Run, file: Path) -> _Task:
        return _Task(run.folder, run.architecture, run.config, run.fingerprint, run.spectrogram, run.model, file)

    def run(self, pools: Sequence[WeightedPool], listener: events.Listener) -> Run:
        return Run(
            self.folder, self.architecture, pools, self.config, self.fingerprint, self.spectrogram, self.model, listener
        )


def train_apart(runs: Sequence[Run]) -> None:
    """Trains every run, or goes on where it stopped. All have the same pools; nobody teaches or judges them.

    On a CPU, as many train at once as there are cores. Each ends with the same bytes as by itself. They train one after
    the other on a GPU, in the processes of a team, where they are short, and where an embedding has heard the pools.

    Raises:
        InputError: a checkpoint is damaged, the pools cannot be used, or the system has killed a process.
        CancelledError: the first run was cancelled.
    """
    first = runs[0]
    at_once = min(len(runs), cores() // first.config.threads)
    heard = any(weighted.pool.heard for weighted in first.pools)
    short = first.config.steps < _LEAST_STEPS
    if at_once < 2 or short or heard or team().size > 1 or first.device.type != "cpu":
        for run in runs:
            train(run)
        return
    with TemporaryFolder("apart") as folder, worker_pool(at_once) as executor:
        pools = [_lay_down(weighted, folder / str(number)) for number, weighted in enumerate(first.pools)]
        tasks = [_Task.of(run, folder / f"{number}.events") for number, run in enumerate(runs)]
        pending = {executor.submit(_train, task, pools) for task in tasks}
        news = [read_events(task.news) for task in tasks]
        while pending:
            first.cancel.check()
            finished, pending = wait(pending, _CHECK_S)
            for run, told in zip(runs, news, strict=True):
                for event in next(told):
                    run.listener(event)
            for future in finished:
                future.result()


def _train(task: _Task, pools: Sequence[tuple[Path, dict[str, Any]]]) -> None:
    """In the other process."""
    with task.news.open("w") as file:
        train(task.run([_pick_up(path, facts) for path, facts in pools], partial(write_event, file)))


def write_event(file: TextIO, event: events.Event) -> None:
    """Appends an event to a file."""
    values = {name: value for name, value in asdict(event).items() if value not in _NO_NUMBERS}
    file.write(json.dumps({"event": type(event).__name__, "values": values}) + "\n")
    file.flush()


def read_events(path: Path) -> Iterator[list[events.Event]]:
    """Each time, the events that have come since."""
    place = 0
    while True:
        content = path.read_bytes()[place:] if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        place += len(whole)
        lines = [parse_json(line, str(path)) for line in whole.decode().splitlines()]
        yield [getattr(events, line["event"])(**line["values"]) for line in lines]


def _lay_down(weighted: WeightedPool, path: Path) -> tuple[Path, dict[str, Any]]:
    """Writes the arrays of a pool to files that begin with ``path``; returns what else there is to know."""
    arrays = {name: array for name in _ARRAYS if (array := getattr(weighted.pool, name)) is not None}
    for name, array in arrays.items():
        write_array(path.with_suffix(f".{name}.npy"), array)
    facts = {"name": weighted.pool.name, "labelled": weighted.pool.labelled, "weight": weighted.weight}
    return path, facts | {"arrays": list(arrays)}


def _pick_up(path: Path, facts: dict[str, Any]) -> WeightedPool:
    arrays: dict[str, Any] = {
        name: read_array(path.with_suffix(f".{name}.npy"), mapped=True) for name in facts["arrays"]
    }
    return WeightedPool(Pool(facts["name"], labelled=facts["labelled"], **arrays), facts["weight"])
