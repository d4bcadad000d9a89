"""The reference pages that come from the code: command line, config, platforms, C API. A hook of mkdocs.

The pages are made while the site is built and are in no commit, so they cannot go stale. The hook also refuses a page
that would load a script, a style sheet, a font or a picture from another host.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import click
from output_schemas import OUTPUTS, output_schema
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from wwtool import events
from wwtool.cli.main import cli as command_line
from wwtool.config import Config
from wwtool.jobs.event_log import event_name
from wwtool.jobs.settings import REGISTRIES
from wwtool.platforms.load import load_platforms
from wwtool.platforms.profile import Platform
from wwtool.platforms.silicon import count_seen

ROOT = Path(__file__).parents[1]
HEADERS = ("port", "app", "program", "pipeline", "frontend", "detector", "console", "protocol")
"""Headers of firmware_templates/core that a board or a program of one's own includes, in the order of the page."""

ELSEWHERE = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")


# The command line


def _commands(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[click.Command, click.Context]]:
    context = click.Context(command, parent, info_name=name, **command.context_settings)
    yield command, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            child = command.get_command(context, below)
            assert child is not None
            yield from _commands(child, below, context)


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _option_row(option: click.Option, context: click.Context) -> str:
    names, text = option.get_help_record(context) or ("", "")
    return f"| `{_cell(names)}` | {_cell(text)} |"


def command_line_page() -> str:
    """Every command with its arguments, options, ranges and defaults, as ``--help`` has them."""
    lines = [
        "# Command line",
        "",
        "Every command takes `--help`. This page is made from the commands.",
        "",
    ]
    for command, context in _commands(command_line, "wwtool"):
        path = context.command_path
        usage = command.get_usage(context).removeprefix("Usage: ")
        lines += [f"{'###' if path.count(' ') > 1 else '##'} `{path}`", "", _paragraphs(command.help), ""]
        lines += ["```", " ".join(usage.split()), "```", ""]
        options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
        lines += ["| option | meaning |", "| --- | --- |", *(_option_row(option, context) for option in options), ""]
    return "\n".join([*lines, *_EXIT_CODES])


_EXIT_CODES = """## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | a bug of wwtool |
| 2 | wrong usage |
| 3 | over budget |
| 4 | bad data, config or model |
| 5 | a tool is missing |
| 6 | the device failed, or a test on it |
| 130 | interrupted |
""".splitlines()


# The configuration


def sections(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """A config section with its dotted path, then the sections in it."""
    yield path, model
    for name, field in model.model_fields.items():
        for section in _models_in(field.annotation):
            yield from sections(section, f"{path}.{name}".lstrip("."))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _allowed(schema: dict[str, Any]) -> str:
    """What values a key takes, in words: from the JSON schema that pydantic makes of it."""
    if "anyOf" in schema:
        return " or ".join(_allowed(part) for part in schema["anyOf"])
    if "oneOf" in schema or "$ref" in schema:
        return "a section"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        parts = schema.get("prefixItems") or [schema.get("items", {})]
        count = "a list of" if "prefixItems" not in schema else f"[{', '.join(['…'] * len(parts))}], each"
        return f"{count} {_allowed(parts[0])}"
    kinds = {"null": "nothing", "integer": "integer", "number": "number", "string": "text", "boolean": "true or false"}
    kind = str(schema.get("type", "anything"))
    words = kinds.get(kind, kind)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    above = "more than" if "exclusiveMinimum" in schema else "at least"
    below = "less than" if "exclusiveMaximum" in schema else "at most"
    if low is not None and high is not None and "exclusiveMinimum" not in schema and "exclusiveMaximum" not in schema:
        words += f", {_figure(low)} to {_figure(high)}"
    else:
        words += f", {above} {_figure(low)}" if low is not None else ""
        words += f", {below} {_figure(high)}" if high is not None else ""
    words += f", in steps of {schema['multipleOf']:g}" if "multipleOf" in schema else ""
    return words


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if field.is_required() or value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, dict) or (isinstance(value, tuple) and any(isinstance(part, BaseModel) for part in value)):
        return "see below"
    return "none" if value is None else f"`{json.dumps(value, default=str)}`"


_MEMBERS = {registry.key: list(registry) for registry in REGISTRIES}

