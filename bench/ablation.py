"""What each ingredient of the recipe is worth: alone, and left out, over several seeds.

    python bench/ablation.py AUDIO_DIR WORD [--seeds N] [--only NAME,NAME] [--config FILE] [--out DIR]

AUDIO_DIR is as bench/benchmark_data.py takes it. A model is trained with all recordings of training speakers, and
judged as it is shipped: INT8, streaming, on speakers and sounds that are kept for judging, clean and with noise. Pools
of features are made once and shared; only what happens after them is varied.

Each row is an ingredient, which is one change of the config. "alone" adds it to a plain recipe, "left out" takes it
from the recipe of the config (or adds it there, where the recipe lacks it). Recall is the best of all thresholds that
keep the budget of false alarms on the sounds for judging, with the 95 % interval of the mean over seeds. After an
interruption, the same command goes on.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_data import main as make_data
from scipy.stats import t as student

from wwtool.config import Config, load_config, merge
from wwtool.evaluation.assess import detector_config
from wwtool.evaluation.material import Material, Recording, negative_recording, positive_recording
from wwtool.evaluation.metrics import curve
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.pipeline.preparation import CLIPS, Prepared, RunPlan, material_of, prepare, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.loop import train

Settings = Mapping[str, Any]
_ROW = "{:<20}{:>10}{:>18}{:>10}{:>10}{:>18}{:>10}"
_MODEL = "tcn64"
# Raise when the code below changes what is measured.
_VERSION = 2


@dataclass(frozen=True)
class Ingredient:
    """A change of a config: ``on`` has the ingredient, ``off`` has not. Keys are nested like a config file."""

    on: Settings
    off: Settings


PLAIN: Settings = {
    "train": {
        "objective": "cross_entropy", "schedule": "constant", "mine_at": [], "partial_words": 0.0, "ema": 0.0,
        "learning_rate": 1e-3, "sampling": {"mixup": 0.0, "curriculum": 0.0}, "optimization": {"dropout": 0.0},
        "teacher": {"weight": 0.0}, "steps": 2500, "qat_steps": 600, "pretrained": False,
    },
    "augment": {"spectrogram": {"order": []}},
}  # fmt: skip
"""A recipe without ingredients: it is what "alone" begins with."""


def _train(**values: Any) -> dict[str, Any]:
    return {"train": values}


INGREDIENTS: dict[str, Ingredient] = {
    "teacher": Ingredient(_train(objective="distillation", teacher={"weight": 1.0}), _train(teacher={"weight": 0.0})),
    "pretrained": Ingredient(_train(pretrained=True), _train(pretrained=False)),
    "longer": Ingredient(_train(steps=4500, qat_steps=900), _train(steps=2500, qat_steps=600)),
    "one_cycle": Ingredient(
        _train(schedule="one_cycle", learning_rate=3e-3), _train(schedule="constant", learning_rate=1e-3)
    ),
    "cosine": Ingredient(
        _train(schedule="cosine", learning_rate=3e-3), _train(schedule="one_cycle", learning_rate=3e-3)
    ),
    "ema": Ingredient(_train(averaging="ema", ema=0.998), _train(averaging="ema", ema=0.0)),
    "swa": Ingredient(_train(averaging="swa"), _train(averaging="ema")),
    "mining": Ingredient(_train(mine_at=[0.4, 0.65]), _train(mine_at=[])),
    "partial_words": Ingredient(_train(partial_words=0.06), _train(partial_words=0.0)),
    "warp": Ingredient(
        {"augment": {"spectrogram": {"order": ["warp"]}}},
        {
            "augment": {
                "spectrogram": {"order": ["gain_drift", "channel_mask", "frame_mask", "channel_mask", "frame_mask"]}
            }
        },
    ),
    "masks": Ingredient(
        {"augment": {"spectrogram": {"order": ["channel_mask", "frame_mask", "channel_mask", "frame_mask"]}}},
        {"augment": {"spectrogram": {"order": ["warp", "gain_drift"]}}},
    ),
    "label_smoothing": Ingredient(_train(loss={"label_smoothing": 0.05}), _train(loss={"label_smoothing": 0.0})),
    "focal": Ingredient(_train(objective="focal"), _train(objective="distillation")),
    "margin": Ingredient(_train(objective="margin"), _train(objective="distillation")),
    "ranking": Ingredient(
        _train(objective="combined", loss={"parts": {"distillation": 1.0, "ranking": 0.3}}),
        _train(objective="distillation"),
    ),
    "triplet": Ingredient(
        _train(
            objective="combined",
            loss={"parts": {"distillation": 1.0, "ranking": 0.0, "triplet": 0.2}},
        ),
        _train(objective="distillation"),
    ),
    "arc_margin": Ingredient(
        _train(
            objective="combined",
            loss={"parts": {"distillation": 1.0, "ranking": 0.0, "arc_margin": 0.2}},
        ),
        _train(objective="distillation"),
    ),
    "lion": Ingredient(_train(optimizer="lion", learning_rate=6e-4), _train(optimizer="adamw", learning_rate=3e-3)),
    "median_clipping": Ingredient(
        _train(optimization={"clipping": "median"}), _train(optimization={"clipping": "norm"})
    ),
    "pruning": Ingredient(_train(optimization={"prune": 0.25}), _train(optimization={"prune": 0.0})),
    "soup": Ingredient(_train(optimization={"soup": 2}, pretrained=True), _train(optimization={"soup": 1})),
    "dropout": Ingredient(_train(optimization={"dropout": 0.1}), _train(optimization={"dropout": 0.0})),
    "mixup": Ingredient(_train(sampling={"mixup": 0.2}), _train(sampling={"mixup": 0.0})),
    "curriculum": Ingredient(_train(sampling={"curriculum": 0.3}), _train(sampling={"curriculum": 0.0})),
    "hard_weight": Ingredient(_train(loss={"hard_weight": 2.0}), _train(loss={"hard_weight": 1.0})),
    "selection": Ingredient(_train(selection={"every": 250}), _train(selection={"every": 0})),
}
"""By name. "left out" applies ``off``, unless the config's recipe has it off already; then it applies ``on``."""


