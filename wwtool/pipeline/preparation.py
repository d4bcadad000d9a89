"""The stages before training: they check recordings, gather and synthesise clips, and make pools of features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from wwtool import __version__, events
from wwtool.base.files import hash_of
from wwtool.base.text import printable
from wwtool.config import Config
from wwtool.data.clip_check import ClipCheck, clip_check
from wwtool.data.dataset import Clip, Dataset, index_folder, load_dataset
from wwtool.data.negatives import KINDS, OTHER_KINDS
from wwtool.data.recorded_people import recorded_people
from wwtool.data.rooms import can_simulate
from wwtool.data.speaker_embedding.registry import installed_encoder
from wwtool.data.split import split_folder
from wwtool.data.store import ClipStore
from wwtool.data.texts.phrases import normalize_phrase
from wwtool.data.texts.word_list import read_words
from wwtool.data.voices import Speakers
from wwtool.errors import InputError
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.material import Material
from wwtool.evaluation.recordings import Recordings
from wwtool.features.pools import PoolJob, is_pool
from wwtool.features.ready_made import EVALUATION, FeatureFolder, open_features
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END, front_end_of
from wwtool.models import pretrained
from wwtool.models.names import architecture_of
from wwtool.models.zoo import as_dict
from wwtool.pipeline.natural import natural_inputs
from wwtool.pipeline.negatives import hours_of_kinds, kind_facts, natural_clips_of_kinds
from wwtool.pipeline.phrase_check import CHECKED_STORES, check_recordings, check_store
from wwtool.pipeline.pools import load_pools, make_pools, plan_pools
from wwtool.pipeline.sources import MOST_SECONDS, STORES, WHOLE, make_stores
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.statistics import normalized
from wwtool.pipeline.teaching import Teaching, learn_phrase, listeners_of, taught
from wwtool.pipeline.validation import Validation
from wwtool.pipeline.voices_used import tell_voices
from wwtool.training.run import Listener, Run
from wwtool.training.teachers import chosen_teacher
from wwtool.training.team.team import team

DATASET = "dataset.json"
CLIPS, POOLS = "clips", "pools"
ONE_VOICE = "all recordings of the phrase have one voice, so nothing is known of other people; record others, too"
NEVER_THE_PHRASE = (
    "nobody says the phrase in the recordings; where people say other things in them, a model learns that people do "
    "not say it (one model detected 2 % of people, and 74 % without such recordings): record the phrase, or leave the "
    "recordings out and give them to wwtool evaluate --calibrate"
)
_MOST_WARNINGS = 10
# What the weights do not depend on.
_NOT_OF_WEIGHTS: Any = {
    "device": True, "adapt": True, "trackers": True,
    "quantization": {"compare", "most_drop", "drop_confidence", "allow_drop"},
}  # fmt: skip
_DEV_POSITIVES = ("dev/positive", "dev/positive_natural", "dev/positive_synthetic")  # the best first


@dataclass(frozen=True)
class RunPlan:
    """The inputs of a run. ``data`` is a folder or index of recordings."""

    phrase: str
    config: Config
    data: Path | None
    synthesise: bool


@dataclass(frozen=True)
class Few:
    """Recordings of the phrase that are too few to train on: the finished model is adapted to them."""

    folder: Path
    clips: list[Clip]


@dataclass(frozen=True)
class Prepared:
    """What every candidate is trained on: the clips by store, and the pools of features with their weights.

    ``teaching``: who teaches; None: nobody. ``few``: recordings that the trained model is adapted to.
    ``front_end``: what makes the features.
    """

    stores: dict[str, Any]
    pools: list[tuple[PoolJob, float]]
    phrase: str
    teaching: Teaching | None = None
    few: Few | None = None
    front_end: FrontEnd = DEFAULT_FRONT_END

    def fingerprint(self, config: Config, model: str) -> str:
        """Tells a training run's inputs from another's."""
        keys, weights = [job.key for job, _ in self.pools], [weight for _, weight in self.pools]
        settings = (
            config.train.model_dump(exclude=_NOT_OF_WEIGHTS),
            config.augment.spectrogram.model_dump(),
        )
        taught_by = self.teaching.fingerprint if self.teaching else ""
        architecture = architecture_of(model, self.front_end)
        begun_with = [pretrained.fingerprint(architecture)] if config.train.pretrained else []
        judged_by = [config.detector.model_dump(), config.evaluate.model_dump()] if config.train.selection.every else []
        return hash_of(
            __version__,
            keys,
            weights,
            settings,
            model,
            as_dict(architecture),
            taught_by,
            *judged_by,
            *begun_with,
            *([f"{team().size} processes"] if team().size > 1 else []),  # each adds a batch to a step
        )


def prepare(stages: Stages, plan: RunPlan) -> Prepared:
    """Runs recordings, data, features and teacher."""
    folder, config = stages.folder, plan.config
    teacher = chosen_teacher(config.train.teacher.name)
    phrase = normalize_phrase(plan.phrase, config.synth.language) if plan.synthesise else plan.phrase
    check = clip_check(phrase, config.synth.language)
    dataset = _recordings(stages, plan, check)
    dataset, few = _without_few(dataset, plan)
    recordings = hash_of([asdict(clip) for clip in dataset.clips]) if dataset else None
    words = read_words(config.synth.words) if config.synth.words and plan.synthesise else None
    synth = config.synth.model_dump(exclude={"words"})
    natural = natural_inputs(config.synth) if plan.synthesise else []
    kinds = [amounts(config, dev) for amounts in (hours_of_kinds, natural_clips_of_kinds) for dev in (False, True)]
    rooms = config.augment.rooms if can_simulate() else 0
    listening = [check.recognizers if check and natural else [], installed_encoder() is not None]
    people = [voice.fingerprint for voice in recorded_people()]
    made_of = [__version__, phrase, synth, natural, people, kinds, rooms, plan.synthesise, recordings, listening]
    data_inputs = [*made_of, *([words] if words else [])]
    if plan.synthesise:
        tell_voices(stages, config.synth)
    stores = stages.run("data", "clips", data_inputs, lambda: _data(stages, plan, phrase, dataset, check))
    if "train/unlabelled" in stores and teacher is None:
        stages.tell(events.Warning("recordings without a label are left out: only a teacher (train.teacher) uses them"))
    front_end = front_end_of(config.frontend)
    pools = plan_pools(stores, folder / CLIPS, config, hash_of(data_inputs), teacher, front_end)
    front_end = normalized(stages, config, front_end, pools)
    pools = [(replace(job, front_end=front_end), weight) for job, weight in pools]
    keys = [job.key for job, _ in pools]
    stages.run("features", "augmented features", keys, lambda: _features(stages, pools))
    teaching = learn_phrase(stages, pools, folder / POOLS, config, teacher, front_end) if teacher else None
    return Prepared(stores, pools, phrase, teaching, few, front_end)


def _recordings(stages: Stages, plan: RunPlan, check: ClipCheck | None) -> Dataset | None:
    """The user's recordings, checked and split. They are read again only if a file has changed."""
    data = plan.data
    if data is None:
        return None
    split = plan.config.split
    folder, recordings = index_folder(data, split.speaker_pattern)
    stamps = [(r.path, r.label, r.speaker, r.split, *_stamp(folder / r.path)) for r in recordings]
    path = stages.folder / DATASET

    def work() -> Outcome:
        dataset = split_folder(
            data, split.dev, split.test, split.speaker_pattern,
            progress=lambda done, total: stages.advance(done, total, "recordings"), few=split.few,
        )  # fmt: skip
        if check is not None:
            dataset = check_recordings(dataset, check, split.keep_doubtful, stages.advance)
        dataset = replace(dataset, doubtful=[*dataset.doubtful, *_too_long(dataset)])
        dataset.save(path)
        skipped = f", {len(dataset.skipped)} unusable left out" if dataset.skipped else ""
        doubtful = f", {len(dataset.doubtful)} of them doubtful" if dataset.doubtful else ""
        facts = {**dataset.notes, "voices": dataset.voices}
        return Outcome(f"{len(dataset.clips):,} usable{doubtful}{skipped}", facts, (path,))

    heard_by = [*([check.recognizers, asdict(check.phrase)] if check else []), installed_encoder() is not None]
    inputs = [__version__, str(folder), split.model_dump(), stamps, heard_by]
    facts = stages.run("recordings", "checking recordings", inputs, work)
    _warn(stages, "skipped", facts["skipped"])
    _warn(stages, "doubtful", facts.get("doubtful", []))
    if facts.get("voices") == 1:
        stages.tell(events.Warning(ONE_VOICE))
    dataset = load_dataset(path, folder)
    strangers = {clip.path for clip in dataset.clips} - {recording.path for recording in recordings}
    if strangers:
        raise InputError(
            f"{path} names {printable(min(strangers))}, which is not among the recordings; remove it and run again"
        )
    if not dataset.select("positive") and any(dataset.select(label) for label in ("negative", "hard_negative")):
        stages.tell(events.Warning(NEVER_THE_PHRASE))
    return dataset


