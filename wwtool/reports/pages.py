"""How a page is made: templates that escape what they print, and the style sheet that all pages share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import write_text
from wwtool.base.text import printable


@dataclass(frozen=True)
class Tile:
    """A figure at the top of a page; ``badge`` is a word in the colour of ``kind``, a class of the style sheet."""

    value: str
    label: str
    badge: str = ""
    kind: str = ""


def write_page(path: Path, template: str, values: dict[str, Any]) -> None:
    """Writes a page that needs no other file; ``values`` are all that its template prints."""
    write_text(path, page_environment().get_template(template).render(version=__version__, **values))


def page_environment() -> Environment:
    """Jinja over ``firmware_templates/report``; a name that a template misses is an error."""
    return Environment(
        loader=FileSystemLoader(asset_dir("firmware_templates") / "report"), autoescape=True,
        undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip


def _shown(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
