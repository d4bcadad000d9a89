"""Builds a sketch and its library on this machine, and runs it: for the stand-ins of arduino-cli and pio."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def run(library: Path, sketch: Path) -> None:
    out = Path("sketch-build").resolve()
    out.mkdir(exist_ok=True)
    sources = sorted(library.resolve().glob("*.c"))
    subprocess.run(["gcc", "-std=gnu11", "-Os", "-c", *sources], cwd=out, check=True)
    includes = [f"-I{folder}" for folder in (HERE / "arduino", HERE / "common", library, sketch)]
    code = [path for path in sorted(sketch.iterdir()) if path.suffix in (".ino", ".cpp")]
    subprocess.run(
        ["g++", "-std=gnu++17", *includes, "-include", "Arduino.h", "-x", "c++", *code, HERE / "arduino" / "main.cpp",
         "-x", "none", *sorted(out.glob("*.o")), "-o", out / "sketch"],
        check=True,
    )  # fmt: skip
    with Path(os.environ["STAND_IN_AUDIO"]).open("rb") as audio:
        subprocess.run([out / "sketch"], stdin=audio, check=True)
