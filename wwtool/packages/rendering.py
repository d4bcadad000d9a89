"""Writes a project of templates: a folder of ``firmware_templates/frameworks`` becomes a folder of files.

Text from outside, such as a wake word, enters a template as ``Outside``. It comes out only through a filter that
quotes it for the language of the file. Printed as it is, it is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wwtool.base.assets import asset_dir
from wwtool.base.files import write_text
from wwtool.base.text import printable
from wwtool.compiler.emit.c_text import comment_text
from wwtool.packages.c_text import c_string, console_text

_TEMPLATES = "frameworks"
_ENDING = ".j2"


@dataclass(frozen=True)
class Outside:
    """Text from outside, which a template must quote."""

    text: str

    def __str__(self) -> str:
        raise TypeError(f"{self.text!r} is rendered as it is; give it a filter")


def _comment(text: Outside) -> str:
    """One line of a comment in C, CMake, make, Kconfig, INI or a devicetree."""
    return comment_text(text.text)


def _c_string(text: Outside) -> str:
    return c_string(text.text)


def _json(text: Outside) -> str:
    """A string of JSON, which is one of YAML as well."""
    return json.dumps(text.text)


def _value(text: Outside) -> str:
    """The value of a line in a properties or INI file: printable ASCII in one line."""
    return " ".join(console_text(text.text).replace(";", ",").replace("%", "").replace("$", "").split()) or "?"


def _markdown(text: Outside) -> str:
    """A word in Markdown, with every sign that could mean something there as a number."""
    plain = comment_text(printable(text.text))
    return "".join(c if c.isalnum() or c == " " or ord(c) > 127 else f"&#{ord(c)};" for c in plain)


_FILTERS = {"comment": _comment, "c_string": _c_string, "json": _json, "value": _value, "markdown": _markdown}


@cache
def environment() -> Environment:
    """The Jinja environment of all frameworks; an undefined name is an error, and so is unquoted text."""
    made = Environment(
        loader=FileSystemLoader(asset_dir("firmware_templates") / _TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters.update(_FILTERS)
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """The text of one template, named by its path below ``firmware_templates/frameworks``."""
    return environment().get_template(template).render(values)


def write_tree(tree: str, folder: Path, values: Mapping[str, Any]) -> None:
    """Writes every file below ``tree`` into ``folder``, under its own path; those that end in ``.j2`` are rendered."""
    root = asset_dir("firmware_templates") / _TEMPLATES / tree
    for path in sorted(root.rglob("*")):
        if path.is_file():
            name = path.relative_to(root).as_posix()
            is_template = name.endswith(_ENDING)
            text = render(f"{tree}/{name}", values) if is_template else path.read_text(encoding="utf-8")
            write_text(folder / name.removesuffix(_ENDING), text)
