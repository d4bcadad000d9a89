"""How well a build hears people whom it never met, and how often audio that it never met sets it off.

    python bench/people.py AUDIO_DIR WORD [WORD ...] [--cases synthetic,few,phrase,all] [--seeds N] [--config FILE]
        [--out DIR] [--finished]

AUDIO_DIR is as bench/benchmark_data.py takes it. Each word is treated as if the others were all there is:

    synthetic   `wwtool build` with the phrase alone: no recording of anything
    few         the same, adapted to 20 recordings of as few speakers as have so many; "own" is how it hears other
                recordings of these speakers (needs a speaker encoder: `wwtool doctor`)
    phrase      with the recordings of the phrase by all training speakers, and of nothing else
    all         with these, and with recordings of other words, of speech and of noise

The model is judged as it is shipped: INT8, streaming, through the detector, at the threshold that the build chose.
Positives are the speakers kept for judging, clean and under steady noise at 10 dB; of a word that the index has among
its other speech, they are all who say it. False alarms are counted, by kind, over recordings that neither training nor
the choice of the threshold has heard. Each row is one build; the last rows give mean and standard deviation over words
and seeds. The last columns are not for boasting: they tell what the model would detect at the best threshold for these
very recordings, at most the budget's false alarms on them, so that a threshold's share of the misses can be told from
the model's. After an interruption, the same command goes on.
With --finished nothing is built: the builds in DIR are judged at the thresholds that this version chooses for them from
the same audio as the build did; those that are not there are left out.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from benchmark_data import main as make_data
from speakers import choose, recordings_of

from wwtool.base.files import write_text
from wwtool.base.records import read_manifest
from wwtool.config import EvaluateConfig, parse_config
from wwtool.evaluation.assess import Evaluation, assess
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.streaming import StreamingModel
from wwtool.jobs import build, evaluate
from wwtool.jobs.build import BuildRequest
from wwtool.jobs.evaluate import EvaluateRequest, EvaluateResult
from wwtool.pipeline.preparation import material_of

_PLATFORM = "host"
_ROW = "{:<10}{:<11}{:>5}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>7}{:>7}{:>7}{:>9}{:>8}{:>9}{:>8}"
_FEW = 20  # recordings
CASES = ("synthetic", "few", "phrase", "all")


@dataclass(frozen=True)
class Figures:
    """What one build does. ``per_hour``: false alarms an hour, by kind; "all" is over all of them.

    ``best``: recall, clean and noisy, at the best threshold for the recordings of the judge. ``own``: the same two
    of other recordings of the speakers whom the model has heard, at the build's threshold; None: there are none.
    """

    clean: float
    noisy: float
    own: tuple[float, float] | None
    best: tuple[float, float]
    per_hour: dict[str, float]
    threshold: int
    minutes: float


def main(
    audio: Path,
    words: list[str],
    cases: list[str],
    seeds: int,
    config: Path | None,
    out: Path,
    finished: bool = False,
) -> None:
    print(_ROW.format(
        "word", "case", "seed", "clean", "10 dB", "FA/h", "speech", "words", "noise", "hours", "thr", "min",
        "best", "10 dB", "own", "10 dB",
    ))  # fmt: skip
    figures: dict[str, list[Figures]] = {}
    for case in cases:
        for word in words:
            for seed in range(seeds):
                folder = out / f"{case}-{word}-{seed}"
                if finished and not (folder / "build" / "manifest.json").exists():
                    continue
                result, hours = (
                    again(audio, word, case, folder) if finished else one(audio, word, case, seed, config, out)
                )
                figures.setdefault(case, []).append(result)
                rates = [f"{result.per_hour[kind]:.2f}" for kind in ("all", "speech", "words", "noise")]
                print(_ROW.format(
                    word, case, seed, f"{result.clean:.1%}", f"{result.noisy:.1%}", *rates, f"{hours:.2f}",
                    result.threshold, f"{result.minutes:.1f}", *(f"{recall:.1%}" for recall in result.best),
                    *_own(result),
                ), flush=True)  # fmt: skip
    for case, results in figures.items():
        for name, of in (("mean", statistics.mean), ("spread", statistics.pstdev)):
            clean, noisy = (f"{of([getattr(r, key) for r in results]):.1%}" for key in ("clean", "noisy"))
            rates = [f"{of([r.per_hour[kind] for r in results]):.2f}" for kind in ("all", "speech", "words", "noise")]
            best = (f"{of([r.best[i] for r in results]):.1%}" for i in range(2))
            own = [f"{of(pair):.1%}" for pair in zip(*(r.own for r in results if r.own), strict=True)] or ["", ""]
            print(_ROW.format(name, case, "", clean, noisy, *rates, "", "", "", *best, *own))


def _own(figures: Figures) -> list[str]:
    return [f"{recall:.1%}" for recall in figures.own] if figures.own else ["", ""]


def one(
    audio: Path, word: str, case: str, seed: int, config: Path | None, out: Path
) -> tuple[Figures, float]:  # fmt: skip
    """Builds unless the build is there, and judges it; returns the figures and the hours of negatives."""
    folder = out / f"{case}-{word}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = yaml.safe_load(config.read_text()) if config else {}
    for section, value in (("train", seed), ("synth", seed + 1)):
        settings.setdefault(section, {})["seed"] = value
    write_text(folder / "config.yaml", yaml.safe_dump(settings))
    data, kept_back = given(audio, word, case, folder / "data")
    before = out / f"synthetic-{word}-{seed}" / "build"
    if case == "few" and before.exists() and not (folder / "build").exists():
        shutil.copytree(before, folder / "build")  # only the adaptation is missing
    request = BuildRequest(
        platform=_PLATFORM, phrase=word, config=folder / "config.yaml", data=data, out=folder / "build", overwrite=True
    )
    start = time.monotonic()
    build.run(build.plan(request))
    minutes = (time.monotonic() - start) / 60
    return figures_of(audio, word, case, folder, kept_back, minutes)


def again(audio: Path, word: str, case: str, folder: Path) -> tuple[Figures, float]:
    """The figures of a finished build with the detector that this version chooses for its model."""
    manifest = read_manifest(folder / "build")
    config = parse_config({"evaluate": manifest["inputs"]["config"]["evaluate"]}, "bench")
    material = material_of(folder / "build" / "run" / "clips", manifest["inputs"]["clips"], config)
    with closing(StreamingModel((folder / "build" / "run" / "model.tflite").read_bytes())) as model:
        detector = assess(model, material, config).detector
    return figures_of(audio, word, case, folder, [], 0.0, detector)


def figures_of(
    audio: Path, word: str, case: str, folder: Path, kept_back: list[str], minutes: float,
    detector: DetectorConfig | None = None,
) -> tuple[Figures, float]:  # fmt: skip
    """What the judge says of the build in ``folder``, with its own detector or another."""
    rows = index_of(audio, word)
    dev = [row["path"] for row in rows if (row["kind"], row["word"], row["split"]) == ("keyword", word, "dev")]
    evaluations = {
        kind: judged(audio, dev, unheard(rows, word, case, kind), folder / f"judge-{kind}", detector)
        for kind in ("speech", "words", "noise")
    }
    hours = sum(e.hours for e in evaluations.values())
    alarms = {kind: e.point.false_alarms for kind, e in evaluations.items()}
    per_hour = {kind: alarms[kind] / max(e.hours, 1e-9) for kind, e in evaluations.items()}
    per_hour["all"] = sum(alarms.values()) / max(hours, 1e-9)
    first = evaluations["speech"]
    recall = first.point.recall
    best = best_recall(list(evaluations.values()), hours)
    own = None
    if kept_back:
        of_own = judged(audio, kept_back, unheard(rows, word, case, "noise"), folder / "judge-own").point.recall
        own = of_own["clean"], of_own["noisy"]
    return Figures(recall["clean"], recall["noisy"], own, best, per_hour, first.detector.on_threshold, minutes), hours


def given(audio: Path, word: str, case: str, data: Path) -> tuple[Path | None, list[str]]:
    """The recordings that a build gets, as a data folder, and others of the same speakers, if they are few."""
    if case == "synthetic":
        return None, []
    if case in {"phrase", "all"}:
        make_data(audio, word, data, negatives=case == "all")
        return data, []
    chosen = choose(recordings_of(audio, word)[0], _FEW)
    speakers = {path: f"speaker{number}" for number, speaker in enumerate(chosen) for path in speaker.recorded}
    write_index(audio, data, dict.fromkeys(speakers, "positive"), speakers)
    return data, [path for speaker in chosen for path in speaker.kept_back]


def best_recall(evaluations: Sequence[Evaluation], hours: float) -> tuple[float, float]:
    """The best recall, clean and noisy, of the thresholds that keep the budget on all kinds of the judge together."""
    alarms = {point.threshold: 0 for point in evaluations[0].curve}
    for evaluation in evaluations:
        for point in evaluation.curve:
            alarms[point.threshold] += point.false_alarms
    budget = EvaluateConfig().false_alarms_per_hour
    kept = [p.recall for p in evaluations[0].curve if alarms[p.threshold] <= budget * hours]
    best = max(kept, key=lambda recall: recall["clean"] + recall["noisy"], default={"clean": 0.0, "noisy": 0.0})
    return best["clean"], best["noisy"]


def index_of(audio: Path, word: str) -> list[dict[str, str]]:
    """The rows of the index; where the word is no keyword in it, all recordings of the word are for judging."""
    with (audio / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    if not any((row["kind"], row["word"]) == ("keyword", word) for row in rows):
        rows = [row | {"kind": "keyword", "split": "dev"} if row["word"] == word else row for row in rows]
    return rows


def unheard(rows: Sequence[dict[str, str]], word: str, case: str, kind: str) -> list[str]:
    """The recordings of one kind of negatives that the build of ``case`` has not heard."""
    return [
        row["path"] for row in rows
        if (row["split"] == "dev" or case != "all")
        and (row["kind"], row["word"]) != ("keyword", word)
        and {"keyword": "words"}.get(row["kind"], row["kind"]) == kind
    ]  # fmt: skip


def write_index(audio: Path, data: Path, labels: dict[str, str], speakers: dict[str, str] | None = None) -> None:
    """A data folder of some recordings, all in the split train: a folder without that split is refused."""
    data.mkdir(exist_ok=True)
    link = data / "audio"
    if not link.exists():
        link.symlink_to(audio.resolve())
    with (data / "index.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["path", "label", "split", "speaker"])
        names = speakers or {}
        writer.writerows([f"audio/{path}", label, "train", names.get(path, "")] for path, label in labels.items())


def judged(
    audio: Path, positives: Sequence[str], negatives: Sequence[str], data: Path, detector: DetectorConfig | None = None
) -> Evaluation:
    """The evaluation of the build beside the folder ``data``, of recordings that it has never heard."""
    write_index(audio, data, dict.fromkeys(positives, "positive") | dict.fromkeys(negatives, "negative"))
    request = EvaluateRequest(subject=data.parent / "build", data=data, split="all")
    plan = evaluate.plan(request)
    result = evaluate.run(replace(plan, detector=detector) if detector else plan)
    assert isinstance(result, EvaluateResult)
    return result.evaluation


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("words", nargs="+")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--out", type=Path, default=Path("wwtool-bench/people"))
    parser.add_argument("--finished", action="store_true")
    options = parser.parse_args()
    cases = options.cases.split(",")
    if unknown := set(cases) - set(CASES):
        parser.error(f"--cases {','.join(sorted(unknown))}: choose among {','.join(CASES)}")
    for name, path in (("AUDIO_DIR", options.audio / "index.csv"), ("--config", options.config)):
        if path and not path.is_file():
            parser.error(f"{name}: there is no {path}")
    main(options.audio, options.words, cases, options.seeds, options.config, options.out, options.finished)
