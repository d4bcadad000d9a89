"""``wwtool flash``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.base.text import for_shell
from wwtool.cli.common import ANY_PATH, PORT, profile_option
from wwtool.cli.terminal import GOOD, complain, console, line, print_json, say, styled
from wwtool.device.flash import HalfWrittenError
from wwtool.device.flash import flash as flash_board
from wwtool.device.flash.tools import GET
from wwtool.platforms.load import load_platform


@click.command()
@click.argument("build", metavar="BUILD_DIR", type=ANY_PATH)
@click.option(
    "--port",
    type=PORT,
    help="The board's serial port, or the drive of its boot loader.  [default: the only board there is]",
)
@click.option("--tool", type=click.Choice(["uf2", *GET]), help="What writes it.  [default: as the platform has it]")
@profile_option()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def flash(build: Path, port: str | None, tool: str | None, platform_name: str | None, as_json: bool) -> None:
    """Flash a build on a real board, verify it, and ask the program that then runs who it is."""
    platform = load_platform(platform_name) if platform_name else None
    out = console()

    def tell(text: str) -> None:
        if not as_json:
            out.print(f"  {text} ...")

    try:
        flashed = flash_board(build, port, tool, tell, platform)
    except HalfWrittenError as error:
        complain(str(error))
        raise
    if as_json:
        print_json("flash", 1, flashed.as_dict())
        return
    where = f"{flashed.image.name} is on the {flashed.build.platform.title}"
    out.print(line(styled(*GOOD), f" {where}: {flashed.how}"))
    if flashed.hil is not None:
        say(f"  test it  {flashed.hil}")
    else:
        say("  no console of it has appeared on USB, so nobody was asked who runs there; at its UART:")
        say(f"  wwtool hil --port PORT --build {for_shell(build)}")