def varied(config: Config, name: str, alone: bool) -> tuple[Config, str]:
    """The config of one row, and what it does with the ingredient: "alone", "left out" or "added"."""
    ingredient = INGREDIENTS[name]
    if alone:
        return with_settings(with_settings(config, PLAIN), ingredient.on), "alone"
    without = with_settings(config, ingredient.off)
    if without == config:
        return with_settings(config, ingredient.on), "added"
    return without, "left out"


def with_settings(config: Config, settings: Settings) -> Config:
    """The config with other values, nested like a file."""
    return Config.model_validate(merge(config.model_dump(), dict(settings)))


def with_seed(config: Config, seed: int) -> Config:
    """The config with another seed of the training; the pools stay."""
    return with_settings(config, _train(seed=seed))


def main(audio: Path, word: str, seeds: int, names: Sequence[str], config: Config, out: Path) -> None:
    make_data(audio, word, out / "data")
    stages = Stages(out / "run")
    config = config.model_copy(update={"phrase": word})
    prepared = prepare(stages, RunPlan(word, config, out / "data", True))
    judge = Judge(material_of(stages.folder / CLIPS, prepared.stores, config), config)

    def recalls(case: str, chosen: Config) -> list[float]:
        return [one(stages, prepared, with_seed(chosen, seed), f"{case}-{seed}", judge) for seed in range(seeds)]

    print(_ROW.format("ingredient", "alone", "95 %", "gain", "left out", "95 %", "cost"), flush=True)
    plain = recalls("plain", with_settings(config, PLAIN))
    whole = recalls("recipe", config)
    print(_ROW.format("none / all", *cells(plain), "", *cells(whole), ""), flush=True)
    for name in names:
        (one_alone, _), (other, what) = varied(config, name, True), varied(config, name, False)
        alone, without = recalls(f"{name}-alone", one_alone), recalls(f"{name}-without", other)
        gain, sign = statistics.mean(alone) - statistics.mean(plain), -1.0 if what == "added" else 1.0
        cost = sign * (statistics.mean(whole) - statistics.mean(without))
        mark = "*" if what == "added" else ""
        print(_ROW.format(name + mark, *cells(alone), f"{gain:+.1%}", *cells(without), f"{cost:+.1%}"), flush=True)
    print("* the recipe lacks it: the right half adds it, and the last column is what that brings")


def cells(recalls: Sequence[float]) -> tuple[str, str]:
    """The mean, and its 95 % interval over seeds (Student's t); without an interval for one seed."""
    mean = statistics.mean(recalls)
    if len(recalls) < 2:
        return f"{mean:.1%}", ""
    half = float(student.ppf(0.975, len(recalls) - 1)) * statistics.stdev(recalls) / len(recalls) ** 0.5
    return f"{mean:.1%}", f"{max(0.0, mean - half):.1%} to {min(1.0, mean + half):.1%}"


def one(stages: Stages, prepared: Prepared, config: Config, case: str, judge: Judge) -> float:
    """Trains and judges one model, or finds that done; returns its recall."""
    folder = stages.folder / "ablation" / case
    model = config.model if config.model != "auto" else _MODEL

    def work() -> Outcome:
        net = train(training_of(stages, prepared, config, model, folder))
        return Outcome("", {"recall": judge.recall(to_tflite(net.quantized(), case)[0])}, ())

    facts = stages.run(f"ablation-{case}", case, [prepared.fingerprint(config, model), _VERSION], work)
    return float(facts["recall"])


class Judge:
    """Recall at the budget of false alarms, of models as they are shipped."""

    def __init__(self, material: Material, config: Config) -> None:
        self._material, self._config = material, config
        self._positives: dict[str, Recording] = {}
        self._negative: Recording | None = None

    def recall(self, content: bytes) -> float:
        """Mean over clean and noisy clips, at the best threshold that keeps the budget as counted."""
        material = self._material
        if self._negative is None:
            for name, noise in (("clean", None), ("noisy", material.noise)):
                self._positives[name] = positive_recording(material.positives, noise)
            self._negative = negative_recording(material.negatives)
        with closing(StreamingModel(content)) as model:
            tracks = {name: recording.track(model) for name, recording in self._positives.items()}
            negative = self._negative.track(model)
            detector = detector_config(self._config, model.stride)
        points = curve(tracks, negative, detector, self._config.detector.off_ratio)
        budget = self._config.evaluate.false_alarms_per_hour
        within = [point for point in points if point.per_hour <= budget]
        return max((statistics.mean(point.recall.values()) for point in within), default=0.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("word")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default=",".join(INGREDIENTS))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--out", type=Path, default=Path("wwtool-bench/ablation"))
    given = parser.parse_args()
    chosen = given.only.split(",")
    unknown = sorted(set(chosen) - INGREDIENTS.keys())
    if unknown:
        parser.error(f"no ingredient is called {', '.join(unknown)}; there are {', '.join(INGREDIENTS)}")
    main(given.audio, given.word, given.seeds, chosen, load_config(given.config, {}), given.out / given.word)
