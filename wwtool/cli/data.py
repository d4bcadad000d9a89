"""``wwtool data``: list, get, synth, scan, split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.cli.common import ANY_PATH, FILE, FOLDER, Command, json_option, print_notes
from wwtool.cli.data_sets import get, list_
from wwtool.cli.mine import mine
from wwtool.cli.terminal import Table, console, print_json
from wwtool.config import SplitConfig, SynthConfig


def _setting(
    section: SynthConfig | SplitConfig, field: str, kind: click.ParamType[Any]
) -> Callable[[Command], Command]:
    """An option with the default and the description of a config field."""
    return click.option(
        f"--{field.replace('_', '-')}", type=kind, default=getattr(section, field), show_default=True,
        help=type(section).model_fields[field].description,
    )  # fmt: skip


@click.group()
def data() -> None:
    """Get data sets, synthesise speech, check and index recordings, split them by speaker."""


data.add_command(list_)
data.add_command(get)
data.add_command(mine)


@data.command()
@click.argument("phrase")
@click.option("--out", type=FOLDER, required=True, help="The data folder to make or to complete.")
@_setting(SynthConfig(), "positives", click.IntRange(0))
@_setting(SynthConfig(), "near_misses", click.IntRange(0))
@_setting(SynthConfig(), "sentence_hours", click.FloatRange(0, 100))
@_setting(SynthConfig(), "language", click.STRING)
@click.option("--words", "words_file", type=FILE, help="Words of the language, one a line, if wwtool has none for it.")
@click.option(
    "--pronounce",
    multiple=True,
    metavar="WAY",
    help="Another way to say PHRASE: /IPA/, or a spelling that sounds like it. May be repeated.",
)
@_setting(SynthConfig(), "seed", click.IntRange(0))
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True, help="Processes that speak at once.")
@json_option
def synth(
    phrase: str,
    out: Path,
    positives: int,
    near_misses: int,
    sentence_hours: float,
    language: str,
    words_file: Path | None,
    pronounce: tuple[str, ...],
    seed: int,
    processes: int,
    as_json: bool,
) -> None:
    """Make a data folder of synthetic speech for PHRASE. If it was interrupted, it goes on."""
    from wwtool.data.synth import synthesize
    from wwtool.data.texts.word_list import read_words

    words = read_words(words_file) if words_file else None
    report = synthesize(
        phrase, out, positives, near_misses, sentence_hours, seed, language, processes, words=words,
        pronunciations=pronounce,
    )  # fmt: skip
    if as_json:
        print_json("synth", 1, asdict(report))
        return
    kinds = ", ".join(f"{count} {label}" for label, count in report.clips.items())
    console().print(f"{out}: {kinds} ({report.made} made, {report.kept} already there)")


@data.command()
@click.argument("folder", type=FOLDER)
@json_option
def scan(folder: Path, as_json: bool) -> None:
    """Measure the recordings of FOLDER and list what is wrong with them. Changes nothing."""
    from wwtool.data.scan import scan as scan_folder

    report = scan_folder(folder)
    if as_json:
        print_json("scan", 1, report.as_dict())
        return
    table = Table(box=None, pad_edge=False)
    for column in ("FILE", "WHAT"):
        table.add_column(column, overflow="fold")
    for entry in report.broken:
        table.add_row(entry["path"], entry["reason"])
    for clip in report.clips:
        if clip.warnings:
            table.add_row(clip.path, f"{', '.join(clip.warnings)} (peak {clip.peak_dbfs} dBFS, rms {clip.rms_dbfs})")
    for group in report.copies:
        table.add_row(group[0], f"has copies: {', '.join(group[1:])}")
    out = console()
    if table.row_count:
        out.print(table)
    hours = report.as_dict()["hours"]
    out.print(f"{len(report.clips)} usable files, {hours:.2f} h; {len(report.broken)} broken")


@data.command()
@click.argument("source", type=ANY_PATH)
@click.option("--out", type=ANY_PATH, help="The file to write.  [default: dataset.json in the folder]")
@_setting(SplitConfig(), "dev", click.FloatRange(0, 1))
@_setting(SplitConfig(), "test", click.FloatRange(0, 1))
@_setting(SplitConfig(), "few", click.IntRange(0, 1000))
@click.option("--speaker-pattern", help="Regular expression whose first group names the speaker.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another split.")
@json_option
def split(
    source: Path,
    out: Path | None,
    dev: float,
    test: float,
    few: int,
    speaker_pattern: str | None,
    seed: int,
    as_json: bool,
) -> None:
    """Split the data folder or index file SOURCE by speaker and write dataset.json."""
    from wwtool.data.dataset import LABELS, SPLITS
    from wwtool.data.split import SplitOutput, split_folder

    dataset = split_folder(source, dev, test, speaker_pattern, seed, few=few)
    target = out or dataset.folder / "dataset.json"
    dataset.save(target)
    counts = {label: {part: len(dataset.select(label, part)) for part in SPLITS} for label in LABELS}
    if as_json:
        output = SplitOutput(printable(str(target)), counts, **dataset.notes, voices=dataset.voices)
        print_json("split", 1, json_of(output))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("LABEL", *(part.upper() for part in SPLITS)):
        table.add_column(column, justify="left" if column == "LABEL" else "right")
    for label, parts in counts.items():
        if any(parts.values()):
            table.add_row(label, *(str(count) for count in parts.values()))
    console().print(table)
    if dataset.voices is not None:
        console().print(f"the recordings of the phrase seem to have {dataset.voices} voices")
    print_notes(dataset.notes, f"listed in {target}")
    console().print(f"wrote {target}")


@data.command()
@click.argument("source", type=ANY_PATH)
@click.argument("count", type=click.IntRange(2, 20), metavar="K")
@click.option("--speaker-pattern", help="Regular expression whose first group names the speaker.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other folds.")
def folds(source: Path, count: int, speaker_pattern: str | None, seed: int) -> None:
    """Write K index files for cross-validation by speaker: fold-1.csv and so on, which --data takes."""
    from wwtool.data.folds import write_folds
    from wwtool.data.split import split_folder

    dataset = split_folder(source, 0.0, 0.0, speaker_pattern, seed, few=0)
    for path in write_folds(dataset, count, seed):
        console().print(f"wrote {printable(str(path))}")
