"""Builds the C core as a shared library for ctypes. Not a test."""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from wwtool.base.assets import asset_dir
from wwtool.compiler.kernels.registry import KERNEL_SETS
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END

FRONTENDS = {version or "plain": DEFAULT_FRONT_END.c_sources(version) for version in KERNEL_SETS}
FRONTEND = FRONTENDS["plain"]
DETECTOR = ("ww_detector.c",)
CORE = asset_dir("firmware_templates") / "core"


@cache
def load(*sources: str) -> ctypes.CDLL:
    """Compiles these files of ``core/`` with the host's compiler, strictly, and loads them."""
    return _compiled(_compiler(), _folder(), [CORE / name for name in sources], CORE)


def load_front_end(front_end: FrontEnd) -> ctypes.CDLL:
    """Compiles a front end with its settings, as ``load`` does."""
    folder = _folder()
    sources, headers = write_front_end(front_end, folder)
    return _compiled(_compiler(), folder, sources, *headers)


def write_front_end(front_end: FrontEnd, folder: Path) -> tuple[list[Path], list[Path]]:
    """Writes what the settings make of a front end; returns its C files, and where their headers are."""
    for name, text in front_end.c_settings().items():
        (folder / name).write_text(text)
    sources = [CORE / name for name in front_end.c_sources("")]
    return [*sources, *folder.glob("*.c")], [sources[0].parent, folder, CORE]


def _compiler() -> str:
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    return compiler


def _folder() -> Path:
    folder = Path(mkdtemp(prefix="wwtool-core-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _compiled(compiler: str, folder: Path, sources: list[Path], *headers: Path) -> ctypes.CDLL:
    library = folder / "core.so"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC"]
    includes = [f"-I{path}" for path in headers]
    subprocess.run([compiler, *flags, *includes, "-o", library, *sources], check=True)
    return ctypes.CDLL(str(library))
