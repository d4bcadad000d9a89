"""TFLM's interpreter gives the bytes of the generated C, and where it does not, seldom and by little."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
from frameworks import audio, published, rows_of

from wwtool.budget.dry_build import random_tflite
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.registry import ENGINES
from wwtool.errors import InputError
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.int8.arithmetic import logistic_table
from wwtool.models.zoo import ZOO
from wwtool.tflite.reader import parse_model

PUBLISHED = published()
needs_tflm = pytest.mark.skipif(not importlib.util.find_spec("tflite_micro"), reason="tflite-micro is not installed")


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return DEFAULT_FRONT_END.quantized([audio()])


@needs_tflm
@pytest.mark.parametrize(
    ("content", "exact"),
    [
        *((random_tflite(ZOO[name], name), name != "res48") for name in ("tcn32", "tcn64", "res48")),
        *((path.read_bytes(), True) for path in PUBLISHED),
    ],
    ids=["tcn32", "tcn64", "res48", *(path.stem for path in PUBLISHED)],
)
def test_it_differs_by_one_step_of_the_last_layer_at_most(content: bytes, exact: bool, frames: np.ndarray) -> None:
    rows = rows_of(content, frames)
    ours, theirs = (ENGINES[name](content, [rows])[0].astype(int).ravel() for name in ("c", "tflm"))
    differ = np.flatnonzero(ours != theirs)
    assert len(set(ours)) > 1
    assert exact != bool(differ.size) and len(differ) < len(ours) / 100
    last = next(op for op in parse_model(content).operators if op.kind == "LOGISTIC")
    logits = parse_model(content).tensor(last.inputs[0])
    engine = LiteRtEngine(content, keep_tensors=True)
    for place, row in enumerate(rows[: differ[-1] + 1 if differ.size else 0]):
        engine.step(row)
        if place in differ:
            table, logit = logistic_table(logits.scale, logits.zero_point), int(engine.tensor(last.inputs[0]).item())
            near = [int(table[step + 128]) + 128 for step in (logit - 1, logit + 1) if -128 <= step <= 127]
            assert theirs[place] in near, place


@needs_tflm
def test_what_it_cannot_run_is_refused() -> None:
    content = random_tflite(ZOO["tcn32"], "tcn32")
    with pytest.raises(InputError):
        ENGINES["tflm"](content[: len(content) // 2], [np.zeros((1, 3, 40), np.int8)])


def test_without_the_package() -> None:
    code = (
        "import sys; sys.modules['tflite_micro'] = None\n"
        "from wwtool.engines.registry import ENGINES\n"
        "from wwtool.errors import ToolError\n"
        "try:\n    ENGINES['tflm'](b'', [])\n"
        "except ToolError as error:\n    assert 'pip install tflite-micro' in str(error)\n"
        "else:\n    sys.exit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
