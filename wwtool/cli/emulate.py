"""``wwtool emulate``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool import emulators
from wwtool.cli.common import ANY_PATH, FILE, profile_option
from wwtool.cli.terminal import complain, say
from wwtool.errors import InputError
from wwtool.platforms.load import load_platform


@click.command()
@click.argument("build", metavar="BUILD_DIR", type=ANY_PATH)
@click.option(
    "--tcp", "tcp_port", type=click.IntRange(0, 65535), default=0, help="The console's TCP port; 0 takes a free one."
)
@click.option("--pty", is_flag=True, help="Give the console a pseudo-terminal as well.")
@click.option("--console", type=click.Choice(["uart", "usb"]), default="uart", show_default=True)
@click.option("--audio", type=FILE, help="Raw int16 mono at 16 kHz for the microphone.")
@profile_option()
@click.option("--trust", is_flag=True, help="Run a Linux program, which is not confined, that somebody else has built.")
def emulate(
    build: Path, tcp_port: int, pty: bool, console: str, audio: Path | None, platform_name: str | None, trust: bool
) -> None:
    """Run a built image on an emulated board and print its serial URL; Ctrl-C ends it."""
    platform = load_platform(platform_name) if platform_name else None
    if audio is not None and not audio.is_file():
        raise InputError(f"the recording {audio} does not exist; give raw int16 samples, mono at 16 kHz")
    with emulators.start(build, tcp_port, pty, console, audio, platform, trust) as emulator:
        say(emulator.url)
        complain("running; press Ctrl-C to stop")
        try:
            emulator.wait()
        except KeyboardInterrupt:
            complain("stopped")
            return
        emulator.check()
