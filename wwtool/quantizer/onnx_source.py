"""A float ONNX model becomes a float .tflite by onnx2tf, which is a program in an environment of its own.

onnx2tf pins versions of NumPy and LiteRT that are not wwtool's. It keeps no scales of a quantized ONNX model
(PINTO0309/onnx2tf, issue 680), so those are refused. What it makes is held to the ONNX model in onnxruntime.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import counted, one_line, printable
from wwtool.base.tools import missing, program
from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.export.onnx_graph import INSTALL, import_onnx
from wwtool.export.onnx_proof import runtime
from wwtool.quantizer.float_model import FloatModel, plain_name, read_bounded
from wwtool.tflite import limits
from wwtool.tflite.reader import parse_model

ONNX2TF = program("onnx2tf", "quantizing ONNX models", "pipx install onnx2tf")

_INTEGERS = re.compile(r"Quantize|QLinear|Integer|QAttention|QGemm")
_NAME = re.compile(r"[A-Za-z0-9_][\w.:/-]{0,199}")
_TIMEOUT_S = 1800.0
_ROWS = 64  # that both models see
_TOLERANCE = 1e-3  # of the largest output; float kernels that sum in another order differ by far less
_LEAST = 1e-3  # what counts as the largest output where all are nearly 0


def from_onnx(path: Path) -> FloatModel:
    """Converts the file.

    Raises:
        InputError: it is no float ONNX model, or onnx2tf cannot convert it.
        ToolError: onnx2tf, onnx or onnxruntime is missing.
    """
    name = printable(str(path))
    inputs = _inputs(read_bounded(path), name)
    if runtime() is None:
        raise missing("onnxruntime", INSTALL)
    with TemporaryFolder("onnx2tf") as folder:
        command: list[str | Path] = [
            *ONNX2TF.command(),
            "-i",
            path.resolve(),
            "-o",
            folder / "out",
            "-n",
            "-b",
            "1",
            "-kat",
            *inputs,
        ]
        done = run_program(command, cwd=folder, timeout_s=_TIMEOUT_S, remedy=ONNX2TF.remedy)
        made = sorted((folder / "out").glob("*_float32.tflite"))
        if done.returncode or not made:
            raise InputError(
                f"onnx2tf cannot convert {name}: {_reason(done.stdout + done.stderr)}; change the model, or give a "
                "float .tflite that another program has made of it"
            )
        content = made[0].read_bytes()
    return FloatModel(content, partial(_proof, path, name, inputs, content), tuple(inputs))


def _inputs(content: bytes, name: str) -> list[str]:
    """The names of a float model's inputs."""
    onnx = import_onnx()
    if len(content) > limits.MODEL_BYTES:
        raise InputError(f"{name} has more than {limits.MODEL_BYTES:,} bytes; use a smaller model")
    try:
        model = onnx.load_model_from_string(content)
        if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
            raise InputError(f"{name} keeps its weights in another file; save it as one file")
        onnx.checker.check_model(model)
    except InputError:
        raise
    except Exception as error:  # protobuf's and the checker's have no common class
        raise InputError(f"{name} is no valid ONNX model: {one_line(str(error))[:200]}; export it again") from error
    graph = model.graph
    integers = sorted({node.op_type for node in graph.node if _INTEGERS.search(node.op_type)})
    if integers:
        raise InputError(
            f"{name} is quantized already ({', '.join(integers)}), and onnx2tf does not keep its scales; give the "
            "float model that it was made from, or train with wwtool, whose exporter keeps them"
        )
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    for value in inputs:
        if not _NAME.fullmatch(value.name):
            raise InputError(f"{name} has an input named {printable(value.name, 60)!r}; name it in letters and digits")
        if any(size.dim_value < 1 for size in value.type.tensor_type.shape.dim[1:]):
            raise InputError(
                f"{name} leaves a size of its input {value.name} open; export it with fixed sizes, only the first may "
                "be open"
            )
    return [value.name for value in inputs]


def _reason(output: str) -> str:
    """The line that says why: the last that speaks of an error."""
    lines = [one_line(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if re.search("error", line, re.IGNORECASE)]
    return ((wrong or lines or ["it said nothing"])[-1])[:300]


def _proof(path: Path, name: str, inputs: list[str], content: bytes, rows: Sequence[npt.NDArray[Any]]) -> str:
    """Holds the .tflite to the ONNX model.

    Raises:
        InputError: an output is another.
    """
    onnxruntime = runtime()
    assert onnxruntime is not None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    some, graph = [array[:_ROWS] for array in rows], parse_model(content, name)
    order = [plain_name(graph.tensor(index).name) for index in graph.inputs]
    order = order if sorted(order) == sorted(inputs) else inputs
    expected = [session.run(None, dict(zip(order, row, strict=True))) for row in zip(*some, strict=True)]
    made = LiteRtEngine(content, reference=False).run_all(some)
    if len(made) != len(expected[0]):
        raise InputError(f"onnx2tf gave {name} {counted(len(made), 'output')} instead of {len(expected[0])}")
    apart = 0.0
    for number, got in enumerate(made):
        want = np.stack([np.asarray(outputs[number]) for outputs in expected])
        apart = max(apart, _apart(name, number, want, got))
    return f"the .tflite of onnx2tf is at most {apart:.1e} from the ONNX model over {counted(len(expected), 'row')}"


def _apart(name: str, number: int, want: npt.NDArray[Any], got: npt.NDArray[Any]) -> float:
    """How far an output of the .tflite is from that of the ONNX model."""
    if want.size != got.size:
        sizes = f"from {want.size // len(want)} to {counted(got.size // len(got), 'value')}"
        raise InputError(f"onnx2tf changed output {number} of {name} {sizes}; its option -prf mends what it misreads")
    difference = float(np.abs(got.reshape(want.shape).astype(np.float64) - want).max())
    if not difference <= _TOLERANCE * max(_LEAST, float(np.abs(want).max())):
        raise InputError(
            f"onnx2tf made another model of {name}: output {number} is up to {difference:.4g} apart; its option -prf "
            "mends what it misreads"
        )
    return difference
