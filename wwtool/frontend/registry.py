"""The front ends, by name. ``python -m wwtool.frontend.registry`` rewrites the generated C tables of all of them."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.assets import asset_dir
from wwtool.base.text import printable
from wwtool.config.frontend import FrontEndConfig
from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.mel import MelFrontEnd, MfccFrontEnd
from wwtool.frontend.mfe import MfeFrontEnd
from wwtool.frontend.micro import MicroFrontEnd

FRONT_ENDS: dict[str, FrontEnd] = {
    front_end.name: front_end for front_end in (MicroFrontEnd(), MelFrontEnd(), MfccFrontEnd(), MfeFrontEnd())
}
DEFAULT_FRONT_END = FRONT_ENDS[MicroFrontEnd.name]


def front_end_of(config: FrontEndConfig) -> FrontEnd:
    """The front end that a config names, as it is before it is normalised.

    Raises:
        InputError: its settings contradict each other.
    """
    return FRONT_ENDS[config.kind].configured(config)


def front_end_from(values: object) -> FrontEnd:
    """The front end that data from a file describes (``FrontEnd.as_dict``); None: the file says nothing of it.

    Raises:
        InputError: wwtool has no such front end.
    """
    if values is None:
        return DEFAULT_FRONT_END
    kind = values.get("kind") if isinstance(values, dict) else None
    if not isinstance(values, dict) or not isinstance(kind, str) or kind not in FRONT_ENDS:
        raise InputError(
            f"the front end is {printable(str(kind), 40)}, and wwtool has {', '.join(FRONT_ENDS)}; make the model "
            "again, or use a newer wwtool"
        )
    return FRONT_ENDS[kind].from_dict(values)


def c_tables() -> dict[Path, str]:
    """The generated C files of all front ends: path to text."""
    core = asset_dir("firmware_templates") / "core"
    return {core / name: text for front_end in FRONT_ENDS.values() for name, text in front_end.c_tables().items()}


if __name__ == "__main__":
    for path, text in c_tables().items():
        path.write_text(text, encoding="utf-8", newline="\n")
