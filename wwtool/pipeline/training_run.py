"""From phrase and recordings to an evaluated model.tflite, stage by stage, in a run folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from wwtool import __version__, events
from wwtool.base.files import write_bytes, write_json
from wwtool.config import Config
from wwtool.data.voices import describe_speakers
from wwtool.evaluation.assess import Evaluation, assess
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.recordings import Recordings
from wwtool.evaluation.streaming import StreamingModel
from wwtool.evaluation.words import rate_words
from wwtool.export.tflite import to_tflite, verify
from wwtool.export.thinning import without_pruned_channels
from wwtool.models.names import architecture_of
from wwtool.models.pretrained import Origin, origin
from wwtool.pipeline.adaptation import FOLDER as ADAPTED
from wwtool.pipeline.adaptation import adapt, prepare_adaptation
from wwtool.pipeline.calibration import NAME as CALIBRATION
from wwtool.pipeline.judging import judge
from wwtool.pipeline.learning_rate import PICTURE, find_rate, with_rate
from wwtool.pipeline.pools import load_pools
from wwtool.pipeline.preparation import CLIPS, DATASET, POOLS, Prepared, RunPlan, prepare, recordings_of, training_of
from wwtool.pipeline.quantization import compare_with_float
from wwtool.pipeline.search import FOLDER, Rung, search
from wwtool.pipeline.stages import RECORD, Outcome, Stages
from wwtool.pipeline.statistics import STATISTICS
from wwtool.pipeline.teaching import TEACHER, Teaching
from wwtool.training.checkpoint import NAME as CHECKPOINT
from wwtool.training.checkpoint import load_trained
from wwtool.training.loop import WINDOWS_SHARE, train
from wwtool.training.pruning import is_pruned
from wwtool.training.selection import BEST
from wwtool.training.teachers import TEACHERS

MODEL = "model.tflite"
EVALUATION = "evaluation.json"
CURVES = ("tensorboard", "wandb")  # folders of trackers
# The names in a run folder that a run writes, and the folders below it.
NAMES = (
    RECORD,
    DATASET,
    STATISTICS,
    CLIPS,
    POOLS,
    TEACHER,
    FOLDER,
    ADAPTED,
    BEST,
    CHECKPOINT,
    PICTURE,
    MODEL,
    EVALUATION,
    CALIBRATION,
)
PLACES = (
    CLIPS,
    f"{CLIPS}/*",
    ADAPTED,
    f"{ADAPTED}/*",
    BEST,
    *CURVES,
    POOLS,
    TEACHER,
    f"{TEACHER}/*",
    FOLDER,
    f"{FOLDER}/*",
)
_VERIFY_FRAMES = 900


@dataclass(frozen=True)
class Imported:
    """A model that others have trained: the names of its file and of the file that says how to detect with it."""

    file: str
    manifest: str


@dataclass(frozen=True)
class Trained:
    """A finished model.

    Attributes:
        model: its name in the zoo, or an imported model's own.
        rungs: of the search for it.
        evaluation: the facts of its evaluation; empty if there was none.
        clips: by store.
        teaching: who taught it.
        detector: when its outputs count as a detection.
        imported: where it comes from, if it was not trained here.
        pretrained: where the weights come from with which the training began, or that of its teacher, if not all were
            drawn.
    """

    model: str
    rungs: list[Rung]
    evaluation: dict[str, Any]
    clips: dict[str, Any]
    teaching: Teaching | None
    detector: DetectorConfig
    few_shot: dict[str, Any] | None = None
    imported: Imported | None = None
    pretrained: Origin | None = None


def training_run(stages: Stages, plan: RunPlan, finalists: Sequence[str]) -> Trained:
    """Runs data, features, training, export and evaluation. A search chooses among several finalists."""
    config, prepared = plan.config, prepare(stages, plan)
    if config.train.optimization.find_rate:
        config = with_rate(config, find_rate(stages, prepared, config, finalists[0]).suggestion)
    model, rungs = search(stages, prepared, config, finalists)
    fingerprint = prepared.fingerprint(config, model)
    facts = stages.run("train", "training", [fingerprint], lambda: _train(stages, prepared, config, model))
    recordings = cache(lambda: recordings_of(stages, prepared, config))  # two stages hear them
    if config.train.quantization.compare:
        compare_with_float(stages, prepared, config, model, facts, recordings)
    folder, adaptation = stages.folder, None
    if prepared.few is not None:
        adaptation = prepare_adaptation(stages, prepared, prepared.few, config)
        facts, folder = adapt(stages, prepared, config, model, adaptation), stages.folder / ADAPTED
    exported = stages.run("export", "INT8 .tflite", [__version__, facts], lambda: _export(stages, prepared, folder))
    settings = [config.detector.model_dump(), config.evaluate.model_dump()]
    shares = {name: kind.share for name, kind in config.negatives.items()}
    inputs = [exported, prepared.stores, *settings, shares, [field.name for field in fields(Evaluation)]]
    work = partial(_evaluate, stages, recordings, config)
    evaluation = stages.run("evaluate", "streaming evaluation", inputs, work)
    stages.report("evaluate", evaluation_figures(evaluation))
    detector, few_shot = DetectorConfig.model_validate(evaluation["detector"]), None
    if adaptation is not None:
        few_shot = judge(stages, prepared, config, model, adaptation, detector)
    return Trained(
        model, rungs, evaluation, prepared.stores, prepared.teaching, detector, few_shot,
        pretrained=_began_with(config, model, prepared),
    )  # fmt: skip


def _began_with(config: Config, model: str, prepared: Prepared) -> Origin | None:
    """The weights that have heard speech: those of the model, or else of its teacher."""
    if not config.train.pretrained:
        return None
    own = origin(architecture_of(model, prepared.front_end))
    if own or not prepared.teaching:
        return own
    return TEACHERS.member(prepared.teaching.name).began_with(config.train.teacher, prepared.front_end)


def _train(stages: Stages, prepared: Prepared, config: Config, model: str) -> Outcome:
    run, shares = training_of(stages, prepared, config, model, stages.folder), list[float]()

    def hear(event: events.Event) -> None:
        if isinstance(event, events.Metric) and event.name == WINDOWS_SHARE:
            shares.append(event.value)

    net = train(replace(run, listener=events.broadcast(run.listener, hear)))
    facts = {"model": model, "logit_shift": round(net.logit_shift, 4), "fingerprint": run.fingerprint}
    parameters = sum(p.numel() for p in net.parameters())
    wanted = config.train.teacher.name != "none" and not prepared.teaching
    taught = ", no teacher ('wwtool doctor' tells how to get one)" if wanted else ""
    steps = " + ".join(str(stage.steps) for stage in run.stages)
    note = f"{model}, {parameters:,} parameters, {steps} steps{taught}"
    if shares:
        note += f", {shares[0]:.0%} of the time waiting for windows"
    return Outcome(note, facts, (stages.folder / CHECKPOINT,))


def _export(stages: Stages, prepared: Prepared, trained: Path) -> Outcome:
    net, _ = load_trained(trained)
    model = net.quantized()
    content, outputs = to_tflite(model, f"wwtool: {prepared.phrase}")
    # The model is proved on real features, then on values that never occur in audio.
    real = load_pools(prepared.pools[:1], stages.folder / POOLS)[0].pool.features[:_VERIFY_FRAMES]
    noise = np.random.default_rng(0).integers(-128, 128, (_VERIFY_FRAMES, model.channels)).astype(np.int8)
    verify(content, model, outputs, np.concatenate([real, noise]))
    content = without_pruned_channels(content) if is_pruned(net) else content
    path = stages.folder / MODEL
    write_bytes(path, content)
    note = f"{len(content):,} B, {len(outputs)} layers equal to LiteRT's reference kernels"
    return Outcome(note, {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}, (path,))


def _evaluate(stages: Stages, recordings: Callable[[], Recordings], config: Config) -> Outcome:
    heard = recordings()
    with closing(StreamingModel((stages.folder / MODEL).read_bytes())) as model:
        result = assess(model, heard.material, config, cancel=stages.cancel, recordings=heard)
    write_json(stages.folder / EVALUATION, {"schema": "wwtool.evaluation", "version": 1, **result.as_dict()})
    facts = {k: v for k, v in result.as_dict().items() if k != "curve"}
    return Outcome(evaluation_note(result), facts, (stages.folder / EVALUATION,))


def evaluation_figures(evaluation: dict[str, Any]) -> dict[str, float]:
    """The main figures of an evaluation's facts, by name."""
    point = evaluation["point"]
    return {
        **{f"recall {condition}": value for condition, value in point["recall"].items()},
        "false alarms per hour": point["per_hour"],
        **(
            {"expected false alarms per hour": expected["interval"][1]}
            if (expected := evaluation.get("expected"))
            else {}
        ),
        "equal error rate": evaluation["equal_error_rate"],
        "partial AUC": evaluation["partial_auc"],
    }


def evaluation_note(result: Evaluation) -> str:
    """The result in a line, which begins with whose voices were measured."""
    recall = ", ".join(f"{value:.1%} {name}" for name, value in result.point.recall.items())
    speakers = describe_speakers(result.voices, result.positives, result.speakers)
    counted = f"recall {recall} at {result.point.per_hour:.2f} false alarms an hour ({result.hours:.1f} h)"
    expected = result.expected
    if expected is None:
        return f"{speakers}: {counted}"
    chance, most = f"{expected.confidence:.0%} chance", rate_words(expected.interval[1])
    kept = "" if result.within_budget else ", OVER THE BUDGET"
    return f"{speakers}: {counted}; other audio: at most {most} an hour with {chance}{kept}"
