"""Which model of the zoo is the most accurate: trains all alike on benchmark recordings, prints what they detect.

    python bench/zoo_accuracy.py AUDIO_DIR WORD [WORD ...] [--steps N] [--out DIR] [--models NAME,NAME] [--write]

AUDIO_DIR is as bench/benchmark_data.py takes it. Data and features of a word are made once and shared by the models.
All have the same seed and the same number of float steps, and a quarter as many steps of fine-tuning. After an
interruption, the same command goes on.

A model's score is its mean recall on recordings of speakers that it was not trained on, over four noise levels and five
budgets of false alarms an hour. Words serve as repetitions: after the means of models and of words are removed, the
rest is noise of training and of the choice of clips. It gives the standard error of a difference. --write puts the
table where `wwtool build` reads it; that needs every candidate of a build, at least, and two words.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from benchmark_data import main as make_data
from scipy.stats import t as student

from wwtool.base.files import write_text
from wwtool.config import Config, parse_config
from wwtool.evaluation.assess import detector_config
from wwtool.evaluation.material import Material, Recording, negative_recording, positive_recording
from wwtool.evaluation.metrics import (
    clip_scores,
    curve,
    equal_error_rate,
    operating_point,
    partial_auc,
    wilson_interval,
)
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.models import accuracy
from wwtool.models.zoo import ZOO
from wwtool.pipeline.preparation import Prepared, RunPlan, material_of, prepare, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.loop import train

# Raise when the code below changes what is measured.
_VERSION = 1
NOISE_DB = {"clean": None, "10 dB": 10.0, "5 dB": 5.0, "0 dB": 0.0}
PER_HOUR = (0.5, 1.0, 2.0, 5.0, 10.0)
_ALL = "{:<8}{:>7}{:>8}{:>17}{:>8}{:>17}{:>7}"
_ROW = "{:<10}{:<8}{:>7}{:>16}{:>14}{:>8}{:>8}{:>9}"


def main(audio: Path, words: list[str], steps: int, out: Path, names: list[str], write: bool) -> None:
    config = parse_config({"train": {"steps": steps, "qat_steps": steps // 4}}, "bench")
    results: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in names}
    for word in words:
        make_data(audio, word, out / "data" / word)
        stages = Stages(out / "run" / word)
        plan = RunPlan(word, config.model_copy(update={"phrase": word}), out / "data" / word, True)
        prepared = prepare(stages, plan)
        heard = Heard(partial(material_of, stages.folder / "clips", prepared.stores, config))
        print(_ROW.format("word", "model", "score", "at 0.5/h: clean", "10 dB", "FA/h", "EER", "pAUC"), flush=True)
        for name in names:
            result = results[name][word] = one(stages, prepared, plan, heard, name)
            recall = result["recall"]
            print(_ROW.format(
                word, name, f"{result['score']:.3f}", f"{recall['clean']:.1%}", f"{recall['10 dB']:.1%}",
                f"{result['per_hour']:.2f}", f"{result['equal_error_rate']:.2%}", f"{result['partial_auc']:.3f}",
            ), flush=True)  # fmt: skip
    if len(words) < 2:
        return
    scores = np.asarray([[results[name][word]["score"] for word in words] for name in names])
    error, apart = standard_error(scores)
    table = summary(results, scores, error, words, config)
    print("over all words, at 0.5 false alarms an hour:")
    print(_ALL.format("model", "score", "clean", "95 %", "10 dB", "95 %", "FA/h"))
    for name, measured in sorted(table["models"].items(), key=lambda item: -item[1]["score"]):
        cells: list[str] = []
        for value, low, high in (measured["recall"][label] for label in ("clean", "10 dB")):
            cells += [f"{value:.1%}", f"{low:.1%} to {high:.1%}"]
        print(_ALL.format(name, f"{measured['score']:.3f}", *cells, f"{measured['per_hour']:.2f}"))
    print(f"standard error of a difference {error:.3f}; two scores differ with 95 % confidence from {apart:.3f} on")
    if write:
        head = "# How well models of the zoo hear, measured by bench/zoo_accuracy.py, which says what a score is.\n"
        write_text(accuracy.PATH, head + yaml.safe_dump(table, sort_keys=False, default_flow_style=None))


def one(stages: Stages, prepared: Prepared, plan: RunPlan, heard: Heard, name: str) -> dict[str, Any]:
    """Trains and measures one candidate, or finds that done."""
    config, folder = plan.config, stages.folder / "zoo" / name
    fingerprint = prepared.fingerprint(config, name)

    def work() -> Outcome:
        net = train(training_of(stages, prepared, config, name, folder))
        return Outcome("", measure(to_tflite(net.quantized(), name)[0], heard, config), ())

    return stages.run(f"zoo-{name}", name, [fingerprint, _VERSION], work)


class Heard:
    """A word's dev split through the front end: made when first used, once for all candidates."""

    def __init__(self, material: Callable[[], Material]) -> None:
        self._material = material

    @cached_property
    def positives(self) -> dict[str, Recording]:
        material = self._material()
        return {
            label: positive_recording(material.positives, None if level is None else material.noise, level or 0.0)
            for label, level in NOISE_DB.items()
        }

    @cached_property
    def negative(self) -> Recording:
        return negative_recording(self._material().negatives)


