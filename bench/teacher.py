"""What a teacher is worth: what it detects itself, and what a model detects with and without it.

    python bench/teacher.py AUDIO_DIR WORD [WORD ...] [--teacher NAME] [--model NAME] [--seeds N] [--steps N]
        [--config FILE]

AUDIO_DIR is as bench/benchmark_data.py takes it. No recording of the word is trained on; those of the dev split are
what is to be detected. Recordings of everything else in the train split are negatives of all trainings alike. Data,
features and teacher of a word are made once; every seed trains a model for each way to learn, with a quarter as many
steps of fine-tuning. After an interruption, the same command goes on.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from benchmark_data import main as make_data
from zoo_accuracy import NOISE_DB, Heard, measure

from wwtool.base.files import write_text
from wwtool.config import Config
from wwtool.data.audio import Audio, read_audio
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.material import Material, Recording, negative_recording, positive_recording
from wwtool.evaluation.metrics import Track, curve, operating_point
from wwtool.events import ignore
from wwtool.export.tflite import to_tflite
from wwtool.frontend.front_end import Features, FrontEnd, Pcm
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.jobs.settings import read_config
from wwtool.models.zoo import ZOO
from wwtool.pipeline.preparation import Prepared, RunPlan, material_of, prepare, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.pipeline.teaching import teacher_run
from wwtool.training.loop import train
from wwtool.training.teachers import TEACHERS

# Ways to learn: settings of `train`.
WAYS: dict[str, dict[str, Any]] = {
    "alone": {"objective": "cross_entropy"},
    "soft targets": {"objective": "distillation"},
    "features": {"objective": "feature_matching", "teacher": {"weight": 0.0}},
    "both": {"objective": "feature_matching"},
}
# Raise when the code below changes what is measured.
_VERSION = 1
_STRIDE = 3  # frames between two of the teacher's logits that count
_LOCKOUT = 66  # of those: 2 s, as long as the detector of a model waits
_ROW = "{:<10}{:<14}{:>6}{:>10}{:>10}{:>10}"


def main(
    audio: Path, words: list[str], teacher: str, model: str, seeds: int, steps: int, out: Path, file: Path | None
) -> None:  # fmt: skip
    train_settings = {"steps": steps, "qat_steps": steps // 4, "teacher": {"name": teacher}}
    config = read_config(file, {"train": train_settings}, ignore)
    results: dict[str, list[dict[str, float]]] = {}
    print(_ROW.format("word", "who", "seed", "clean", "10 dB", "FA/h"), flush=True)
    for word in words:
        data = out / "data" / word
        make_data(audio, word, data)
        people = [read_audio(data / path) for path in take_positives(data / "index.csv")]
        stages = Stages(out / "run" / word)
        plan = RunPlan(word, config.model_copy(update={"phrase": word}), data, True)
        prepared = prepare(stages, plan)
        assert prepared.teaching is not None
        material = partial(with_people, stages.folder / "clips", prepared.stores, plan.config, people)
        heard = Heard(material)
        work = partial(judge_teacher, stages, plan.config, teacher, material)
        inputs = [asdict(prepared.teaching), prepared.stores, _VERSION]
        tell(results, word, "teacher", "", stages.run("judge-teacher", "teacher", inputs, work))
        for seed in range(seeds):
            for way, settings in WAYS.items():
                tell(
                    results,
                    word,
                    way,
                    str(seed),
                    learn(stages, prepared, plan.config, heard, model, way, settings, seed),
                )
    print("mean over words and seeds, with the deviation of a seed:")
    for way, measured in results.items():
        rows = [f"{np.mean(x):.1%} ± {np.std(x):.1%}" for x in ([m[c] for m in measured] for c in ("clean", "10 dB"))]
        print(f"{way:<14}{rows[0]:>18}{rows[1]:>18}")


def tell(results: dict[str, list[dict[str, float]]], word: str, way: str, seed: str, facts: dict[str, Any]) -> None:
    recall = facts["recall"]
    results.setdefault(way, []).append(recall)
    cells = f"{recall['clean']:.1%}", f"{recall['10 dB']:.1%}", f"{facts['per_hour']:.2f}"
    print(_ROW.format(word, way, seed, *cells), flush=True)


def take_positives(index: Path) -> list[str]:
    """Leaves the recordings of the word out of an index; returns the paths of those of the dev split."""
    with index.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in rows if row["label"] != "positive"]
    write_text(index, "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in kept)]) + "\n")
    return [row["path"] for row in rows if (row["label"], row["split"]) == ("positive", "dev")]


def with_people(clips: Path, stores: dict[str, Any], config: Config, people: list[Audio]) -> Material:
    """The dev split of a run, in which people say the word."""
    return replace(material_of(clips, stores, config), positives=people)


def learn(
    stages: Stages, prepared: Prepared, config: Config, heard: Heard, model: str, way: str, settings: dict[str, Any],
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Trains and measures one model, or finds that done."""
    teacher = config.train.teacher.model_copy(update=settings.get("teacher", {}))
    changed = {"seed": seed, "objective": settings["objective"], "teacher": teacher}
    own = config.model_copy(update={"train": config.train.model_copy(update=changed)})
    name = f"{way.replace(' ', '-')}-{seed}"

    def work() -> Outcome:
        net = train(training_of(stages, prepared, own, model, stages.folder / "ways" / name))
        return Outcome("", measure(to_tflite(net.quantized(), name)[0], heard, own), ())

    return stages.run(f"way-{name}", name, [prepared.fingerprint(own, model), _VERSION], work)


