"""``wwtool evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from wwtool.base.text import counted
from wwtool.cli.calibration import calibrate as run_and_show
from wwtool.cli.common import (
    ANY_PATH,
    CONFIG,
    FILE,
    FOLDER,
    complain_of_warnings,
    json_option,
    make,
    option,
    print_notes,
    print_warning,
)
from wwtool.cli.terminal import Table, Terminal, console, print_json, say
from wwtool.jobs.calibration import CalibrateRequest
from wwtool.jobs.evaluate import Detections, EvaluateRequest, EvaluateResult, Split, plan, run


@click.command()
@click.argument("subject", metavar="RUN_OR_TFLITE", type=ANY_PATH)
@option(EvaluateRequest, "data", type=ANY_PATH)
@option(EvaluateRequest, "split", type=click.Choice(get_args(Split)), default="dev", show_default=True)
@option(EvaluateRequest, "wav", type=FILE)
@option(EvaluateRequest, "phrase")
@option(EvaluateRequest, "sentence_hours", "--sentences", type=click.FloatRange(0.0, 100.0), default=0.0)
@option(EvaluateRequest, "threshold", type=click.IntRange(1, 255))
@option(EvaluateRequest, "robustness", is_flag=True)
@option(EvaluateRequest, "silence_gate", type=click.IntRange(0, 255))
@option(EvaluateRequest, "voice_gate", type=ANY_PATH, metavar="MODEL")
@option(EvaluateRequest, "config", type=CONFIG)
@option(CalibrateRequest, "calibrate", type=FOLDER)
@option(CalibrateRequest, "phrase_said", "--phrase-said/--no-phrase-said", default=None)
@json_option
def evaluate(as_json: bool, calibrate: Path | None, phrase_said: bool | None, **options: Any) -> None:
    """Measure an INT8 model in streaming form: recall, false alarms per hour, operating point, detections.

    With --calibrate, set a build's threshold by audio of your own household.
    """
    if calibrate is not None or phrase_said is not None:
        run_and_show(as_json, phrase_said, {**options, "calibrate": calibrate})
        return
    work = plan(make(EvaluateRequest, **options), complain_of_warnings)
    result = run(work, complain_of_warnings)
    if isinstance(result, Detections):
        _print_detections(result, as_json)
    elif as_json:
        print_json("evaluation", 1, result.as_dict())
    else:
        print_notes(result.notes, "see wwtool data scan")
        _print(result)


def _print_detections(result: Detections, as_json: bool) -> None:
    if as_json:
        print_json("detections", 1, result.as_dict())
        return
    for detection, seconds in zip(result.detections, result.seconds, strict=True):
        say(f"frame {detection.frame} ({seconds:.2f} s): {detection.probability}/255")
    highest = result.highest
    reached = "the recording is too short" if highest is None else f"the score reaches {highest} of 255"
    say(f"{counted(len(result.detections), 'detection')}; {reached}, and {result.threshold} is needed")


def _print(result: EvaluateResult) -> None:
    out, evaluation = console(), result.evaluation
    point = evaluation.point
    out.print(result.speakers)
    print_warning(out, evaluation.as_dict())
    _print_recall(out, result)
    out.print(_negatives(result))
    if evaluation.per_hour_interval:
        out.print("95 % interval of the false alarms: {:.2f} to {:.2f} per hour".format(*evaluation.per_hour_interval))
    if result.inferences_percent is not None:
        out.print(f"with the silence gate, {result.inferences_percent:.1f} % of the inferences were needed")
    if result.expectation:
        out.print(result.expectation)
    out.print(
        f"threshold {point.threshold}/255; equal error rate {evaluation.equal_error_rate:.2%}, "
        f"partial AUC {evaluation.partial_auc:.3f}"
    )
    if evaluation.figures:
        clips = evaluation.figures
        out.print(
            f"clip by clip: accuracy {clips.accuracy:.1%}, precision {clips.precision:.1%}, recall {clips.recall:.1%}, "
            f"F1 {clips.f1:.3f}, AUC {clips.auc:.4f}, calibration error {clips.reliability.error:.3f}"
        )
    if evaluation.by_speaker:
        out.print(_groups("SPEAKER", result.by_speaker))
    if result.robustness:
        out.print(_groups("CONDITION", result.conditions))
    if evaluation.near_misses:
        out.print(f"near misses: {evaluation.near_misses_taken} of {evaluation.near_misses} set off the detector")


def _groups(title: str, rows: list[tuple[str, str, str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate((title, "DETECTED", "RECALL")):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _negatives(result: EvaluateResult) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("NEGATIVES", "AUDIO", "HOURS", "FALSE ALARMS", "EXPECTED PER HOUR"):
        table.add_column(column, justify="left" if column in ("NEGATIVES", "AUDIO") else "right")
    for row in result.negatives:
        table.add_row(*row)
    return table


def _print_recall(out: Terminal, result: EvaluateResult) -> None:
    evaluation = result.evaluation
    table = Table(box=None, pad_edge=False)
    for column in ("CONDITION", "DETECTED", "RECALL", "95 % INTERVAL"):
        table.add_column(column, justify="left" if column == "CONDITION" else "right")
    for name, value in evaluation.point.recall.items():
        low, high = evaluation.intervals[name]
        detected = f"{round(value * evaluation.positives)}/{evaluation.positives}"
        table.add_row(name, detected, f"{value:.1%}", f"{low:.1%} to {high:.1%}")
    out.print(table)
