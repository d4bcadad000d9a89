"""``wwtool build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wwtool.base.text import for_shell, safe_identifier
from wwtool.cli.common import ANY_PATH, FILE, FOLDER, overwrite_option, platform_option, print_warning
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import console, line, say, styled
from wwtool.cli.train import load_run_config, make_plan, shown_budget, training_options
from wwtool.engines.machines import host_compiler
from wwtool.errors import UsageError
from wwtool.packages import DEFAULT, look_up, names
from wwtool.pipeline.build import build as run_build
from wwtool.pipeline.firmware import Target
from wwtool.platforms.load import load_platform
from wwtool.platforms.wiring import strapping_warnings, wiring_lines


@click.command()
@platform_option()
@click.option("--phrase", help="The wake word, as it is spoken.")
@click.option("--data", "data_path", type=ANY_PATH, help="A folder or index of recordings (see the README).")
@click.option("--config", "config_file", type=FILE, help="A YAML config; the presets are in configs/.")
@click.option("--board", metavar="NAME", help="A board of the platform; 'wwtool platforms NAME' lists them.")
@click.option("--framework", metavar="NAME", default=DEFAULT, show_default=True,
              help=f"What the firmware is packed as: {', '.join(names())}.")  # fmt: skip
@click.option("--out", type=FOLDER, help="Where everything goes.  [default: wwtool-build/PLATFORM-PHRASE]")
@overwrite_option
@training_options
def build(
    platform_name: str, phrase: str | None, data_path: Path | None, config_file: Path | None, board: str | None,
    framework: str, out: Path | None, overwrite: bool, **options: Any,
) -> None:  # fmt: skip
    """Turn a wake word into flashable firmware: budget, data, training, export, C, image, report.

    Run it again after an interruption or a change: stages whose inputs are the same are not repeated.
    """
    platform = load_platform(platform_name)
    package = look_up(framework)
    package.require_platform(platform)
    if board is not None and platform.pins is None:
        raise UsageError(f"{platform.name} is one board, with fixed pins; leave --board out")
    config = load_run_config(config_file, phrase, **options)
    if board is not None:
        config = config.model_copy(update={"board": config.board.model_copy(update={"preset": board})})
    platform = platform.with_board(config.board)
    plan = make_plan(config, data_path, options["no_synth"])
    folder = out or Path("wwtool-build") / f"{platform.name}-{safe_identifier(plan.phrase)}"
    terminal = console()
    terminal.print(line("Building ", styled(f"“{plan.phrase}”", "bold"), f" for {platform.title} in {folder}"))
    target = Target(platform, package, package.require_tools(platform), overwrite)
    host_compiler()  # evaluation needs it; if it is missing, the user hears of it before the training
    with shown_budget(platform), TerminalProgress(terminal) as progress:
        built = run_build(folder, target, plan, progress)
    files = {kind: folder / path for kind, path in built.manifest["image"].items()}
    say()
    for advice in package.advice(platform, folder, files):
        say(f"  {advice.label:<8} {advice.text}")
    if platform.wiring is not None and platform.pins is not None:
        say(f"  board    {platform.wiring.title}")
        for wire in wiring_lines(platform.wiring):
            say(f"           {wire}")
        say(f"           {platform.silicon}")
        for warning in strapping_warnings(config.board, platform.wiring, platform.pins):
            say(f"  careful  {warning}")
    say(f"  report   {folder / 'report.html'}")
    if platform.emulator != "none":
        name = for_shell(folder)
        say(f"  try it   wwtool emulate {name}   then   wwtool hil --port URL --build {name}")
    print_warning(terminal, built.manifest["evaluation"])
