"""The engines, by name. Each is imported when it runs, because PyTorch and LiteRT take seconds to load."""

from __future__ import annotations

from collections.abc import Callable

from wwtool.engines.interface import Array

# Runs the rows of every input from a fresh state, and returns the rows of every output (see interface.py).
RunRows = Callable[[bytes, list[Array]], list[Array]]


def _generated_c(content: bytes, rows: list[Array]) -> list[Array]:
    from wwtool.engines.native import NativeEngine

    with NativeEngine(content) as engine:
        return engine.run_all(rows)


def _litert(content: bytes, rows: list[Array]) -> list[Array]:
    from wwtool.engines.litert import LiteRtEngine

    return LiteRtEngine(content).run_all(rows)


def _torch(content: bytes, rows: list[Array]) -> list[Array]:
    from wwtool.engines.torch_engine import TorchEngine

    return TorchEngine(content).run_all(rows)


def _tflm(content: bytes, rows: list[Array]) -> list[Array]:
    from wwtool.engines.tflm import run_in_tflm

    return run_in_tflm(content, rows)


ENGINES: dict[str, RunRows] = {
    "c": _generated_c,
    "litert": _litert,
    "torch": _torch,
    "tflm": _tflm,
}
DEFAULT_ENGINE = "c"
