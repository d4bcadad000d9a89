"""The external component for ESPHome as a program of this machine, with the stand-ins of tests/stand_ins/esphome.

Its standard input says what ESPHome's main loop does, one step a line (``drive.cpp``).
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
from framework_projects import STAND_INS, STRICT, render, run

from wwtool import packages
from wwtool.packages.framework import Framework
from wwtool.packages.package_format import Content

FORMAT = "esphome-component"
STAND_IN = STAND_INS / "esphome"
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
Samples = npt.NDArray[np.int16]


def component_of(project: Path) -> Path:
    """The folder of the component in a project."""
    package = packages.look_up(FORMAT)
    assert isinstance(package, Framework)
    return project / package.library


def compiled_module(project: Path) -> ModuleType:
    """The part of the component's Python that needs no ESPHome."""
    path = component_of(project) / "compiled.py"
    spec = importlib.util.spec_from_file_location(f"compiled_{abs(hash(path))}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Driven:
    """A component in a program."""

    content: Content
    program: Path

    def steps(self, *names: str) -> list[str]:
        """The steps that set the component up as a YAML with these models does; the first word listens."""
        steps: list[str] = []
        for number, model in enumerate(self.content.models):
            settings = f"{number} {model.detector.average_window} {model.detector.on_threshold}"
            if model.name in names and model.gates:
                steps.append(f"vad {settings}")
            elif model.name in names:
                steps.append(f"model {settings} {int(model.name == names[0])} 0 {model.name} {model.phrase}")
        return [*steps, "stop_after_detection 0", "setup"]

    def drive(self, samples: Samples, *steps: str) -> tuple[list[str], str]:
        """What the program says, and its log."""
        audio = self.program.parent / "audio.raw"
        audio.write_bytes(samples.astype("<i2").tobytes())
        log = self.program.parent / "log.txt"
        out = run(
            "bash", "-c", f'"$0" "$1" 2> "{log}"', self.program, audio,
            folder=self.program.parent, stdin="\n".join([*steps, ""]).encode(),
        )  # fmt: skip
        return out.splitlines(), log.read_text()


def detections(lines: list[str]) -> list[tuple[int, str]]:
    """The detections in what the program says: samples so far, and the wake word."""
    pairs = [line.split(" ", 1) for line in lines]
    return [(int(count), wake_word) for count, wake_word in pairs if count.isdigit()]


def build(content: Content, folder: Path, flags: tuple[str, ...] = SANITIZED) -> Driven:
    """Renders the component and builds it: C as ESP-IDF does, C++ as ESPHome does, all with warnings as errors."""
    component = component_of(render(FORMAT, content, folder / "project"))
    place = folder / "tree" / "esphome" / "components"
    place.mkdir(parents=True)
    (place / component.name).symlink_to(component)
    run("gcc", "-std=gnu17", "-O1", *flags, *STRICT.split(), "-c", *sorted(component.glob("*.c")), folder=folder)
    includes = [f"-I{path}" for path in (folder / "tree", STAND_IN / "headers", STAND_IN / "idf")]
    sources = [*sorted(component.glob("*.cpp")), STAND_IN / "drive.cpp"]
    run("g++", "-std=gnu++20", "-pthread", *flags, "-Wall", "-Wextra", "-Werror", *includes, *sources,
        *sorted(folder.glob("*.o")), "-o", folder / "drive", folder=folder)  # fmt: skip
    return Driven(content, folder / "drive")
