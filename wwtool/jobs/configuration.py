"""What can be asked of the configuration without training anything: keys, differences, presets, its JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

from wwtool import events
from wwtool.base.assets import asset_dir
from wwtool.base.files import write_text
from wwtool.base.renamed_keys import migrate
from wwtool.base.text import printable
from wwtool.base.yaml_files import read_yaml
from wwtool.config import RENAMED_KEYS, Config, parse_config
from wwtool.config.presets import preset_or_file, presets
from wwtool.errors import InputError
from wwtool.jobs.settings import REGISTRIES, read_config


@dataclass(frozen=True)
class Key:
    """A key of the config: its dotted path, what it does, its type and bounds as a JSON schema, and its default."""

    path: str
    description: str
    schema: dict[str, Any]
    default: Any
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A key that two configs have different values of."""

    path: str
    first: Any
    second: Any


def schema() -> str:
    """The JSON schema of a config file."""
    return json.dumps({**Config.model_json_schema(), "title": "wwtool config"}, indent=2)


def explain(path: str) -> list[Key]:
    """A key, or all keys of a section.

    Raises:
        InputError: there is no such key; the message names similar ones.
    """
    keys: dict[str, Key] = {}
    for key in _keys(Config, ""):
        keys.setdefault(key.path, key)
    found = [key for name, key in keys.items() if name == path or name.startswith(f"{path}.")]
    if found:
        return found
    if path in RENAMED_KEYS:
        raise InputError(f"{path} is now {RENAMED_KEYS[path].path}; ask for that")
    ends = {name.rpartition(".")[2]: name for name in keys}
    near = [name for name in keys if name.endswith(f".{path}")] or get_close_matches(path, keys, 3)
    near = near or [ends[end] for end in get_close_matches(path.rpartition(".")[2], ends, 3)]
    hint = f"did you mean {', '.join(near)}" if near else "wwtool config explain train has those of training"
    raise InputError(f"the config has no key {printable(path, 80)!r}; {hint}")


def differences(first: Path | None, second: Path | None, listener: events.Listener = events.ignore) -> list[Change]:
    """Keys whose values differ between two configs, presets or, for None, the defaults.

    Raises:
        InputError: a config cannot be used.
    """
    one, two = (dict(_flat(read_config(path, {}, listener).model_dump(mode="json"))) for path in (first, second))
    paths = dict.fromkeys((*one, *two))
    return [Change(path, one.get(path), two.get(path)) for path in paths if one.get(path) != two.get(path)]


def migrated(path: Path, out: Path | None, listener: events.Listener = events.ignore) -> str:
    """A config with the keys of this version in the place of old ones, as YAML; written to ``out``, if it is given.

    Raises:
        InputError: the config cannot be read or used.
    """
    values = migrate(read_yaml(path), RENAMED_KEYS, str(path), lambda text: listener(events.Note(text)))
    parse_config(values, str(path))
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    if out is not None:
        write_text(out, text)
    return text


def preset_lines() -> list[tuple[str, str]]:
    """Every preset, and what it is for."""
    return [(name, _purpose(preset_or_file(Path(name)) or asset_dir("configs"))) for name in presets()]


def _purpose(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("#").strip()


def _keys(section: type[BaseModel], above: str) -> Iterator[Key]:
    schemas = section.model_json_schema()["properties"]
    choices = {registry.key: tuple(registry) for registry in REGISTRIES}
    for name, field in section.model_fields.items():
        path = f"{above}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{path}.")
            continue
        for section_kind in _kinds(field.annotation):
            yield from _keys(section_kind, f"{path}.")
        facts = {key: value for key, value in schemas[name].items() if key not in ("description", "title", "default")}
        default = field.get_default(call_default_factory=True)
        yield Key(path, field.description or "", facts, default, choices.get(path, ()))


def _kinds(annotation: Any) -> Iterator[type[BaseModel]]:
    """The kinds of section that a key may hold one of."""
    if get_origin(annotation) in (Union, UnionType, Annotated):
        for part in get_args(annotation):
            yield from _kinds(part)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation


def _flat(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{path}.")
        else:
            yield path, value
