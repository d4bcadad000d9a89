"""TFLM's interpreter gives the bytes of the generated C, and where it does not, seldom and by little."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from packaged import random_tflite
from sounds import speech_noise_and_silence

from wwtool.engines.registry import ENGINES
from wwtool.errors import InputError
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.tflite.reader import parse_model

SPEC = importlib.util.find_spec("pymicro_wakeword")
PUBLISHED = sorted((Path(SPEC.origin).parent / "models").glob("*.tflite")) if SPEC and SPEC.origin else []
needs_tflm = pytest.mark.skipif(not importlib.util.find_spec("tflite_micro"), reason="tflite-micro is not installed")


def differences(content: bytes) -> np.ndarray:
    """Of every output on speech, noise and silence, in steps."""
    graph = parse_model(content)
    stride = graph.tensor(graph.inputs[0]).shape[1]
    frames = DEFAULT_FRONT_END.quantized([speech_noise_and_silence()])
    rows = [frames[: len(frames) // stride * stride].reshape(-1, stride, 40)]
    theirs, ours = (ENGINES[name](content, rows)[0].astype(int) for name in ("tflm", "c"))
    return np.asarray(theirs - ours)


@needs_tflm
@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_models(path: Path) -> None:
    assert not differences(path.read_bytes()).any()


@needs_tflm
@pytest.mark.parametrize("name", ["tcn32", "tcn64", "res48"])
def test_the_zoo(name: str) -> None:
    found = differences(random_tflite(name))
    assert (found != 0).mean() < 0.01 and np.abs(found).max() <= 8


@needs_tflm
def test_what_it_cannot_run_is_refused() -> None:
    content = bytearray(random_tflite())
    with pytest.raises(InputError):
        ENGINES["tflm"](bytes(content[: len(content) // 2]), [np.zeros((1, 3, 40), np.int8)])


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
