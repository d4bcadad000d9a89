"""What recordings bring: detections of the speakers recorded and of others, over the number of recordings.

    python bench/few_shot.py AUDIO_DIR WORD [--out DIR] [--config FILE] [--per-hour N]

AUDIO_DIR is as bench/benchmark_data.py takes it. Its recordings of the word that are for training are grouped by voice,
copies left out. One model is trained on everything but recordings of the word. Then it is adapted to 5, 10, 20 and 40
recordings of as few speakers as have so many, and to all. "Recorded" are these speakers, in recordings no model has
heard, "others" the recordings for development. Every model has the lowest threshold that keeps the rate of false
alarms on the negatives for development. After an interruption, the same command goes on.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from speakers import choose, recordings_of

from wwtool.config import Config, load_config
from wwtool.data.audio import Audio, read_audio
from wwtool.data.dataset import Clip
from wwtool.evaluation.assess import detector_config
from wwtool.evaluation.few_shot import Heard
from wwtool.evaluation.material import Material, Recording, negative_recording, positive_recording
from wwtool.evaluation.metrics import curve, detector_with, is_detected
from wwtool.evaluation.streaming import StreamingModel
from wwtool.export.tflite import to_tflite
from wwtool.pipeline.adaptation import adapting, prepare_adaptation
from wwtool.pipeline.preparation import CLIPS, Few, Prepared, RunPlan, material_of, prepare, training_of
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.loop import train
from wwtool.training.qat import QatNet

COUNTS = (5, 10, 20, 40)
_ROW = "{:>10}{:>10}{:>18}{:>14}{:>10}{:>18}{:>14}"
_LABELS = {"keyword": "hard_negative", "speech": "negative", "noise": "noise"}


def main(audio: Path, word: str, out: Path, config: Config, per_hour: float) -> None:
    data = without_the_word(audio, word, out / "data")
    stages = Stages(out / "run")
    prepared = prepare(stages, RunPlan(word, config.model_copy(update={"phrase": word}), data, True))
    model = config.model if config.model != "auto" else "tcn64"
    fingerprint_of_base = prepared.fingerprint(config, model)
    stages.run("base", "base", [fingerprint_of_base], lambda: _base(stages, prepared, config, model))
    speakers, others = recordings_of(audio, word)
    heard = Listener(audio, material_of(stages.folder / CLIPS, prepared.stores, config), config, per_hour)
    print(_ROW.format("recordings", "speakers", "recorded, clean", "10 dB", "", "others, clean", "10 dB"), flush=True)
    for count in [0, *COUNTS, sum(len(speaker.recorded) for speaker in speakers)]:
        chosen = choose(speakers, count)
        paths = [path for speaker in chosen for path in speaker.recorded]
        net = adapted(stages, prepared, config, model, audio, paths, len(chosen))
        kept_back = [path for speaker in chosen or speakers for path in speaker.kept_back]
        same, other = heard.measure(net, [kept_back, others])
        cells = [f"{h.clean / max(1, h.recordings):.0%} of {h.recordings}" for h in (same, other)]
        noisy = [f"{h.noisy / max(1, h.recordings):.0%}" for h in (same, other)]
        print(_ROW.format(len(paths), len(chosen), cells[0], noisy[0], "", cells[1], noisy[1]), flush=True)


def without_the_word(audio: Path, word: str, out: Path) -> Path:
    """A data folder with all recordings but those of the word."""
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "audio").exists():
        (out / "audio").symlink_to(audio.resolve())
    with (audio / "index.csv").open(newline="") as source, (out / "index.csv").open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["path", "label", "split"])
        for row in csv.DictReader(source):
            if row["word"] != word:
                writer.writerow([f"audio/{row['path']}", _LABELS[row["kind"]], row["split"]])
    return out


def _base(stages: Stages, prepared: Prepared, config: Config, model: str) -> Outcome:
    train(training_of(stages, prepared, config, model, stages.folder))
    return Outcome("", {}, ())


def adapted(
    stages: Stages, prepared: Prepared, config: Config, model: str, audio: Path, paths: Sequence[str], speakers: int
) -> QatNet:
    """The base model, adapted to some recordings."""
    if not paths:
        return train(training_of(stages, prepared, config, model, stages.folder))
    clips = [Clip(path, "positive", None, "train", 0.0, path) for path in paths]
    adaptation = prepare_adaptation(stages, prepared, Few(audio, clips), config)
    folder = stages.folder / "curve" / f"{len(paths)}-{speakers}"
    return train(adapting(stages, prepared, config, model, adaptation, folder))


class Listener:
    """Measures models, each at the lowest threshold that keeps the budget of false alarms."""

    def __init__(self, audio: Path, material: Material, config: Config, per_hour: float) -> None:
        self._audio, self._noise, self._config, self._per_hour = audio, material.noise, config, per_hour
        self._negative = negative_recording(material.negatives)

    def measure(self, net: QatNet, sets: Sequence[Sequence[str]]) -> list[Heard]:
        """What a model detects of each of some sets of recordings."""
        with closing(StreamingModel(to_tflite(net.quantized(), "few-shot")[0])) as model:
            base = detector_config(self._config, model.stride, model.front_end.geometry)
            ratio = self._config.detector.off_ratio
            negative = self._negative.track(model)
            some = self._recordings(sets[-1])["clean"].track(model)
            points = curve({"clean": some}, negative, base, ratio)
            threshold = min((p.threshold for p in points if p.per_hour <= self._per_hour), default=255)
            detector = detector_with(base, threshold, ratio)
            result = []
            for paths in sets:
                if not paths:
                    result.append(Heard(0, 0, 0))
                    continue
                tracks = {name: part.track(model) for name, part in self._recordings(paths).items()}
                clean, noisy = (int(is_detected(tracks[name], detector).sum()) for name in ("clean", "noisy"))
                result.append(Heard(len(paths), clean, noisy))
        return result

    def _recordings(self, paths: Sequence[str]) -> dict[str, Recording]:
        clips: list[Audio] = [read_audio(self._audio / path) for path in paths]
        return {"clean": positive_recording(clips, None), "noisy": positive_recording(clips, self._noise)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("word")
    parser.add_argument("--out", type=Path, default=Path("build/few-shot"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--per-hour", type=float, default=0.5)
    given = parser.parse_args()
    main(given.audio, given.word, given.out / given.word, load_config(given.config, {}), given.per_hour)
