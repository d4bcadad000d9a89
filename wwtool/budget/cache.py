"""Costs measured before, one JSON file each in the user's cache, named by a hash of all that the cost depends on."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import hash_of, in_home, sha256_of, write_json
from wwtool.base.records import read_json
from wwtool.budget.result import Cost
from wwtool.emulators import emulator_of
from wwtool.errors import InputError
from wwtool.firmware.cycles import Cycles
from wwtool.firmware.link_map import Part
from wwtool.firmware.sizes import Sizes
from wwtool.firmware.sources import sources_of
from wwtool.platforms.profile import Platform

FOLDER = "~/.cache/wwtool/budget"
_SCHEMA = "wwtool.cost"


def key_of(
    platform: Platform, architecture: object, model: str, phrase: str, compiler: str, in_ram: bool | None = None
) -> str:
    """The name of an entry. ``compiler`` is the compiler's version; "" for none. Random weights are always the same.

    ``in_ram`` is whether a hop lies in RAM, if that is known. Then one entry serves all budgets that put it there.
    """
    emulator = emulator_of(platform)
    later = {"budget", "energy", "framework_reserve"}  # they apply to the figures, after the measurement
    profile = {key: value for key, value in platform.facts().items() if key not in later}
    if platform.memory.hop_bytes:  # budgets decide where a hop lies
        budgets = [platform.budget.flash_bytes, platform.budget.ram_bytes]
        profile["budget"] = budgets if in_ram is None else in_ram
    made_of = [_program(), sources_of(platform), profile, compiler, emulator.version() if emulator else ""]
    return hash_of(_SCHEMA, __version__, made_of, repr(architecture), model, phrase)


def load(key: str) -> Cost | None:
    """The entry; None if there is none, or somebody has changed it."""
    try:
        value = read_json(_path(key))
        if value.pop("digest") != hash_of(key, value):
            return None
        return _cost(value)
    except (InputError, KeyError, TypeError, ValueError):
        return None


def save(key: str, cost: Cost) -> None:
    """Writes the entry. A cache that cannot be written is no error: everything is measured again next time."""
    value = json.loads(json.dumps(asdict(cost)))
    with suppress(InputError):
        write_json(_path(key), {**value, "digest": hash_of(key, value)})


def _path(key: str) -> Path:
    folder = in_home(FOLDER)
    if folder is None:
        raise InputError("this user has no home folder to keep measurements in; set HOME")
    return folder / f"{key}.json"


def _cost(value: dict[str, Any]) -> Cost:
    sizes = value["sizes"]
    parts = tuple(Part(**part) for part in sizes["parts"])
    cycles = {key: value[key] and Cycles(**value[key]) for key in ("cycles", "flash_waits")}
    fields = {**value, **cycles, "sizes": Sizes(**{**sizes, "parts": parts})}
    return Cost(**{**fields, "estimated": tuple(value["estimated"])})


@cache
def _program() -> str:
    """A hash of what makes firmware: wwtool itself, and the constants of the analytic model."""
    package = Path(str(resources.files("wwtool")))
    ours = sorted(path for path in package.rglob("*") if path.suffix in (".py", ".mjs"))
    data = sorted(asset_dir("platforms").rglob("*.json"))
    return hash_of([sha256_of(path) for path in (*ours, *data)])
