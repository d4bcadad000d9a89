"""``wwtool flash``."""

from __future__ import annotations

from typing import Any

import click

from wwtool import events
from wwtool.base.text import for_shell
from wwtool.cli.common import ANY_PATH, PORT, json_option, make, option
from wwtool.cli.terminal import GOOD, complain, console, line, print_json, say, styled
from wwtool.jobs.flash import TOOLS, Flashed, FlashRequest, HalfWrittenError, plan, run


@click.command()
@click.argument("build", metavar="BUILD_DIR", type=ANY_PATH)
@option(FlashRequest, "port", type=PORT)
@option(FlashRequest, "tool", type=click.Choice(TOOLS))
@option(FlashRequest, "ram", is_flag=True)
@option(FlashRequest, "platform", metavar="FILE")
@json_option
def flash(as_json: bool, **options: Any) -> None:
    """Flash a build on a real board, verify it, and ask the program that then runs who it is."""
    out = console()

    def show(event: events.Event) -> None:
        if isinstance(event, events.Activity) and not as_json:
            out.print(f"  {event.text} ...")

    work = plan(make(FlashRequest, **options))
    try:
        result = run(work, show)
    except HalfWrittenError as error:
        complain(str(error))
        raise
    if as_json:
        print_json("flash", 1, result.as_dict())
        return
    does = "runs from the RAM of" if work.request.ram else "is on"
    board = f"{result.image.name} {does} the {result.build.platform.title}"
    out.print(line(styled(*GOOD), f" {board}: {result.how}"))
    _print_next_step(result)


def _print_next_step(result: Flashed) -> None:
    if result.hil is not None:
        say(f"  test it  {result.hil}")
        return
    say("  no console appeared on USB, so the program was not asked who it is; test it at the board's UART:")
    say(f"  wwtool hil --port PORT --build {for_shell(result.build.folder)}")
