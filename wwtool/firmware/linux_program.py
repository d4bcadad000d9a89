"""How a firmware that is a Linux program is started, in lines for a person."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.text import for_shell
from wwtool.platforms.profile import Platform


def run_commands(platform: Platform, program: Path) -> list[str]:
    """The commands, in order; none for a board that is flashed. docs/how-to/linux.md has the program's options."""
    quoted = for_shell(program)
    if platform.chip.core == "host":
        return [quoted if "/" in quoted else f"./{quoted}"]
    if platform.chip.core == "armv6":
        return [f"scp {quoted} pi@raspberrypi.local:", f"ssh -t pi@raspberrypi.local ./{for_shell(Path(program.name))}"]
    return []
