"""From phrase and recordings to an evaluated model.tflite, stage by stage, in a run folder."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wwtool import __version__
from wwtool.config import Config
from wwtool.data.dataset import Dataset, index_folder, load_dataset
from wwtool.data.phrases import normalize_phrase
from wwtool.data.split import split_folder
from wwtool.data.store import ClipStore
from wwtool.errors import InputError
from wwtool.evaluation.assess import Evaluation, Material, assess
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite, verify
from wwtool.files import hash_of, write_bytes, write_json
from wwtool.models.zoo import ZOO
from wwtool.pipeline.pools import load_pools, make_pools, plan_pools
from wwtool.pipeline.sources import make_stores
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.checkpoint import NAME as CHECKPOINT
from wwtool.training.checkpoint import load_trained
from wwtool.training.loop import train

MODEL = "model.tflite"
EVALUATION = "evaluation.json"
DATASET = "dataset.json"
_VERIFY_FRAMES = 900
_MOST_WARNINGS = 10


@dataclass(frozen=True)
class RunPlan:
    """What a run is made of."""

    phrase: str
    config: Config
    data: Path | None  # folder or index of recordings
    synthesise: bool


def training_run(stages: Stages, plan: RunPlan) -> dict[str, Any]:
    """Runs data, features, training, export and evaluation; returns the evaluation's facts."""
    folder, config = stages.folder, plan.config
    phrase = normalize_phrase(plan.phrase, config.synth.language) if plan.synthesise else plan.phrase
    dataset = _recordings(stages, plan)
    heard = hash_of([asdict(clip) for clip in dataset.clips]) if dataset else None
    data_inputs = [__version__, phrase, config.synth.model_dump(), plan.synthesise, heard]
    stores = stages.run("data", "clips", data_inputs, lambda: _data(stages, plan, phrase, dataset))
    content = hash_of(data_inputs)
    pools = plan_pools(stores, folder / "clips", config, content)
    keys = [job.key for job, _ in pools]
    stages.run("features", "augmented features", keys, lambda: _features(stages, pools))
    fingerprint = hash_of(
        __version__, keys, [w for _, w in pools], config.train.model_dump(exclude={"device"}), config.model
    )
    facts = stages.run("train", "training", [fingerprint], lambda: _train(stages, pools, config, fingerprint))
    exported = stages.run("export", "INT8 .tflite", [__version__, facts], lambda: _export(stages, pools, phrase))
    evaluate_inputs = [exported, stores, config.detector.model_dump(), config.evaluate.model_dump()]
    return stages.run("evaluate", "streaming evaluation", evaluate_inputs, lambda: _evaluate(stages, stores, config))


def _recordings(stages: Stages, plan: RunPlan) -> Dataset | None:
    """The user's recordings, checked and split; read again only if a file has changed."""
    data = plan.data
    if data is None:
        return None
    split = plan.config.split
    folder, found = index_folder(data, split.speaker_pattern)
    stamps = [(r.path, r.label, r.speaker, r.split, *_stamp(folder / r.path)) for r in found]
    path = stages.folder / DATASET

    def work() -> Outcome:
        def advance(done: int, total: int) -> None:
            stages.progress.advance(done, total, f"recordings {done}/{total}")

        dataset = split_folder(data, split.dev, split.test, split.speaker_pattern, progress=advance)
        dataset.save(path)
        skipped = f", {len(dataset.skipped)} unusable left out" if dataset.skipped else ""
        return Outcome(f"{len(dataset.clips):,} usable{skipped}", {"skipped": dataset.skipped}, (path,))

    facts = stages.run(
        "recordings", "checking recordings", [__version__, str(folder), split.model_dump(), stamps], work
    )
    _warn_of_skipped(stages, facts["skipped"])
    return load_dataset(path, folder)


