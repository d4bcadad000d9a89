"""onnx2tf, a program in an environment of its own: an ONNX model becomes a float .tflite, or one of integers.

onnx2tf pins versions of NumPy and LiteRT that are not wwtool's. Its integers are those of TensorFlow's converter, which
calibrates; it keeps no scale of a quantized ONNX model (PINTO0309/onnx2tf, issue 680).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import one_line
from wwtool.base.tools import program
from wwtool.errors import InputError

ONNX2TF = program("onnx2tf", "quantizing ONNX models", "pipx install onnx2tf")

_TIMEOUT_S = 1800.0
_WITH_TENSORFLOW = "pipx install 'onnx2tf[tensorflow]'"
_BACKEND = "--tflite_backend"  # of version 2, whose default quantizes weights only


def float_tflite(content: bytes, inputs: Sequence[str], name: str) -> bytes:
    """A float .tflite of an ONNX model with these inputs, whose shapes are kept; ``name`` stands for it in messages.

    Raises:
        InputError: onnx2tf cannot convert it.
        ToolError: onnx2tf is missing.
    """
    remedy = "change the model, or give a float .tflite that another program has made of it"
    return _run(content, ["-n", "-b", "1", "-kat", *inputs], "*_float32.tflite", f"convert {name}", remedy)


def integer_tflite(
    content: bytes, calibration: Mapping[str, npt.NDArray[np.float32]], output_type: str, name: str
) -> bytes:
    """An INT8 .tflite of an ONNX model, which onnx2tf calibrates.

    Args:
        content: the model.
        calibration: for each input, by its name, rows (N, *shape).
        output_type: int8 or uint8.
        name: stands for the model in messages.

    Raises:
        InputError: onnx2tf cannot quantize it.
        ToolError: onnx2tf is missing.
    """
    with TemporaryFolder("calibration") as folder:
        words = ["-b", "1", "-oiqt", "-oqd", output_type, *_backend(), "-kat", *calibration]
        for number, (key, rows) in enumerate(calibration.items()):
            file = folder / f"{number}.npy"
            np.save(file, rows.reshape(len(rows), *rows.shape[2:]) if rows.shape[1:2] == (1,) else rows)
            words += ["-cind", key, str(file), "[0.0]", "[1.0]"]
        remedy = f"leave out --quantizer, or see that its TensorFlow is there ({_WITH_TENSORFLOW})"
        return _run(content, words, "*_full_integer_quant.tflite", f"quantize {name}", remedy)


def _backend() -> list[str]:
    """The words that ask a version of onnx2tf for TensorFlow that can do without it."""
    usage = run_program([*ONNX2TF.command(), "-h"], timeout_s=_TIMEOUT_S, remedy=ONNX2TF.remedy).stdout
    return [_BACKEND, "tf_converter"] if _BACKEND in usage else []


def _run(content: bytes, words: Sequence[str], pattern: str, purpose: str, remedy: str) -> bytes:
    with TemporaryFolder("onnx2tf") as folder:
        source = folder / "model.onnx"
        source.write_bytes(content)
        command: list[str | Path] = [*ONNX2TF.command(), "-i", source, "-o", folder / "out", *words]
        done = run_program(command, cwd=folder, timeout_s=_TIMEOUT_S, remedy=ONNX2TF.remedy)
        made = sorted((folder / "out").glob(pattern))
        if not made or done.returncode:
            raise InputError(f"onnx2tf cannot {purpose}: {_reason(done.stdout + done.stderr)}; {remedy}")
        return made[0].read_bytes()


def _reason(output: str) -> str:
    """The line that says why: the last that speaks of an error."""
    lines = [one_line(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if re.search("error", line, re.IGNORECASE)]
    return ((wrong or lines or ["it said nothing"])[-1])[:300]


def rows_by_input(
    inputs: Sequence[str], order: Sequence[str], arrays: Sequence[npt.NDArray[Any]]
) -> dict[str, npt.NDArray[np.float32]]:
    """Rows by the names of the ONNX model's inputs; ``order``: the names of the arrays, if they have kept theirs."""
    names = order if sorted(order) == sorted(inputs) else inputs
    return {name: np.asarray(rows, np.float32) for name, rows in zip(names, arrays, strict=True)}
