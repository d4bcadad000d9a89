"""``wwtool evaluate``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from wwtool.base.text import printable
from wwtool.cli.common import ANY_PATH, FILE, print_notes, print_warning
from wwtool.cli.terminal import Table, console, print_json, say, styled
from wwtool.config import load_config
from wwtool.data.audio import AudioFile
from wwtool.data.voices import describe_speakers
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.assess import Evaluation, assess, detector_config
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.metrics import detector_with
from wwtool.evaluation.streaming import StreamingModel
from wwtool.pipeline.evaluation import find_subject, recorded_material, run_sentences, synthetic_sentences
from wwtool.tflite.reader import read_model


@click.command()
@click.argument("subject", metavar="RUN_OR_TFLITE", type=ANY_PATH)
@click.option("--data", "data_path", type=ANY_PATH, help="A folder or index of recordings.")
@click.option("--split", type=click.Choice(["train", "dev", "test", "all"]), default="dev", show_default=True)
@click.option("--wav", type=FILE, help="List the detections in one recording instead.")
@click.option("--phrase", help="With --sentences: what the sentences must not contain.")
@click.option(
    "--sentences", "hours", type=click.FloatRange(0.0, 100.0), default=0.0, help="Add hours of synthetic sentences."
)
@click.option("--threshold", type=click.IntRange(1, 255), help="The on-threshold; else the run's, else the best.")
@click.option("--config", "config_file", type=FILE, help="Detector and false-alarm budget.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate(
    subject: Path, data_path: Path | None, split: str, wav: Path | None, phrase: str | None, hours: float,
    threshold: int | None, config_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure an INT8 model in streaming form: recall, false alarms per hour, operating point, detections."""
    config = load_config(config_file)
    found = find_subject(subject)
    read_model(found.model)  # says which file it is that cannot be used
    model = StreamingModel(found.model.read_bytes())
    detector = found.detector
    if threshold is not None:
        detector = detector_with(
            detector or detector_config(config, model.stride), threshold, config.detector.off_ratio
        )
    if wav is not None:
        _detections(model, wav, detector, as_json)
        return
    if data_path is None:
        raise UsageError("nothing to evaluate on; give --data DIR, or --wav FILE for the detections in one recording")
    recorded = recorded_material(data_path, split, config, lambda _done, _all: None)
    material = recorded.material
    if not material.positives:
        raise InputError(f"{data_path} has no positive recordings in the split '{split}'; choose another --split")
    negatives = dict(material.negatives)
    own = run_sentences(found.model.parent)
    if hours and (phrase is None and not own):
        raise UsageError("--sentences needs --phrase, so that no sentence contains it")
    if hours:
        negatives["sentences"] = own if phrase is None else synthetic_sentences(phrase, hours, config.synth)
    if not negatives:
        raise InputError(
            f"{data_path} has no negatives in the split '{split}'; add some, or --sentences 1 --phrase WORD"
        )
    result = assess(model, replace(material, negatives=negatives), config, detector)
    if as_json:
        print_json("evaluation", 1, {**result.as_dict(), **recorded.notes})
    else:
        print_notes(recorded.notes, "see wwtool data scan")
        _print(result)


def _detections(model: StreamingModel, wav: Path, detector: DetectorConfig | None, as_json: bool) -> None:
    if detector is None:
        raise UsageError("the detector is not known; give --threshold, or a run or build folder instead of a .tflite")
    hits = model.detections(AudioFile(wav), detector)
    if as_json:
        print_json("detections", 1, {"wav": printable(str(wav)), "detections": [vars(hit) for hit in hits]})
        return
    for hit in hits:
        say(f"frame {hit.frame} ({hit.frame / 100:.2f} s): {hit.probability}/255")
    say(f"{len(hits)} detections")


def _print(result: Evaluation) -> None:
    out = console()
    out.print(describe_speakers(result.voices, result.positives, result.speakers))
    print_warning(out, result.as_dict())
    table = Table(box=None, pad_edge=False)
    for column in ("CONDITION", "FOUND", "RECALL", "95 % INTERVAL"):
        table.add_column(column, justify="left" if column == "CONDITION" else "right")
    for name, value in result.point.recall.items():
        low, high = result.intervals[name]
        found = f"{round(value * result.positives)}/{result.positives}"
        table.add_row(name, found, f"{value:.1%}", f"{low:.1%} to {high:.1%}")
    out.print(table)
    table = Table(box=None, pad_edge=False)
    for column in ("NEGATIVES", "HOURS", "FALSE ALARMS"):
        table.add_column(column, justify="left" if column == "NEGATIVES" else "right")
    for label, hours in result.hours_by_label.items():
        table.add_row(label, f"{hours:.2f}", str(result.alarms_by_label.get(label, 0)))
    table.add_row("all", f"{result.hours:.2f}", f"{result.point.false_alarms} ({result.point.per_hour:.2f} per hour)")
    out.print(table)
    if result.per_hour_interval:
        out.print("95 % interval of the false alarms: {:.2f} to {:.2f} per hour".format(*result.per_hour_interval))
    out.print(
        f"threshold {result.point.threshold}/255; equal error rate {result.equal_error_rate:.2%}, "
        f"partial AUC {result.partial_auc:.3f}"
    )
    if result.near_misses:
        out.print(f"near misses: {result.near_misses_taken} of {result.near_misses} set it off")
    if not result.within_budget:
        out.print(styled("the false-alarm budget is not kept", "bold red"))