def _without_few(dataset: Dataset | None, plan: RunPlan) -> tuple[Dataset | None, Few | None]:
    """The recordings to train on, if any are left, and the few of the phrase that the trained model is adapted to.

    So whoever adds a few recordings to a build without any trains nothing again but the adaptation.
    """
    few = dataset.select("positive", "train") if dataset and plan.synthesise else []
    if dataset is None or not 0 < len(few) <= plan.config.split.few:
        return dataset, None
    paths = {clip.path for clip in few}
    others = [clip for clip in dataset.clips if clip.path not in paths]
    return replace(dataset, clips=others) if others else None, Few(dataset.folder, few)


def _too_long(dataset: Dataset) -> list[dict[str, str]]:
    """Notes on clips of which only the beginning is used."""
    clips = [clip for clip in dataset.clips if clip.seconds > MOST_SECONDS and clip.label not in WHOLE]
    return [
        {
            "path": (name := printable(clip.path)),
            "reason": f"{name} lasts {clip.seconds:.0f} s and its first {MOST_SECONDS} are used; cut it into pieces",
        }
        for clip in clips
    ]


def _warn(stages: Stages, what: str, notes: list[dict[str, str]]) -> None:
    for note in notes[:_MOST_WARNINGS]:
        stages.tell(events.Warning(f"{what}: {note['reason']}"))
    if len(notes) > _MOST_WARNINGS:
        stages.tell(events.Warning(f"and {len(notes) - _MOST_WARNINGS} more, listed in {stages.folder / DATASET}"))


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file: another stamp means that the file has changed."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _data(stages: Stages, plan: RunPlan, phrase: str, dataset: Dataset | None, check: ClipCheck | None) -> Outcome:
    clips = stages.folder / CLIPS
    summary = make_stores(clips, phrase, plan.config, dataset, plan.synthesise, stages.advance)
    for name in summary.keys() & CHECKED_STORES:
        summary[name] |= check_store(clips / name, check, stages.advance)
    hours = sum(entry["hours"] for entry in summary.values())
    count = sum(entry["clips"] for entry in summary.values())
    files = _store_files(clips, summary)
    possible = _store_files(clips, (f"{split}/{name}" for split in ("train", "dev") for name in STORES))
    for old in possible - files:  # of another phrase, or of recordings that are gone
        old.unlink(missing_ok=True)
    return Outcome(f"{count:,} clips, {hours:.1f} h{_heard(summary)}", summary, tuple(sorted(files)))


