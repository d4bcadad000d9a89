"""``wwtool build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool.base.text import for_shell
from wwtool.cli.budget_tables import refusal_shown
from wwtool.cli.common import CONFIG, FILE, FOLDER, listening, log_option, make, option, platform_option, print_warning
from wwtool.cli.processes import in_team
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import console, line, say, styled
from wwtool.cli.training_options import training_options
from wwtool.jobs.build import BuildRequest, BuildResult, Wires, plan, run


@click.command()
@platform_option()
@training_options
@option(BuildRequest, "config", type=CONFIG)
@option(BuildRequest, "model_file", type=FILE)
@option(BuildRequest, "manifest", type=FILE)
@option(BuildRequest, "board", metavar="NAME")
@option(BuildRequest, "framework", metavar="NAME", default=BuildRequest.model_fields["framework"].default,
        show_default=True)  # fmt: skip
@option(BuildRequest, "out", type=FOLDER)
@option(BuildRequest, "overwrite", is_flag=True)
@log_option
@in_team
def build(no_synth: bool, log: Path | None, **options: Any) -> None:
    """Turn a wake word into flashable firmware: budget, data, training, export, C, image, report.

    With --model-file and --manifest, a model that others have trained takes the place of data, training and export.

    Run it again after an interruption or a change: stages whose inputs are the same are not repeated.
    """
    terminal = console()
    with TerminalProgress(terminal) as progress, listening(log, progress) as listener:
        work = plan(make(BuildRequest, synthesise=not no_synth, **options), listener)
        platform, phrase = work.target.platform, styled(f"“{work.run.phrase}”", "bold")
        terminal.print(line("Building ", phrase, f" for {platform.title} in {work.folder}"))
        with refusal_shown(terminal, platform):
            result = run(work, listener)
    _print_next_steps(result)
    evaluation = result.manifest["evaluation"]
    if evaluation is not None:
        print_warning(terminal, evaluation)
    else:
        say(f"  judge it wwtool evaluate {for_shell(result.folder)} --data RECORDINGS   (nothing is measured yet)")


def _print_next_steps(result: BuildResult) -> None:
    steps, folder = result.next_steps, for_shell(result.folder)
    say()
    for advice in steps.advice:
        say(f"  {advice.label:<8} {advice.text}")
    if steps.wires is not None:
        _print_wires(steps.wires)
    say(f"  report   {steps.report}")
    if steps.emulated:
        say(f"  try it   wwtool emulate {folder}   then   wwtool hil --port URL --build {folder}")


def _print_wires(wires: Wires) -> None:
    say(f"  board    {wires.title}")
    for text in (*wires.lines, wires.silicon):
        say(f"           {text}")
    for warning in wires.warnings:
        say(f"  careful  {warning}")
