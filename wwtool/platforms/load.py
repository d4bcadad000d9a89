"""Platform profiles: one YAML file a platform, the only home of a number about a chip.

Those in ``platforms/`` have a name; a user's own is given by its path (docs/tutorials/my-own-board.md). ``profile.py``
says what is in one.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from wwtool.base.assets import asset_dir
from wwtool.base.validation import describe_validation
from wwtool.base.yaml_files import read_yaml
from wwtool.errors import InputError, UsageError
from wwtool.platforms.profile import Platform


def platform_names() -> list[str]:
    """Names of the profiles that ship with wwtool, in order."""
    return sorted(path.stem for path in asset_dir("platforms").glob("*.yaml"))


def load_platform(name: str) -> Platform:
    """The profile of a name, or of a file if ``name`` ends in ``.yaml``.

    Raises:
        UsageError: there is none of that name.
        InputError: its file is not valid.
    """
    names = platform_names()
    if name.endswith((".yaml", ".yml")):
        return _own_platform(Path(name), names)
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(names)}, or give the path of a .yaml"
        raise UsageError(f"there is no platform '{name}'; {hint}")
    return parse_platform(asset_dir("platforms") / f"{name}.yaml")


def _own_platform(path: Path, shipped: list[str]) -> Platform:
    """A user's own profile. The board code that it names must exist."""
    platform = parse_platform(path).from_file(path.name)
    if platform.name in shipped:
        raise InputError(f"{path.name}: name: '{platform.name}' is a platform of wwtool's own; choose another name")
    folder = platform.board_folder
    if platform.board is None or not folder.is_dir():
        what = f"there is no folder {folder}" if platform.board else "field required"
        raise InputError(
            f"{path.name}: board: {what}; name the folder with the board's code, from where {path.name} is, "
            f"or one of {', '.join(shipped)}"
        )
    needed = {"C file": any(folder.glob("*.c")), "link.ld": platform.is_linux or (folder / "link.ld").is_file()}
    for what, is_there in needed.items():
        if not is_there:
            raise InputError(f"{folder} has no {what}; see docs/tutorials/my-own-board.md for what a board needs")
    return platform


def parse_platform(path: Path) -> Platform:
    """Reads and validates a profile. A board's folder is relative to the file.

    Raises:
        InputError: the file cannot be read, or contradicts itself.
    """
    values = read_yaml(path)
    if isinstance(board := values.get("board"), str) and ("/" in board or "\\" in board):
        values["board"] = str((path.parent / board).resolve())
    elif board in platform_names():  # the code of a shipped board brings the facts about that code
        shared = read_yaml(asset_dir("platforms") / f"{board}.yaml")
        inherited = ("pins", "presets", "fixed_wires", "checks", "silicon")
        values = {key: shared[key] for key in inherited if key in shared} | values
    return platform_of(values, path.name)


def platform_of(values: object, where: str) -> Platform:
    """A profile made of its keys; ``where`` names their file in errors.

    Raises:
        InputError: the keys contradict each other.
    """
    try:
        return Platform.model_validate(values)
    except ValidationError as error:
        raise InputError(describe_validation(error, where)) from error


@cache
def load_platforms() -> tuple[Platform, ...]:
    """All profiles, in order of their names."""
    return tuple(load_platform(name) for name in platform_names())
