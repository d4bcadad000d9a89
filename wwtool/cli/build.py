"""``wwtool build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from wwtool.base.text import for_shell
from wwtool.budget.result import BARE_METAL
from wwtool.cli.common import ANY_PATH, FILE, FOLDER, overwrite_option, platform_option, print_warning
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.terminal import console, line, say, styled
from wwtool.cli.train import load_run_config, make_plan, shown_budget, training_options
from wwtool.compiler.reader import safe_identifier
from wwtool.errors import UsageError
from wwtool.firmware.flashing import by_hand, flash_command
from wwtool.firmware.linux_program import run_commands
from wwtool.pipeline.build import build as run_build
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import FrameworkName
from wwtool.platforms.wiring import strapping_warnings, wiring_lines


@click.command()
@platform_option()
@click.option("--phrase", help="The wake word, as it is spoken.")
@click.option("--data", "data_path", type=ANY_PATH, help="A folder or index of recordings (see the README).")
@click.option("--config", "config_file", type=FILE, help="A YAML config; the presets are in configs/.")
@click.option("--board", metavar="NAME", help="A board of the platform; 'wwtool platforms NAME' lists them.")
@click.option("--framework", type=click.Choice(get_args(FrameworkName)), default=BARE_METAL, show_default=True,
              help="Only bare-metal so far.")  # fmt: skip
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
    if not platform.has_board:
        raise UsageError(f"wwtool cannot build for {platform.name} yet; 'wwtool platforms' shows what it can build")
    if framework != BARE_METAL:
        raise UsageError(
            f"wwtool cannot build a project for {framework} yet, only for {BARE_METAL}; 'wwtool budget --framework "
            f"{framework}' tells whether a model would fit, and 'wwtool compile' makes C that it can use"
        )
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
    with shown_budget(platform), TerminalProgress(terminal) as progress:
        built = run_build(folder, platform, plan, progress, overwrite)
    files = {kind: folder / path for kind, path in built.manifest["image"].items()}
    if platform.flash_tools:
        say()
        say(f"  flash    {flash_command(folder)}")
        say(f"  by hand  {by_hand(platform, files)}")
    else:
        say()
        say(f"  program  {by_hand(platform, files)}")
    for command in run_commands(platform, files["elf"]):
        say(f"  run it   {command}")
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