def measure(content: bytes, heard: Heard, config: Config) -> dict[str, Any]:
    """The score, and what `wwtool build` reports of a model."""
    model = StreamingModel(content)
    try:
        tracks = {label: recording.track(model) for label, recording in heard.positives.items()}
        negative = heard.negative.track(model)
    finally:
        model.close()
    points = curve(tracks, negative, detector_config(config, model.stride), config.detector.off_ratio)
    recalls = [operating_point(points, rate).recall for rate in PER_HOUR]
    chosen = operating_point(points, config.evaluate.false_alarms_per_hour)
    clips = clip_scores(tracks["clean"], 5), clip_scores(negative, 5)
    return {
        "score": float(np.mean([list(recall.values()) for recall in recalls])),
        "recall": chosen.recall,
        "per_hour": chosen.per_hour,
        "equal_error_rate": equal_error_rate(*clips),
        "partial_auc": partial_auc(*clips),
        "positives": len(heard.positives["clean"].labels),
        "hours": negative.hours,
    }


def standard_error(scores: np.ndarray) -> tuple[float, float]:
    """Of a difference of two means of (models, words), and the least difference that is significant (95 %)."""
    candidates, words = scores.shape
    rest = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    freedom = (candidates - 1) * (words - 1)
    error = float(np.sqrt(2.0 / words * (rest**2).sum() / freedom))
    return error, float(student.ppf(0.975, freedom)) * error


def summary(
    results: dict[str, dict[str, dict[str, Any]]], scores: np.ndarray, error: float, words: list[str], config: Config
) -> dict[str, Any]:
    """The table that `wwtool build` reads."""
    steps, first = config.train.steps, next(iter(results.values()))
    models = "" if list(results) == list(ZOO) else f" --models {','.join(results)}"
    return {
        "measured": date.today().isoformat(),
        "command": f"python bench/zoo_accuracy.py AUDIO_DIR {' '.join(words)} --steps {steps}{models} --write",
        "steps": [steps, config.train.qat_steps],
        "clips": sum(first[word]["positives"] for word in words),
        "hours": round(sum(first[word]["hours"] for word in words), 2),
        "standard_error": round(error, 4),
        "models": {
            name: {
                "score": round(float(row.mean()), 4),
                "by_word": {word: round(float(value), 4) for word, value in zip(words, row, strict=True)},
                "recall": {label: pooled(results[name], label) for label in NOISE_DB},
                "per_hour": round(float(np.mean([results[name][word]["per_hour"] for word in words])), 2),
            }
            for name, row in zip(results, scores, strict=True)
        },
    }


def pooled(by_word: dict[str, dict[str, Any]], label: str) -> list[float]:
    """Recall in one condition over all words, and its 95 % interval."""
    trials = sum(result["positives"] for result in by_word.values())
    detected = round(sum(result["recall"][label] * result["positives"] for result in by_word.values()))
    return [round(value, 4) for value in (detected / trials, *wilson_interval(detected, trials))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("words", nargs="+")
    parser.add_argument("--steps", type=int, default=Config().train.steps)
    parser.add_argument("--out", type=Path, default=Path("build/zoo"))
    parser.add_argument("--models", default=",".join(ZOO))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    names = given.models.split(",")
    if given.write and (len(given.words) < 2 or not set(ZOO) <= set(names)):
        parser.error("--write needs every candidate of a build and at least two words")
    main(given.audio, given.words, given.steps, given.out, names, given.write)
