"""The environment of all HTML pages: what a template prints is escaped, and nothing hidden is left in it."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from wwtool.base.assets import asset_dir
from wwtool.base.text import printable


def page_environment() -> Environment:
    """Jinja over ``firmware_templates/report``; a name that a template misses is an error."""
    return Environment(
        loader=FileSystemLoader(asset_dir("firmware_templates") / "report"), autoescape=True,
        undefined=StrictUndefined, keep_trailing_newline=True, finalize=_shown,
    )  # fmt: skip


def _shown(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