_CONFIG_INTRODUCTION = """# Configuration

A config is a YAML file for `--config`. A key that is left out has the default given here. An unknown key and a value
out of range are refused by their key path. This page is made from `wwtool/config`.

[config.schema.json](config.schema.json) is the same as a JSON schema, for editors that complete YAML.
"""


def config_page() -> str:
    """Every key of a config file: its default, what it takes, what it does."""
    lines = [_CONFIG_INTRODUCTION]
    seen: set[tuple[str, type[BaseModel]]] = set()
    for path, model in sections(Config):
        if (path, model) in seen:
            continue
        seen.add((path, model))
        title = f"`{path}`" if path else "Top level"
        kind = model.__name__ if sum(other == path for other, _ in sections(Config)) > 1 else ""
        lines += [f"## {title}{f': {kind}' if kind else ''}", "", _paragraphs(model.__doc__), ""]
        lines += ["| key | default | takes | meaning |", "| --- | --- | --- | --- |"]
        properties = model.model_json_schema()["properties"]
        for name, field in model.model_fields.items():
            allowed = "a section" if any(_models_in(field.annotation)) else _allowed(properties[name])
            members = _MEMBERS.get(f"{path}.{name}")
            allowed = allowed.replace("text", ", ".join(f"`{member}`" for member in members)) if members else allowed
            lines.append(f"| `{name}` | {_default(field)} | {_cell(allowed)} | {_cell(field.description or '')} |")
        lines += ["", *_table_of_defaults(path, model)]
    return "\n".join(lines)


def _table_of_defaults(path: str, model: type[BaseModel]) -> list[str]:
    """The defaults of a section that stands under several names."""
    parent, _, key = path.rpartition(".")
    above = next((section for name, section in sections(Config) if name == parent), Config)
    field = above.model_fields.get(key)
    value = field.default if field is not None else None
    if not isinstance(value, dict):
        return []
    columns = list(model.model_fields)
    rows = [f"| `{name}` | {' | '.join(str(getattr(part, c)) for c in columns)} |" for name, part in value.items()]
    return [
        f"| default of | {' | '.join(map('`{}`'.format, columns))} |",
        "| --- " * (len(columns) + 1) + "|",
        *rows,
        "",
    ]


def config_schema() -> str:
    """The JSON schema of a config file."""
    return json.dumps({"title": "wwtool config", **Config.model_json_schema()}, indent=2)


# Events


def _event_kinds() -> list[type[events.Event]]:
    return events.Event.__subclasses__()


def events_page() -> str:
    """Every event of a job with its fields."""
    lines = [_EVENTS_INTRODUCTION]
    for kind in _event_kinds():
        text = _paragraphs(kind.__doc__).replace("``", "`")
        lines += [f"## `{event_name(kind)}`", "", text, "", "| field | type | default |", "| --- | --- | --- |"]
        for field in dataclasses.fields(kind):
            default = "" if field.default is dataclasses.MISSING else f"`{json.dumps(field.default)}`"
            lines.append(f"| `{field.name}` | {_TYPES[str(field.type)]} | {default} |")
        lines.append("")
    return "\n".join(lines)


_TYPES = {"str": "text", "int": "integer", "float": "number", "bool": "true or false", "object": "any value"}

_EVENTS_INTRODUCTION = """# Events

While a job runs, it tells every head what happens, as typed events (`wwtool/events.py`). `--log FILE` appends them to a
file, one JSON object a line, with `schema` (`wwtool.event`), `version`, `time` (seconds since 1970) and `event`, the
name below. [event.schema.json](event.schema.json) is the schema of a line.
"""


def event_schema() -> str:
    """The JSON schema of a line of a log."""
    lines = []
    for kind in _event_kinds():
        schema = TypeAdapter(kind).json_schema()
        head: dict[str, Any] = {
            "schema": {"const": "wwtool.event"}, "version": {"const": 1}, "time": {"type": "number"},
            "event": {"const": event_name(kind)},
        }  # fmt: skip
        for field in schema.get("properties", {}).values():
            if field.get("type") == "number":
                field["type"] = ["number", "null"]  # NaN and infinity
        required = [*head, *schema.get("required", [])]
        lines.append({"type": "object", "properties": {**head, **schema.get("properties", {})}, "required": required})
    return json.dumps({"title": "wwtool event", "oneOf": lines}, indent=2)


# Platforms


