"""The feature stage: which pools to make of the stores, how they are weighted, and making them on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from wwtool.base.cancellation import Cancellation
from wwtool.base.processes import worker_pool
from wwtool.config import Config
from wwtool.data.negatives import KINDS, SOUND_KINDS
from wwtool.features.pools import Pool, PoolJob, WeightedPool, load_pool, make_pool
from wwtool.features.ready_made import fingerprint_of, open_features
from wwtool.features.recipes import RECIPES
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.pipeline.negatives import hours_of_kinds
from wwtool.training.teachers.teacher import Teacher

_PROCESSES = 2
_CANCEL_CHECK_S = 0.2
_CLEAN = 0.7  # how often a window has hardly any background, in comparison with one that has


def plan_pools(
    stores: dict[str, Any],
    folder: Path,
    config: Config,
    content: str,
    teacher: Teacher | None = None,
    front_end: FrontEnd = DEFAULT_FRONT_END,
) -> list[tuple[PoolJob, float]]:
    """Jobs and sampling weights for the stores there are.

    ``content`` is a hash of what the stores hold. ``teacher`` hears every pool, and alone can make use of recordings
    without a label.
    """
    p, w = config.pools, config.pools.weights
    embedding = teacher.embedding(config.train.teacher) if teacher else None
    unlabelled_hours = p.unlabelled_hours if teacher else 0.0
    shared: dict[str, Any] = {
        name: str(folder / store) if store in stores else None
        for name, store in (
            ("noise", "train/noise"),
            ("rooms", "train/rir"),
            ("babble", _speech(stores)),
            ("lead", _speech(stores)),
            ("simulated_rooms", "train/simulated_rooms"),
        )
    }
    sounds = tuple(str(folder / "train" / name) for name in SOUND_KINDS if f"train/{name}" in stores)
    synthetic = p.positives / (2 if "train/positive" in stores else 1)
    # name, kind, store, amount, weight
    table: list[tuple[str, str, str, float, float]] = [
        ("cut", "positive", "train/positive_cut", p.positives / 2, w.cut),
        ("native", "native", "train/positive", p.native_positives, w.native),
        ("synthetic", "positive", "train/positive_synthetic", synthetic, w.synthetic),
        ("sentences", "negative", "train/sentences", p.sentence_hours, w.sentences),
        ("near", "negative", "train/near_miss", p.near_miss_hours, w.near),
        ("speech", "negative", "train/speech", p.speech_hours, w.speech),
        ("words", "negative", "train/other_words", p.speech_hours, w.words),
        ("sentences_clean", "clean", "train/sentences", p.clean_sentence_hours, w.sentences_clean),
        ("speech_clean", "clean", "train/speech", p.clean_speech_hours, w.speech_clean),
        ("words_clean", "clean", "train/other_words", p.clean_speech_hours, w.words_clean),
        ("noise", "noise", "", p.noise_hours, w.noise),
        *_kinds(config),
        ("unlabelled", "unlabelled", "train/unlabelled", unlabelled_hours, 1.0),
        ("natural", "positive", "train/positive_natural", p.natural_positives, w.natural),
        ("near_natural", "negative", "train/near_natural", p.natural_near_miss_hours, w.near_natural),
        ("words_natural", "negative", "train/words_natural", p.natural_word_hours, w.words_natural),
        ("sentences_natural", "negative", "train/sentences_natural", p.natural_sentence_hours, w.sentences_natural),
    ]  # fmt: skip
    plan = []
    for number, (name, kind, store, amount, weight) in enumerate(table):
        if amount and weight and (store in stores or not store):
            clips, seed = str(folder / store) if store else None, 1000 * config.synth.seed + number
            job = PoolJob(
                name,
                kind,
                clips,
                float(amount),
                seed,
                config.augment,
                sounds=sounds,
                content=content,
                embedding=embedding,
                front_end=front_end,
                **shared,
            )
            plan.append((job, weight))
    return [*plan, *_ready_made(config)]


def _ready_made(config: Config) -> Iterator[tuple[PoolJob, float]]:
    """A pool for each folder of ready-made features. No audio of it is there, so no embedding hears it."""
    p = config.pools
    for number, folder in enumerate(p.features):
        if len(open_features(Path(folder))):
            seed, content = 1000 * config.synth.seed + 500 + number, fingerprint_of(Path(folder))
            name = f"features_{chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}"
            job = PoolJob(name, "ready_made", folder, p.features_hours, seed, config.augment, content=content)
            yield job, p.weights.features / len(p.features)


def _kinds(config: Config) -> Iterator[tuple[str, str, str, float, float]]:
    """Rows of the table for the kinds of negatives."""
    for name, hours in hours_of_kinds(config, dev=False).items():
        kind = "negative" if KINDS.member(name).spoken else "sounds"
        weight = config.negatives[name].weight
        yield name, kind, f"train/{name}", hours, weight
        if KINDS[name].recorded:  # with its own background, as recordings of speech are
            yield f"{name}_clean", "clean", f"train/{name}", hours, _CLEAN * weight


def _speech(stores: dict[str, Any]) -> str:
    return next((n for n in ("train/sentences", "train/speech", "train/other_words") if n in stores), "")


def make_pools(
    plan: list[tuple[PoolJob, float]], folder: Path, advance: Callable[[int, int, str], None], cancel: Cancellation
) -> list[Path]:
    """Makes the pools that are missing, two at a time; returns the files of all in the plan's order.

    Raises:
        CancelledError: somebody has cancelled the job; pools that are half made are given up.
    """
    jobs = [job for job, _ in plan]
    todo = [job for job in jobs if not (folder / f"{job.key}.npz").exists()]
    # The largest first, so that the processes end together.
    todo.sort(key=lambda job: -job.hours_of_work)
    if todo:
        with worker_pool(min(_PROCESSES, len(todo))) as executor:
            pending = {executor.submit(make_pool, job, folder) for job in todo}
            while pending:
                cancel.check()
                finished, pending = wait(pending, _CANCEL_CHECK_S, FIRST_COMPLETED)
                for future in finished:
                    future.result()
                if finished:
                    advance(len(todo) - len(pending), len(todo), "pools of features")
    return [make_pool(job, folder) for job in jobs]


def _load(job: PoolJob, folder: Path) -> Pool:
    return load_pool(folder / f"{job.key}.npz", job.name, job.front_end.geometry)


def load_pools(plan: list[tuple[PoolJob, float]], folder: Path) -> list[WeightedPool]:
    """The pools of a plan, in its order; raises InputError if a file is missing or damaged."""
    loaded = [(job, _load(job, folder), weight) for job, weight in plan]
    return [WeightedPool(replace(p, labelled=RECIPES.member(job.kind).labelled), weight) for job, p, weight in loaded]
