"""What the tests of frameworks share: rendered projects, and their builds with the stand-ins of tests/stand_ins."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from board_images import random_tflite

from wwtool import packages
from wwtool.base.text import safe_identifier
from wwtool.compiler.package import CompiledModel
from wwtool.config import BoardConfig
from wwtool.evaluation.detector import DetectorConfig
from wwtool.packages.compiling import compile_for
from wwtool.packages.package_format import Content
from wwtool.pipeline.packaging import prefix_of
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

STAND_INS = Path(__file__).resolve().parents[1] / "stand_ins"
STRICT = "-Wall -Wextra -Wconversion -Wno-error=unused-function -Werror"
# Detects once, as soon as the detector is warm, whatever a model says.
ALWAYS = DetectorConfig(average_window=1, on_threshold=1, off_threshold=1, warmup=3)
NOISE = np.random.default_rng(0).integers(-3000, 3000, 16000).astype("<i2").tobytes()


@cache
def model_file() -> bytes:
    """A small streaming model, the same for all tests."""
    torch.manual_seed(7)
    return random_tflite("tcn32")


@cache
def compiled(platform: str, prefix: str | None) -> CompiledModel:
    return compile_for(load_platform(platform), parse_model(model_file()), "model", prefix)


def model_of(platform: Platform, phrase: str, detector: DetectorConfig, prefix: str | None) -> Content:
    name = safe_identifier(phrase)
    return Content(platform, compiled(platform.name, prefix), model_file(), phrase, detector, name)


def content_of(platform: str, *phrases: str, preset: str | None = None, detector: DetectorConfig = ALWAYS) -> Content:
    """A package's content; every phrase is a model of its own."""
    profile = load_platform(platform)
    if preset:
        profile = profile.with_board(BoardConfig(preset=preset))
    several = len(phrases) > 1
    parts = [
        model_of(profile, phrase, detector, prefix_of(safe_identifier(phrase)) if several else None)
        for phrase in phrases
    ]
    return Content(**{**vars(parts[0]), "beside": tuple(parts[1:])})


def render(framework: str, content: Content, folder: Path) -> Path:
    package = packages.look_up(framework)
    package.require_platform(content.platform)
    package.check(content)
    folder.mkdir(parents=True, exist_ok=True)
    package.render(folder, content)
    return folder


def need(*tools: str) -> None:
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not installed")


def run(
    *command: str | Path, folder: Path, stdin: bytes = b"", code: int = 0, environment: Mapping[str, str | Path] = {},
) -> str:  # fmt: skip
    done = subprocess.run(
        list(map(str, command)), cwd=folder, input=stdin, capture_output=True, check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **{k: str(v) for k, v in environment.items()}},
    )  # fmt: skip
    text = (done.stdout + done.stderr).decode(errors="replace")
    assert (done.returncode == 0) == (code == 0), text
    return text


def cmake(source: Path, *options: str, code: int = 0, **environment: str | Path) -> str:
    """Configures a CMake project in its folder ``build``, and builds it unless it is to be refused."""
    flags = [f"-DCMAKE_C_FLAGS={STRICT}", f"-DCMAKE_CXX_FLAGS={STRICT}", "-DCMAKE_BUILD_TYPE=Debug", "-G", "Ninja"]
    text = run("cmake", "-B", "build", *flags, *options, folder=source, code=code, environment=environment)
    if code == 0:
        text += run("cmake", "--build", "build", "-j", "2", folder=source, environment=environment)
    return text


def arduino(project: Path, library: Path, sketch: Path, target: Path) -> Path:
    """Builds a sketch as the Arduino IDE does: every source of the library for size, then the sketch as C++."""
    stand_in = [f"-I{STAND_INS / 'arduino'}", f"-I{STAND_INS / 'common'}"]
    target.mkdir(parents=True, exist_ok=True)
    strict = ["-Os", "-Wall", "-Wextra", "-Werror", "-DARDUINO=10607"]
    objects = [target / f"{source.stem}.o" for source in sorted(library.glob("*.c"))]
    run("gcc", "-std=gnu11", *strict, "-c", *sorted(library.glob("*.c")), folder=target)
    cpp = ["-std=gnu++17", *strict, *stand_in, f"-I{library}", f"-I{sketch}"]
    sources = [path for path in sorted(sketch.iterdir()) if path.suffix in (".cpp", ".ino")]
    run("g++", *cpp, "-include", "Arduino.h", "-x", "c++", *sources, STAND_INS / "arduino" / "main.cpp", "-x", "none",
        *objects, "-o", target / "sketch", folder=project)  # fmt: skip
    return target / "sketch"