_PLATFORMS_INTRODUCTION = """# Platforms

`wwtool platforms NAME` shows a profile with all its keys and the source of each figure. A Cortex-M board of your own
takes a profile of the same form: [My own board](../tutorials/my-own-board.md).

All but the Linux programs are bare metal, built with the compilers of apt and pip alone, without an SDK. The limits
below are what a firmware may take, not what the chip has.

| profile | board | chip | core | flash | RAM | an inference | load |
| --- | --- | --- | --- | --- | --- | --- | --- |"""


_SILICON = """`seen`: on a real chip. `emulated`: in an emulator that is held to the chip's manual, and nowhere else.
`not tried`: neither. The profiles hold this table (`checks`); `wwtool platforms NAME` and a
build's report show the same."""


def platforms_page() -> str:
    """What wwtool knows of each chip and board, from the profiles in ``platforms/``."""
    lines = [_PLATFORMS_INTRODUCTION]
    platforms = sorted(load_platforms(), key=lambda platform: platform.name)
    for platform in platforms:
        chip, budget = platform.chip, platform.budget
        core = f"{chip.core}, {chip.clock_hz / 1e6:,.0f} MHz"
        sizes = f"{budget.flash_bytes:,} B | {budget.ram_bytes:,} B"
        times = f"{budget.latency_ms:g} ms | {budget.duty_percent:g} %"
        lines.append(f"| `{platform.name}` | {platform.title} | {chip.name} | {core} | {sizes} | {times} |")
    lines += ["", "## Boards", "", "`--board` names one of these. The first of a platform is the default.", ""]
    lines += ["| platform | `--board` | what it is |", "| --- | --- | --- |"]
    for platform in platforms:
        boards = platform.presets.items()
        lines += [f"| `{platform.name}` | `{board}` | {_cell(preset.title)} |" for board, preset in boards]
    lines += ["", "## Seen on silicon", "", _SILICON]
    for platform in platforms:
        if platform.checks:
            lines += ["", f"### {platform.title}: {count_seen(platform.checks)}", ""]
            lines += ["| function | state | checked by |", "| --- | --- | --- |"]
            lines += [f"| {_cell(check.name)} | {check.state} | {_cell(check.by)} |" for check in platform.checks]
    return "\n".join([*lines, ""])


def platform_schema() -> str:
    """The JSON schema of a profile."""
    return json.dumps({"title": "wwtool platform", **Platform.model_json_schema()}, indent=2)


# C API


def _header(name: str) -> str:
    """A header of the core: its first comment as text, the rest as C."""
    text = (ROOT / f"firmware_templates/core/ww_{name}.h").read_text(encoding="utf-8")
    comment, rest = re.fullmatch(r"/\*\n(.*?) \*/\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    words = [line.removeprefix(" *").strip() for line in comment.splitlines() if "SPDX" not in line]
    rest = re.sub(
        r"#ifndef WW_\w+_H\n#define WW_\w+_H\n|\n#endif\s*\Z|#ifdef __cplusplus\n.*?#endif\n", "", rest, flags=re.DOTALL
    )
    code = re.sub(r"\n{3,}", "\n\n", rest).strip()
    text = "\n".join(words).strip().replace("<", "&lt;")
    return f"## `ww_{name}.h`\n\n{text}\n\n```c\n{code}\n```\n"


def c_api_page() -> str:
    """The handwritten part about a compiled model's header, then the headers of the core."""
    page = (ROOT / "docs/reference/c-api.md").read_text(encoding="utf-8")
    return page + "\n" + "\n".join(_header(name) for name in HEADERS)


# mkdocs


def on_files(files: Any, config: Any) -> Any:
    """Adds the generated pages."""
    from mkdocs.structure.files import File

    pages: dict[str, Callable[[], str]] = {
        "command-line.md": command_line_page, "config.md": config_page, "config.schema.json": config_schema,
        "events.md": events_page, "event.schema.json": event_schema,
        "platforms.md": platforms_page, "platform.schema.json": platform_schema, "c-api.md": c_api_page,
        **{f"output/{name}.schema.json": partial(output_schema, name) for name in OUTPUTS},
    }  # fmt: skip
    for name, write in pages.items():
        path = f"reference/{name}"
        existing = files.get_file_from_path(path)
        if existing is not None:
            files.remove(existing)
        files.append(File.generated(config, path, content=write()))
    return files


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Refuses what would make a reader's browser ask another host."""
    from mkdocs.exceptions import PluginError

    if elsewhere := ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} loads something from another host: {elsewhere[0]}")
    return output
