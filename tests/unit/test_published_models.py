"""Published models on emulated cores: every tensor equals LiteRT's, and the arena is as small as it can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from test_fast_kernels import CORES, machine

from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Optimize, Target
from wwtool.engines.diff import compare
from wwtool.engines.random_rows import random_rows
from wwtool.tflite.reader import parse_model

MODELS = sorted((Path(__file__).resolve().parents[3] / "shared" / "models").glob("*.tflite"))
pytestmark = pytest.mark.skipif(not MODELS, reason="the published models are not here")


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_tensor_on_an_emulated_core(path: Path, core: Target) -> None:
    content = path.read_bytes()
    graph = parse_model(content)
    rows = random_rows(graph, 3 if "kws" in path.name else 40)
    rows[0][0] = np.asarray(-128, np.int8)
    for layer in compare(content, rows, machine=machine(core)):
        assert layer.equal, f"{layer.operator}: {layer.differing} of {layer.compared} differ"


@pytest.mark.parametrize("optimize", ["speed", "size"])
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_the_arena_takes_its_lower_bound(path: Path, core: Target, optimize: Optimize) -> None:
    layout = compile_graph(parse_model(path.read_bytes()), path.stem, core, optimize).memory.layout
    assert layout.total <= 1.02 * layout.lower_bound