def _heard(summary: dict[str, Any]) -> str:
    """What was heard in the clips of natural voices, for the stage's note."""
    natural = [summary[name] for name in CHECKED_STORES if name in summary]
    parts = []
    if left_out := sum(facts.get("left_out", 0) for facts in natural):
        parts.append(f"{left_out} left out that do not say the phrase")
    if voices := sum(facts.get("distinct_voices", 0) for facts in natural):
        parts.append(f"{voices:,} different natural voices")
    return "".join(f", {part}" for part in parts)


def _store_files(clips: Path, names: Iterable[str]) -> set[Path]:
    return {clips / f"{name}{end}" for name in names for end in (".npy", ".bounds.npy")}


def _features(stages: Stages, pools: list[Any]) -> Outcome:
    paths = make_pools(pools, stages.folder / POOLS, stages.advance, stages.cancel)
    for old in set((stages.folder / POOLS).glob("*.npz")) - set(paths):
        if is_pool(old):
            old.unlink()
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    return Outcome(f"{len(paths)} pools, {megabytes:.0f} MB", {"pools": [p.name for p in paths]}, tuple(paths))


def material_of(folder: Path, stores: dict[str, Any], config: Config) -> Material:
    """The dev split of a run. If it has no recordings of the phrase, synthetic voices say it, natural ones if possible.

    Raises:
        InputError: no positives or no negatives.
    """

    def store(name: str) -> ClipStore | list[Any]:
        return ClipStore(folder / name) if name in stores else []

    recorded = "dev/positive" in stores
    name = next((n for n in _DEV_POSITIVES if n in stores), "dev/positive_synthetic")
    positives, facts = store(name), stores.get(name, {})
    speakers = Speakers(facts.get("voices", "people" if recorded else "synthetic"), facts.get("speakers"))
    kinds = {name: kind for name, kind in (OTHER_KINDS | KINDS).items() if f"dev/{name}" in stores}
    negatives = {name: store(f"dev/{name}") for name, kind in kinds.items() if kind.counts}
    near_misses = [clip for name, kind in kinds.items() if not kind.counts for clip in store(f"dev/{name}")]
    if not len(positives) or not negatives:
        raise InputError("nothing is left to evaluate on; give more speakers or leave out --no-synth")
    facts_of = {name: kind_facts(name, stores, config) for name in negatives}
    ready_made = _ready_made(config)
    facts_of |= {name: KindFacts(trained=True, source="recorded") for name in ready_made}
    return Material(positives, speakers, negatives, store("dev/noise"), near_misses, facts_of, ready_made)


