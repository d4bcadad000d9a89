"""What a threshold promises and what it does: on kinds of recordings that no build has heard.

    python bench/threshold.py AUDIO_DIR BUILD:WORD [BUILD:WORD ...]

BUILD is a folder of `wwtool build` whose data held no recording of AUDIO_DIR but of the word itself; AUDIO_DIR is as
bench/benchmark_data.py takes it. The judge are its other words, its speech and its noise. The old rule is the count
alone: the lowest threshold from which on the build's own negatives give at most the budget, pooled. The new rule is the
promise (wwtool/evaluation/promise.py). Both choose on the build's own evaluation audio; neither hears the judge.
"""

from __future__ import annotations

import argparse
import csv
from contextlib import closing
from pathlib import Path

from wwtool.base.records import read_manifest
from wwtool.config import parse_config
from wwtool.data.audio import Audio, read_audio
from wwtool.evaluation.assess import assess
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.material import negative_recording, positive_recording
from wwtool.evaluation.metrics import Track, detector_with, false_alarms, is_detected, operating_point
from wwtool.evaluation.streaming import StreamingModel
from wwtool.pipeline.preparation import material_of

_ROW = "{:<10}{:<6}{:>5}{:>10}{:>11}{:>8}{:>8}"


def main(audio: Path, subjects: list[str]) -> None:
    print(_ROW.format("word", "rule", "at", "promised", "judged /h", "clean", "10 dB"))
    sums: dict[str, list[float]] = {"old": [], "new": []}
    for subject in subjects:
        folder, _, word = subject.rpartition(":")
        manifest = read_manifest(Path(folder))
        config = parse_config({"evaluate": manifest["inputs"]["config"]["evaluate"]}, "bench")
        material = material_of(Path(folder) / "run" / "clips", manifest["inputs"]["clips"], config)
        with closing(StreamingModel((Path(folder) / "run" / "model.tflite").read_bytes())) as model:
            result = assess(model, material, config)
            judge, positives = _judge(audio, word)
            negative = negative_recording(judge).track(model)
            noise = judge["noise"]
            tracks = [positive_recording(positives, heard).track(model) for heard in (None, noise)]
        assert result.expected is not None
        old = operating_point(result.curve, config.evaluate.false_alarms_per_hour, config.evaluate.spare_recall)
        rows = {
            "old": (detector_with(result.detector, old.threshold, config.detector.off_ratio), old.per_hour),
            "new": (result.detector, result.expected.interval[1]),
        }
        for rule, (detector, promised) in rows.items():
            sums[rule].append(_line(word, rule, detector, promised, negative, tracks))
    for rule, rates in sums.items():
        mean = sum(rates) / len(rates)
        print(f"{rule}: {mean:.2f} false alarms an hour on the mean, {max(rates):.2f} on the worst word")


def _line(
    word: str, rule: str, detector: DetectorConfig, promised: float, negative: Track, tracks: list[Track]
) -> float:
    alarms = false_alarms(negative, detector)
    rate = sum(alarms.values()) / negative.hours
    recalls = [f"{is_detected(track, detector).mean():.1%}" for track in tracks]
    print(
        _ROW.format(word, rule, detector.on_threshold, f"{promised:.2f}", f"{rate:.2f}", *recalls), alarms, flush=True
    )
    return rate


def _judge(audio: Path, word: str) -> tuple[dict[str, list[Audio]], list[Audio]]:
    """The judge's clips by kind, and the phrase by the speakers that are kept for it."""
    judge: dict[str, list[Audio]] = {}
    positives = []
    with (audio / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if (row["kind"], row["word"]) != ("keyword", word):
                kind = row["word"] if row["kind"] == "keyword" else Path(row["path"]).parts[1]
                judge.setdefault("noise" if row["kind"] == "noise" else kind, []).append(
                    read_audio(audio / row["path"])
                )
            elif row["split"] == "dev":
                positives.append(read_audio(audio / row["path"]))
    return judge, positives


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("builds", nargs="+", metavar="BUILD:WORD")
    options = parser.parse_args()
    main(options.audio, options.builds)
