"""The kinds of negatives of a run: stores ``train/<kind>`` and ``dev/<kind>``, made on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from wwtool.base.processes import worker_pool
from wwtool.config import Config, SynthConfig
from wwtool.config.negatives import KindConfig
from wwtool.data.negatives import KINDS
from wwtool.data.negatives.kind import Order
from wwtool.data.store import ClipStore, write_store
from wwtool.data.texts.ways import heard_ways
from wwtool.data.texts.word_list import read_words
from wwtool.evaluation.kinds import KindFacts, Source

Advance = Callable[[int, int, str], None]

_PROCESSES = 2
_WORTH_PROCESSES_H = 0.3  # processes take longer to start than to make less than this
_LEAST_H = 0.002
_SPEECH = ("sentences", "speech", "other_words")  # what kinds are mixed of: the first of them that there is


@dataclass(frozen=True)
class _Task:
    kind: str
    path: Path
    speech: Path | None
    order: Order


def hours_of_kinds(config: Config, dev: bool) -> dict[str, float]:
    """Hours of each kind; a config with fewer sentences than the default has less of every kind, too."""
    amounts = {name: kind.dev_hours if dev else kind.hours for name, kind in config.negatives.items()}
    return {name: max(_LEAST_H, _scale(config) * hours) for name, hours in amounts.items() if hours}


def natural_clips_of_kinds(config: Config, dev: bool) -> dict[str, int]:
    """How many clips of each kind natural voices say."""
    share = _scale(config) * (0.5 if dev else 1.0)
    return {name: round(kind.natural * share) for name, kind in config.negatives.items()}


def _scale(config: Config) -> float:
    return min(1.0, config.synth.sentence_hours / SynthConfig().sentence_hours)


def kind_facts(name: str, stores: dict[str, Any], config: Config) -> KindFacts:
    """What is known of a kind that a run evaluates on, from its ``stores``."""
    settings, facts = config.negatives.get(name), stores[f"dev/{name}"]
    return KindFacts(
        share=settings.share if settings else config.evaluate.shares.get(name, KindConfig().share),
        trained=f"train/{name}" in stores,
        source=_source(name, facts),
    )


def _source(name: str, facts: dict[str, Any]) -> Source:
    if name not in KINDS:
        return cast(Source, facts.get("voices", "recorded"))
    return "people" if KINDS[name].recorded else "synthetic"


def make_negatives(
    folder: Path, phrase: str, config: Config, synthesise: bool, summary: dict[str, Any], advance: Advance
) -> None:
    """Writes the stores below ``folder`` and adds their clips and hours to ``summary``.

    ``summary``: the stores that are there. Without ``synthesise``, no kind that a voice has to speak is made.
    """
    words = read_words(config.synth.words) if config.synth.words else None
    s, tasks = config.synth, list[_Task]()
    also = heard_ways(phrase, s.language, s.pronunciations) if synthesise else ()
    order = Order(0.0, s.seed, False, phrase, s.language, words, also=also, commands=s.commands)
    for side, dev in (("train", False), ("dev", True)):
        speech, natural = _speech(folder, side, summary), natural_clips_of_kinds(config, dev)
        for name, hours in hours_of_kinds(config, dev).items():
            if synthesise or not KINDS.member(name).voiced:
                ordered = replace(order, hours=hours, evaluation=dev, natural=natural[name])
                tasks.append(_Task(name, folder / side / name, speech, ordered))
    tasks.sort(key=lambda task: -task.order.hours)  # the largest first, so that the processes end together
    made = {}
    for task, (clips, hours) in _results(tasks):
        made[task.path.relative_to(folder).as_posix()] = {"clips": clips, "hours": round(hours, 4)}
        advance(len(made), len(tasks), "kinds of negatives")
    summary |= {name: facts for name, facts in sorted(made.items()) if facts["clips"]}


def _speech(folder: Path, side: str, summary: dict[str, Any]) -> Path | None:
    return next((folder / side / name for name in _SPEECH if f"{side}/{name}" in summary), None)


def _results(tasks: list[_Task]) -> Iterator[tuple[_Task, tuple[int, float]]]:
    if sum(task.order.hours for task in tasks) < _WORTH_PROCESSES_H:
        yield from ((task, _make(task)) for task in tasks)
        return
    with worker_pool(_PROCESSES) as pool:
        futures = {pool.submit(_make, task): task for task in tasks}
        yield from ((futures[future], future.result()) for future in as_completed(futures))


def _make(task: _Task) -> tuple[int, float]:
    """Makes the store of a task; returns its clips and hours."""
    speech = ClipStore(task.speech) if task.speech else ()
    store = write_store(task.path, KINDS.member(task.kind).clips(replace(task.order, speech=speech)))
    return len(store), store.hours