def _warn_of_skipped(stages: Stages, skipped: list[dict[str, str]]) -> None:
    for entry in skipped[:_MOST_WARNINGS]:
        stages.progress.warn(f"skipped: {entry['reason']}")
    if len(skipped) > _MOST_WARNINGS:
        stages.progress.warn(f"and {len(skipped) - _MOST_WARNINGS} more, listed in {stages.folder / DATASET}")


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change: enough to see that a file is not the one that was read."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _data(stages: Stages, plan: RunPlan, phrase: str, dataset: Dataset | None) -> Outcome:
    clips = stages.folder / "clips"
    summary = make_stores(clips, phrase, plan.config, dataset, plan.synthesise, stages.progress.advance)
    hours = sum(entry["hours"] for entry in summary.values())
    count = sum(entry["clips"] for entry in summary.values())
    files = {clips / f"{name}{end}" for name in summary for end in (".npy", ".bounds.npy")}
    for old in set(clips.glob("*/*.npy")) - files:  # of another phrase, or of recordings that are gone
        old.unlink()
    return Outcome(f"{count:,} clips, {hours:.1f} h", summary, tuple(sorted(files)))


def _features(stages: Stages, pools: list[Any]) -> Outcome:
    paths = make_pools(pools, stages.folder / "pools", stages.progress.advance)
    for old in set((stages.folder / "pools").glob("*.npz")) - set(paths):
        old.unlink()
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    return Outcome(f"{len(paths)} pools, {megabytes:.0f} MB", {"pools": [p.name for p in paths]}, tuple(paths))


def _train(stages: Stages, pools: list[Any], config: Config, fingerprint: str) -> Outcome:
    def report(stage: str, step: int, steps: int, loss: float) -> None:
        stages.progress.advance(step, steps, f"{stage} {step}/{steps}, loss {loss:.3f}")

    loaded = load_pools(pools, stages.folder / "pools")
    net = train(stages.folder, ZOO[config.model], loaded, config.train, fingerprint, report, config.model)
    facts = {"model": config.model, "logit_shift": round(net.logit_shift, 4), "fingerprint": fingerprint}
    parameters = sum(p.numel() for p in net.parameters())
    note = f"{config.model}, {parameters:,} parameters, {config.train.steps} + {config.train.qat_steps} steps"
    return Outcome(note, facts, (stages.folder / CHECKPOINT,))


def _export(stages: Stages, pools: list[Any], phrase: str) -> Outcome:
    net, _ = load_trained(stages.folder)
    model = net.quantized()
    content, outputs = to_tflite(model, f"wwtool: {phrase}")
    # The gate: real features, then values that never occur in audio.
    real = load_pools(pools[:1], stages.folder / "pools")[0].pool.features[:_VERIFY_FRAMES]
    noise = np.random.default_rng(0).integers(-128, 128, (_VERIFY_FRAMES, 40)).astype(np.int8)
    verify(content, model, outputs, np.concatenate([real, noise]))
    path = stages.folder / MODEL
    write_bytes(path, content)
    note = f"{len(content):,} B, {len(outputs)} layers equal to LiteRT's reference kernels"
    return Outcome(note, {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}, (path,))


def material_of(folder: Path, stores: dict[str, Any]) -> Material:
    """What a run's dev split holds."""

    def store(name: str) -> ClipStore | list[Any]:
        return ClipStore(folder / name) if name in stores else []

    positives = store("dev/positive") if "dev/positive" in stores else store("dev/positive_synthetic")
    labels = ("speech", "other_words", "noise", "sentences")
    negatives = {label: store(f"dev/{label}") for label in labels if f"dev/{label}" in stores}
    return Material(positives, negatives, store("dev/noise"), store("dev/near_miss"))


def _evaluate(stages: Stages, stores: dict[str, Any], config: Config) -> Outcome:
    material = material_of(stages.folder / "clips", stores)
    if not len(material.positives) or not material.negatives:
        raise InputError("nothing is left to evaluate on; give more speakers or leave out --no-synth")
    model = StreamingModel((stages.folder / MODEL).read_bytes())
    try:
        result = assess(model, material, config)
    finally:
        model.close()
    write_json(stages.folder / EVALUATION, {"schema": "wwtool.evaluation", "version": 1, **result.as_dict()})
    facts = {k: v for k, v in result.as_dict().items() if k != "curve"}
    return Outcome(evaluation_note(result), facts, (stages.folder / EVALUATION,))


def evaluation_note(result: Evaluation) -> str:
    """The result in a line."""
    recall = ", ".join(f"{value:.1%} {name}" for name, value in result.point.recall.items())
    return f"recall {recall} at {result.point.per_hour:.2f} false alarms an hour ({result.hours:.1f} h)"
