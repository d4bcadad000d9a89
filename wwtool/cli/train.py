"""``wwtool train``, and the options it shares with ``wwtool build``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from wwtool import events
from wwtool.base.assets import asset_dir
from wwtool.base.files import working_folder
from wwtool.base.inside import refuse_links_out
from wwtool.budget.dry_build import OverBudgetError
from wwtool.budget.selection import NothingFitsError, by_table, select
from wwtool.cli.budget import print_budget
from wwtool.cli.common import ANY_PATH, FILE, FOLDER, platform_option, print_warning
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import console
from wwtool.config import Config, load_config
from wwtool.data.dataset import index_folder
from wwtool.data.lexicon import lexicon
from wwtool.data.phrases import LONGEST_PHRASE, normalize_phrase, printable_phrase
from wwtool.data.words import read_words
from wwtool.errors import InputError, UsageError
from wwtool.jobs.settings import read_config
from wwtool.models.accuracy import accuracy_table
from wwtool.models.zoo import ZOO
from wwtool.pipeline.preparation import RunPlan
from wwtool.pipeline.stages import Stages, refuse_strangers
from wwtool.pipeline.training_run import MODEL, NAMES, PLACES, training_run
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options that change how a model is made."""
    for option in (
        click.option(
            "--model",
            type=click.Choice(["auto", *ZOO]),
            help="One of the zoo.  [default: auto, the best that fits]",
        ),
        click.option(
            "--search",
            type=click.IntRange(1, 100),
            metavar="N",
            help="Train the N best that fit for a while on this data, go on with the better half.",
        ),
        click.option("--language", help="Of the synthetic voices, such as de or pt-br.  [default: en-us]"),
        click.option(
            "--words", "words_file", type=FILE, help="Words of the language, one a line, where wwtool knows none."
        ),
        click.option("--quick", is_flag=True, help="A smoke model in minutes; it detects, but badly."),
        click.option("--no-synth", is_flag=True, help="Use recordings only; nothing is synthesised."),
        click.option("--seed", type=click.IntRange(0), help="Another seed, another model."),
    ):
        command = option(command)
    return command


def load_run_config(
    path: Path | None, phrase: str | None, model: str | None, search: int | None, quick: bool, no_synth: bool,
    seed: int | None, language: str | None, words_file: Path | None,
) -> Config:  # fmt: skip
    """The config with the command line's options on top; the phrase is checked."""
    overrides: dict[str, Any] = {}
    if quick:
        overrides = load_config(asset_dir("configs") / "quick.yaml").model_dump(exclude_unset=True)
    if phrase is not None:
        overrides["phrase"] = phrase
    if model is not None:
        overrides["model"] = model
    if search is not None:
        overrides["select"] = {"search": search}
    if model not in (None, "auto") and (search or 1) > 1:
        raise UsageError("--search chooses among models and --model names one; leave one of them out")
    if seed is not None:
        overrides.setdefault("train", {})["seed"] = seed
        overrides.setdefault("synth", {})["seed"] = seed
    if language is not None:
        overrides.setdefault("synth", {})["language"] = language
    if words_file is not None:
        overrides.setdefault("synth", {})["words"] = words_file
    if phrase is not None and len(phrase) > LONGEST_PHRASE:
        raise InputError(f"the phrase has {len(phrase)} characters; use at most {LONGEST_PHRASE}")
    config = read_config(path, overrides, events.ignore)
    if config.phrase is None:
        raise UsageError("no wake word is given; use --phrase or the config's key 'phrase'")
    if no_synth:
        return config.model_copy(update={"phrase": printable_phrase(config.phrase)})
    synth = config.synth
    spoken = normalize_phrase(config.phrase, synth.language)
    lexicon(synth.language, read_words(synth.words) if synth.words else None)  # refuses a language without words
    return config.model_copy(update={"phrase": spoken})


def make_plan(config: Config, data: Path | None, no_synth: bool) -> RunPlan:
    """What to run; checked as far as can be without reading a recording."""
    if data is not None:
        index_folder(data, config.split.speaker_pattern)
    elif no_synth:
        raise UsageError("--no-synth leaves nothing to train on without recordings; give them with --data DIR")
    return RunPlan(config.phrase or "", config, data, not no_synth)


@contextmanager
def shown_budget(platform: Platform) -> Iterator[None]:
    """Shows the table of a model that is refused."""
    try:
        yield
    except (OverBudgetError, NothingFitsError) as error:
        print_budget(platform, error.result)
        raise


def _finalists(platform: Platform, plan: RunPlan) -> tuple[str, ...]:
    """Which models to train; shows what the first of them costs, and why it."""
    with shown_budget(platform):
        selection = select(platform, plan.config, plan.phrase, lambda done, total: None)
    print_budget(platform, selection.builds[selection.finalists[0]])
    if selection.choice is not None:
        console().print(selection.choice.note)
        console().print()
    return selection.finalists


@click.command()
@click.argument("config_file", metavar="[CONFIG]", type=FILE, required=False)
@platform_option()
@click.option("--out", type=FOLDER, required=True, help="The run's folder; an interrupted run in it goes on.")
@click.option("--phrase", help="The wake word, if the config does not have it.")
@click.option("--data", "data_path", type=ANY_PATH, help="A folder or index of recordings (see the README).")
@training_options
def train(
    config_file: Path | None, platform_name: str, out: Path, phrase: str | None, data_path: Path | None, **options: Any
) -> None:
    """Train a model for a platform: data, float training, quantization-aware fine-tuning, INT8 .tflite, evaluation.

    The budget is checked first. An interrupted run goes on where it stopped and ends with the same weights.
    """
    config = load_run_config(config_file, phrase, **options)
    platform = load_platform(platform_name).with_board(config.board)
    plan = make_plan(config, data_path, options["no_synth"])
    terminal = console()
    refuse_links_out(out, [out / name for name in NAMES])
    with working_folder(out, PLACES):
        refuse_strangers(out, NAMES)
        finalists = _finalists(platform, plan) if platform.has_board else by_table(config, accuracy_table())
        with TerminalProgress(terminal) as progress:
            trained = training_run(Stages(out, progress), plan, finalists)
    terminal.print()
    terminal.print(f"  model    {out / MODEL}")
    print_warning(terminal, trained.evaluation)
