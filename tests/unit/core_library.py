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
from wwtool.frontend.registry import DEFAULT_FRONT_END

FRONTENDS = {version or "plain": DEFAULT_FRONT_END.c_sources(version) for version in KERNEL_SETS}
FRONTEND = FRONTENDS["plain"]
DETECTOR = ("ww_detector.c",)


@cache
def load(*sources: str) -> ctypes.CDLL:
    """Compiles these files of ``core/`` with the host's compiler, strictly, and loads them."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    core = asset_dir("firmware_templates") / "core"
    folder = Path(mkdtemp(prefix="wwtool-core-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "core.so"
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC", f"-I{core}"]
    subprocess.run([compiler, *flags, "-o", library, *(core / name for name in sources)], check=True)
    return ctypes.CDLL(str(library))
