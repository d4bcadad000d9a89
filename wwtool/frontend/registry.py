"""The front ends, by name. ``python -m wwtool.frontend.registry`` rewrites the generated C tables of all of them."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.assets import asset_dir
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.micro import MicroFrontEnd

FRONT_ENDS: dict[str, FrontEnd] = {front_end.name: front_end for front_end in (MicroFrontEnd(),)}
DEFAULT_FRONT_END = FRONT_ENDS[MicroFrontEnd.name]


def c_tables() -> dict[Path, str]:
    """The generated C files of all front ends: path to text."""
    core = asset_dir("firmware_templates") / "core"
    return {core / name: text for front_end in FRONT_ENDS.values() for name, text in front_end.c_tables().items()}


if __name__ == "__main__":
    for path, text in c_tables().items():
        path.write_text(text, encoding="utf-8", newline="\n")
