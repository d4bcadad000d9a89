"""The options that ``wwtool train`` and ``wwtool build`` share."""

from __future__ import annotations

import click

from wwtool.cli.common import ANY_PATH, FILE, Command, option
from wwtool.cli.model_names import ModelName
from wwtool.jobs.settings import MODELS, TrainingRequest


def training_options(command: Command) -> Command:
    """Options that change how a model is made. Each is a field of a ``TrainingRequest``."""
    of = TrainingRequest
    options = (
        option(of, "phrase"),
        option(of, "data", type=ANY_PATH),
        option(of, "keep_doubtful", is_flag=True, default=None),
        option(of, "model", type=ModelName(MODELS), metavar="NAME"),
        option(of, "search", type=click.IntRange(1, 100), metavar="N"),
        option(of, "language"),
        option(of, "words", type=FILE),
        option(of, "pronounce", multiple=True, metavar="WAY"),
        option(of, "features", multiple=True, metavar="NAME_OR_DIR"),
        option(of, "allow_drop", is_flag=True, default=None),
        option(of, "quick", is_flag=True),
        click.option("--no-synth", is_flag=True, help="Use recordings only; nothing is synthesised."),
        option(of, "seed", type=click.IntRange(0)),
    )
    for add in reversed(options):  # as decorators are applied: the last first
        command = add(command)
    return command
