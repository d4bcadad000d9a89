"""Successive halving: finalists train side by side on the user's data, and at every rung the worse half drops out.

Each finalist trains in its folder below ``search`` and goes on where it stopped. The winner's training becomes the
run's, which goes on from there, so the result is the same as if the winner had trained alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from wwtool import __version__
from wwtool.base.files import write_bytes
from wwtool.config import Config
from wwtool.data.voices import describe_speakers
from wwtool.evaluation.assess import assess
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.pipeline.preparation import CLIPS, Prepared, material_of, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.checkpoint import NAME as CHECKPOINT
from wwtool.training.checkpoint import load_checkpoint
from wwtool.training.loop import train_until

FOLDER = "search"
RUNGS = (0.25, 0.5, 0.75)  # of the float training


@dataclass(frozen=True)
class Score:
    """A finalist at a rung: its mean recall, or 0 if it exceeds the false-alarm budget. Partial AUC decides ties."""

    recall: float
    partial_auc: float

    @property
    def order(self) -> tuple[float, float]:
        return self.recall, self.partial_auc


@dataclass(frozen=True)
class Rung:
    """The finalists' ``scores`` after ``steps``, and the finalists that were ``kept``, best first."""

    steps: int
    scores: dict[str, Score]
    kept: tuple[str, ...]


def halve(
    finalists: Sequence[str], steps: Sequence[int], score: Callable[[Sequence[str], int], dict[str, Score]]
) -> list[Rung]:
    """Scores at each of ``steps`` and keeps the better half; at the last, only the best. Equals keep their order."""
    rungs: list[Rung] = []
    names = list(finalists)
    for number, step in enumerate(steps, 1):
        if len(names) == 1:
            break
        scores = score(names, step)
        ranked = sorted(names, key=lambda name: scores[name].order, reverse=True)
        names = ranked[: 1 if number == len(steps) else (len(names) + 1) // 2]
        rungs.append(Rung(step, scores, tuple(names)))
    return rungs


def search(stages: Stages, prepared: Prepared, config: Config, finalists: Sequence[str]) -> tuple[str, list[Rung]]:
    """The best of the finalists, whose checkpoint is left for the run's training, and the rungs."""
    steps = [max(1, round(share * config.train.steps)) for share in RUNGS]

    def score(names: Sequence[str], step: int) -> dict[str, Score]:
        trained = {name: _train(stages, prepared, config, name, step) for name in names}
        return _score(stages, prepared, config, trained, step)

    rungs = halve(finalists, steps, score)
    if not rungs:
        return finalists[0], []
    winner = rungs[-1].kept[0]
    _hand_over(stages, winner, prepared.fingerprint(config, winner))
    return winner, rungs


def _train(stages: Stages, prepared: Prepared, config: Config, name: str, step: int) -> dict[str, Any]:
    """Trains a finalist up to ``step`` and writes the .tflite that it is then."""
    folder, fingerprint = stages.folder / FOLDER / name, prepared.fingerprint(config, name)
    path = folder / f"{step}.tflite"

    def work() -> Outcome:
        net = train_until(training_of(stages, prepared, config, name, folder), step)
        content, _ = to_tflite(net.quantized(), name)
        write_bytes(path, content)
        return Outcome(f"{name}, {step} of {config.train.steps} steps", {"bytes": len(content)}, (path,))

    stages.run(f"{name}@{step}", f"training {name}", [__version__, fingerprint, step], work)
    return {"path": str(path.relative_to(stages.folder)), "fingerprint": fingerprint}


def _score(
    stages: Stages, prepared: Prepared, config: Config, trained: dict[str, dict[str, Any]], step: int
) -> dict[str, Score]:
    """Evaluates the finalists at a rung in streaming form, like the finished model later."""

    def work() -> Outcome:
        material = material_of(stages.folder / CLIPS, prepared.stores, config)
        scores = {}
        for done, (name, entry) in enumerate(trained.items()):
            stages.advance(done, len(trained), f"evaluating {name}")
            with closing(StreamingModel((stages.folder / entry["path"]).read_bytes())) as model:
                result = assess(model, material, config, cancel=stages.cancel)
            recall = list(result.point.recall.values())
            scores[name] = Score(sum(recall) / len(recall) if result.within_budget else 0.0, result.partial_auc)
        voices = describe_speakers(material.speakers.voices, len(material.positives), material.speakers.count)
        note = ", ".join(f"{name} {score.recall:.1%}" for name, score in scores.items())
        facts = {name: asdict(score) for name, score in scores.items()}
        return Outcome(f"after {step} steps, {voices}: {note}", facts, ())

    inputs = [__version__, trained, prepared.stores, config.detector.model_dump(), config.evaluate.model_dump()]
    stage = f"rung@{step}"
    facts = stages.run(stage, "comparing the finalists", inputs, work)
    stages.report(stage, {f"recall {name}": facts[name]["recall"] for name in trained})
    return {name: Score(**facts[name]) for name in trained}


def _hand_over(stages: Stages, name: str, fingerprint: str) -> None:
    """Makes the winner's checkpoint the run's, unless the run's is one of the same training already."""
    present = load_checkpoint(stages.folder)
    source = stages.folder / FOLDER / name / CHECKPOINT
    if source.exists() and (present is None or present[0].fingerprint != fingerprint):
        write_bytes(stages.folder / CHECKPOINT, source.read_bytes())
