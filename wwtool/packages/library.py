"""The wake word as a library of plain C: front end, models, detectors, and ``wakeword.h`` to call them by.

Every framework that is not bare metal takes this library and adds only its glue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from wwtool import __version__
from wwtool.base.assets import asset_dir
from wwtool.base.files import write_text
from wwtool.compiler.package import write_sources
from wwtool.compiler.targets import Target, kernel_set
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.packages.package_format import Content
from wwtool.packages.programs import config_text
from wwtool.packages.rendering import Outside, write_tree
from wwtool.platforms.profile import Platform

_INCLUDE = re.compile(r'^#include "(\w+\.h)"', re.MULTILINE)


@dataclass(frozen=True)
class Word:
    """A model of a program as templates know it: ``macro`` ends the name of its number in C."""

    name: str
    macro: str
    phrase: Outside
    gates: bool


def words_of(content: Content) -> list[Word]:
    """The words of a program, in the order of their numbers."""
    return [Word(part.name, part.name.upper(), Outside(part.phrase), part.gates) for part in content.models]


def library_values(content: Content) -> dict[str, object]:
    """What every template of a framework may use."""
    return {
        "version": __version__,
        "phrase": Outside(", ".join(part.phrase for part in content.models)),
        "words": words_of(content),
        "name": content.name,
        "sample_rate_hz": SAMPLE_RATE_HZ,
    }


def write_library(folder: Path, content: Content) -> list[str]:
    """Writes the library into a flat folder; returns the names of its ``.c`` files."""
    write_core(folder, content.platform, content.model.program.graph.front_end)
    for part in content.models:
        write_sources(part.model, folder)
    write_text(folder / "ww_config.c", config_text(content.model, content.phrase, content.detector, content.beside))
    write_listener(folder, content)
    return sorted(path.name for path in folder.glob("*.c"))


def write_core(folder: Path, platform: Platform, front_end: FrontEnd) -> None:
    """Writes front end, detector and pipeline for the platform's core, and every header that they include."""
    core = asset_dir("firmware_templates") / "core"
    chosen = kernel_set(cast(Target, platform.core.target), platform.optimize)
    sources, written = front_end.c_sources(chosen), set(front_end.c_settings())
    waiting = [*sources, "ww_detector.c", "ww_pipeline.c", "ww_silence.c"]
    for name, text in front_end.c_settings().items():
        write_text(folder / name, text)
        waiting += _INCLUDE.findall(text)
    folders = [*dict.fromkeys((core / source).parent for source in sources), core]  # headers of the front end first
    while waiting:
        name = waiting.pop()
        if Path(name).name in written:
            continue
        written.add(Path(name).name)
        text = next(path for place in folders if (path := place / name).is_file()).read_text("utf-8")
        write_text(folder / Path(name).name, text)
        waiting += _INCLUDE.findall(text)


def write_listener(folder: Path, content: Content) -> None:
    """Writes ``wakeword.h`` and ``wakeword.c``."""
    write_tree("library/listener", folder, library_values(content))