class Ear(FrontEnd):
    """The front end, and a copy of all audio that goes through it."""

    name: ClassVar[str] = "ear"
    geometry = DEFAULT_FRONT_END.geometry

    def __init__(self) -> None:
        self.heard: list[Pcm] = []
        self._stream = DEFAULT_FRONT_END.stream()

    def stream(self) -> Ear:
        return self

    def process(self, pcm: Pcm) -> Features:
        self.heard.append(pcm)
        return self._stream.process(pcm)

    def reset(self) -> None:
        self._stream.reset()

    def quantize(self, values: Features) -> npt.NDArray[np.int8]:
        return DEFAULT_FRONT_END.quantize(values)

    def c_tables(self) -> Mapping[str, str]:
        return {}


def judge_teacher(stages: Stages, config: Config, name: str, material: Any) -> Outcome:
    """What the teacher detects of the same clips, at the same rate of false alarms."""
    chosen: Material = material()
    run = teacher_run(stages, config, name, ())

    def logits(make: Any) -> tuple[Recording, npt.NDArray[np.float32]]:
        ear = Ear()
        recording = make(front_end=ear)
        soft = TEACHERS.member(name).opinion(run, np.concatenate(ear.heard))
        return recording, np.nan_to_num(soft[: len(recording.frames) : _STRIDE], nan=-np.inf)

    levels = {label: NOISE_DB[label] for label in ("clean", "10 dB")}
    heard = {
        label: logits(partial(positive_recording, chosen.positives, chosen.noise if db else None, db or 0.0))
        for label, db in levels.items()
    }
    negative, alarms = logits(partial(negative_recording, chosen.negatives))
    # 255 steps from where hardly any negative is to the highest one.
    low, high = np.quantile(alarms[np.isfinite(alarms)], 0.99), alarms.max()

    def track(recording: Recording, values: npt.NDArray[np.float32]) -> Track:
        scaled = np.clip((values - low) / (high - low) * 253 + 1, 0, 255).astype(np.uint8)
        return Track(scaled, recording.bounds // _STRIDE, recording.labels, _STRIDE)

    tracks = {label: track(*pair) for label, pair in heard.items()}
    detector = DetectorConfig(average_window=1, lockout=_LOCKOUT, warmup=0)
    points = curve(tracks, track(negative, alarms), detector, config.detector.off_ratio)
    point = operating_point(points, config.evaluate.false_alarms_per_hour)
    return Outcome("", {"recall": point.recall, "per_hour": point.per_hour}, ())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("words", nargs="+")
    parser.add_argument("--teacher", choices=list(TEACHERS), default=next(iter(TEACHERS)))
    parser.add_argument("--model", choices=list(ZOO), default="tcn64")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--config", type=Path, help="amounts of clips and hours")
    parser.add_argument("--out", type=Path, default=Path("build/bench/teacher"))
    given = parser.parse_args()
    main(given.audio, given.words, given.teacher, given.model, given.seeds, given.steps, given.out, given.config)