def recordings_of(stages: Stages, prepared: Prepared, config: Config) -> Recordings:
    """The dev split of a run as features, which are made when they are asked for."""
    material = material_of(stages.folder / CLIPS, prepared.stores, config)
    return Recordings(material, prepared.front_end, stages.cancel)


def _ready_made(config: Config) -> dict[str, FeatureFolder]:
    """The part for evaluation of ready-made features, by the names of their folders."""
    folders = {Path(name).name: open_features(Path(name), EVALUATION) for name in config.pools.features}
    return {name: features for name, features in folders.items() if len(features)}


def _listeners(stages: Stages, prepared: Prepared, config: Config) -> list[Listener]:
    teaching = prepared.teaching
    if teaching is None or not config.train.teacher.weight:
        return []
    return listeners_of(stages, config, teaching, prepared.front_end)


def training_of(stages: Stages, prepared: Prepared, config: Config, model: str, folder: Path) -> Run:
    """The training of a model of the zoo on the prepared pools, with its checkpoint in ``folder``."""
    pools = load_pools(prepared.pools, stages.folder / POOLS)
    if prepared.teaching:
        pools = taught(pools, stages.folder)
    run = Run(
        folder, architecture_of(model, prepared.front_end), pools, config.train,
        prepared.fingerprint(config, model), config.augment.spectrogram, model, stages.tell, stages.cancel,
        listeners=_listeners(stages, prepared, config),
    )  # fmt: skip
    if not config.train.selection.every:
        return run
    recordings = recordings_of(stages, prepared, config)
    return replace(run, judge=Validation(recordings, config, run.device, stages.cancel))
