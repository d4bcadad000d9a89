"""``wwtool train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool import events
from wwtool.cli.budget_tables import print_budget, refusal_shown
from wwtool.cli.common import CONFIG, FOLDER, listening, log_option, make, option, platform_option, print_warning
from wwtool.cli.processes import in_team
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import Terminal, console
from wwtool.cli.training_options import training_options
from wwtool.jobs.train import Choice, DryBuild, RateResult, TrainRequest, find_learning_rate, plan, run


@click.command()
@click.argument("config", metavar="[CONFIG]", type=CONFIG, required=False)
@platform_option()
@training_options
@option(TrainRequest, "out", type=FOLDER, required=True)
@click.option(
    "--find-lr", is_flag=True, help="Only find a learning rate: draw the loss at rising rates, and print a suggestion."
)
@log_option
@in_team
def train(no_synth: bool, find_lr: bool, log: Path | None, **options: Any) -> None:
    """Train a model for a platform: data, float training, quantization-aware fine-tuning, INT8 .tflite, evaluation.

    The budget is checked first. An interrupted run goes on where it stopped and ends with the same weights.
    """
    terminal = console()
    with TerminalProgress(terminal) as progress, listening(log, progress) as listener:
        work = plan(make(TrainRequest, synthesise=not no_synth, **options), listener)

        def show_budget(event: events.Event) -> None:
            if isinstance(event, events.PartialResult) and isinstance(event.value, DryBuild):
                print_budget(terminal, work.platform, event.value)
            elif isinstance(event, events.PartialResult) and isinstance(event.value, Choice):
                terminal.print(event.value.note)
                terminal.print()

        heard = events.broadcast(listener, show_budget)
        with refusal_shown(terminal, work.platform):
            if find_lr:
                _show_rate(terminal, find_learning_rate(work, heard))
                return
            result = run(work, heard)
    terminal.print()
    terminal.print(f"  model    {result.model}")
    print_warning(terminal, result.evaluation)


def _show_rate(terminal: Terminal, result: RateResult) -> None:
    terminal.print(f"  learning rate  {result.suggestion:.1e} (train.learning_rate)")
    terminal.print(f"  picture        {result.picture}")
