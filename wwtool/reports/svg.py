"""Drawings as SVG text: marks, scales and ticks. Colours and fonts are classes of ``style.css``; text is escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from wwtool.base.assets import asset_dir

Anchor = Literal["", "middle", "end"]


@dataclass(frozen=True)
class Scale:
    """Maps values from ``low`` to ``high`` to pixels from ``start`` to ``end``; values outside go to the nearer end."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return self.start + (value - low) / ((high - low) or 1.0) * (self.end - self.start)


def drawing(width: float, height: float, label: str, parts: Iterable[str], alone: bool = False) -> str:
    """An SVG element of ``parts``; ``label`` says what it shows to those who cannot see it.

    ``alone`` makes it a document of its own, with the style sheet that a page has already.
    """
    style = f"<style>{style_sheet()}</style>\n" if alone else ""
    paper = '<rect class="paper" width="100%" height="100%"/>\n' if alone else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label={quoteattr(_clean(label))}>\n'
        f"{style}{paper}" + "\n".join(parts) + "\n</svg>\n"
    )


def style_sheet() -> str:
    """The one style sheet of pages and drawings."""
    return (asset_dir("firmware_templates") / "report" / "style.css").read_text(encoding="utf-8")


def text(x: float, y: float, content: str, kind: str = "", anchor: Anchor = "", turned: float = 0.0) -> str:
    """A line of text; ``turned`` by degrees around its anchor."""
    classes = " ".join(name for name in (kind, anchor) if name)
    mark = f' class="{classes}"' if classes else ""
    turn = f' transform="rotate({turned:g} {x:.1f} {y:.1f})"' if turned else ""
    return f'<text{mark} x="{x:.1f}" y="{y:.1f}"{turn}>{escape(_clean(content))}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def rectangle(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> str:
    """A rectangle; ``title`` shows when the pointer rests on it."""
    box = f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f"{box}><title>{escape(_clean(title))}</title></rect>" if title else f"{box}/>"


def curve(points: Iterable[tuple[float, float]], kind: str) -> str:
    """Straight lines from point to point."""
    steps = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{kind}" points="{steps}"/>'


def dot(x: float, y: float, kind: str, title: str = "") -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{escape(_clean(title))}</title></circle>'


def ticks(top: float, count: int = 5) -> list[int]:
    """Round numbers from 0 to at most ``top``, about ``count`` of them.

    >>> ticks(8940)
    [0, 2000, 4000, 6000, 8000]
    """
    rough = max(top / count, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = int(next(m for m in (1, 2, 5, 10) if m * power >= rough) * power)
    return list(range(0, int(top) + 1, step))


def _clean(content: str) -> str:
    """XML cannot hold control characters at all."""
    return "".join(c if c.isprintable() else "�" for c in content)
