"""``wwtool emulate``."""

from __future__ import annotations

from typing import Any

import click

from wwtool import events
from wwtool.cli.common import ANY_PATH, FILE, make, option
from wwtool.cli.terminal import complain, say
from wwtool.jobs.emulate import CONSOLES, EmulateRequest, Running, plan, run


@click.command()
@click.argument("build", metavar="BUILD_DIR", type=ANY_PATH)
@option(EmulateRequest, "tcp_port", "--tcp", type=click.IntRange(0, 65535), default=0)
@option(EmulateRequest, "pty", is_flag=True)
@option(EmulateRequest, "console", type=click.Choice(CONSOLES), default=CONSOLES[0], show_default=True)
@option(EmulateRequest, "audio", type=FILE)
@option(EmulateRequest, "platform", metavar="FILE")
@option(EmulateRequest, "trust", is_flag=True)
def emulate(**options: Any) -> None:
    """Run a built image on an emulated board and print its serial URL; Ctrl-C ends it."""
    runs = False

    def show(event: events.Event) -> None:
        nonlocal runs
        if isinstance(event, events.PartialResult) and isinstance(event.value, Running):
            runs = True
            say(event.value.url)
            complain("running; press Ctrl-C to stop")

    work = plan(make(EmulateRequest, **options))
    try:
        run(work, show)
    except KeyboardInterrupt:
        if not runs:
            raise
        complain("stopped")
