"""The only way to the terminal. It shows text, never markup, and nothing that controls a terminal gets through.

Every string, even one from outside, is shown as ``wwtool.base.text.printable`` writes it: one call, one line. Colour
comes from ``styled`` and ``line``. No other module uses rich or click's echo.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any, TextIO

from rich.console import Console, JustifyMethod, OverflowMethod
from rich.style import Style
from rich.table import Table as Table
from rich.text import Text

from wwtool.base.text import printable
from wwtool.cli.streams import PLAIN

GOOD, BAD, CAREFUL = ("✓", "green"), ("✗", "red"), ("!", "yellow")


class Terminal(Console):
    """A rich console to which a string is text."""

    def render_str(
        self, text: str, *, style: str | Style = "", justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None, **_markup_and_emoji: Any,
    ) -> Text:  # fmt: skip
        return Text(_shown(text), style, justify=justify, overflow=overflow)


def console() -> Terminal:
    """Where tables and progress go: standard error stays for errors."""
    return Terminal(highlight=False, width=None if sys.stdout.isatty() else 120)


def styled(text: str, style: str) -> Text:
    """Text in a colour or weight, such as ``bold red``."""
    return Text(_shown(text), style)


def line(*parts: str | Text) -> Text:
    """Pieces, plain and styled, in one line."""
    return Text.assemble(*(part if isinstance(part, Text) else Text(_shown(part)) for part in parts))


def say(text: str = "") -> None:
    """A line on standard output, not wrapped: what a person copies or a program reads."""
    _write(sys.stdout, _shown(text))


def complain(text: str) -> None:
    """A line on standard error."""
    _write(sys.stderr, _shown(text))


def print_json(schema: str, version: int, value: dict[str, Any]) -> None:
    """Prints a result with its schema's name and version; NaN and infinity become null, as JSON has neither."""
    _write(sys.stdout, json.dumps(_finite({"schema": f"wwtool.{schema}", "version": version, **value}), indent=2))


def _shown(text: str) -> str:
    """Text as standard output will show it, so that the columns of a table are as wide as what is in them."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return printable(text).encode(encoding, PLAIN).decode(encoding)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()
