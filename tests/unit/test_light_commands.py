"""Commands that train nothing start in half a second: they load no library that takes a second."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ("torch", "scipy.signal", "scipy.stats", "ai_edge_litert.interpreter", "onnxruntime", "esptool")


def _loaded(*modules: str) -> list[str]:
    """Which of the heavy libraries a new process has when it has imported ``modules``."""
    script = f"import sys, {', '.join(modules)}; print(*[name for name in {_HEAVY!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_commands_that_need_no_model() -> None:
    light = ("platforms", "voices", "compile", "run", "emulate", "flash", "hil", "bringup")
    assert _loaded(*(f"wwtool.cli.{name}" for name in light)) == []


@pytest.mark.parametrize("module", ["wwtool.data.synth", "wwtool.data.negatives", "wwtool.features.pools"])
def test_worker_processes(module: str) -> None:
    """What a worker imports before its first task; each new pool of workers does it again."""
    assert _loaded(module) == []
