"""ONNX models that are quantized by way of onnx2tf: a stand-in for it where the way is tested, itself where it is."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from float_models import as_float
from graphs import Net

from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError, ToolError, UsageError
from wwtool.jobs.quantize import QuantizeOutput, QuantizeRequest, plan, run
from wwtool.models.quantized import Scale
from wwtool.quantizer import onnx_source
from wwtool.quantizer.material import read_material
from wwtool.tflite.reader import parse_model

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

WEIGHTS = np.random.default_rng(1).integers(-127, 128, (3, 8), np.int8)
SCALE = 0.01
LINES = "#!{python}\nimport shutil, sys, os\n{lines}\n"
COPY = """arguments = sys.argv[1:]
assert arguments[-3:] == ["1", "-kat", "x"], arguments
folder = arguments[arguments.index("-o") + 1]
os.makedirs(folder)
shutil.copy({made!r}, folder + "/m_float32.tflite")"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a program named onnx2tf on PATH, with these lines of Python."""

    def install(lines: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "onnx2tf"
        program.write_text(LINES.format(python=sys.executable, lines=lines))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    return install


def float_tflite(folder: Path, weights: np.ndarray[Any, Any] = WEIGHTS) -> Path:
    net = Net((1, 8), Scale(0.1, 0))
    path = folder / "made.tflite"
    path.write_bytes(as_float(net.pack(net.dense(net.input, weights, None, SCALE, Scale(0.2, 0)))))
    return path


def onnx_model(
    folder: Path, operator: str = "Gemm", name: str = "x", external: bool = False, shape: Any = (1, 8)
) -> Path:
    helper, types = onnx.helper, onnx.TensorProto
    weights = onnx.numpy_helper.from_array(WEIGHTS.astype(np.float32) * np.float32(SCALE), "w")
    nodes = [helper.make_node("Gemm", [name, "w"], ["y"], transB=1)]
    if operator != "Gemm":
        zero = onnx.numpy_helper.from_array(np.asarray(0.1, np.float32), "s")
        nodes = [helper.make_node(operator, [name, "s"], ["q"]), *nodes]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info(name, types.FLOAT, shape)],
        [helper.make_tensor_value_info("y", types.FLOAT, (1, 3))],
        [weights] if operator == "Gemm" else [weights, zero],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = folder / "model.onnx"
    onnx.save_model(model, str(path), save_as_external_data=external, size_threshold=0)
    return path


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.npy"
    np.save(path, np.random.default_rng(0).uniform(-3, 3, (120, 8)).astype(np.float32))
    return path


def quantized(model: Path, rows: Path) -> QuantizeOutput:
    return run(plan(QuantizeRequest(model=model, data=rows, out=model.parent / "out.tflite")))


def test_an_onnx_model_becomes_int8(tmp_path: Path, stand_in: Any, rows: Path) -> None:
    stand_in(COPY.format(made=str(float_tflite(tmp_path))))
    result = quantized(onnx_model(tmp_path), rows)
    assert result.outputs[0].agreement == 1.0
    with NativeEngine((tmp_path / "out.tflite").read_bytes()) as engine:
        assert engine.run(np.zeros((1, 1, 8), np.int8)).shape[-1] == 3


def test_rows_go_to_the_inputs_that_the_onnx_file_names(tmp_path: Path) -> None:
    net = Net((1, 8), Scale(0.1, 0))
    other = net.add_input((1, 8), Scale(0.1, 0))
    graph = parse_model(as_float(net.pack(net.binary("ADD", net.input, other, Scale(0.2, 0)))))
    first, second = (graph.tensor(index).name for index in graph.inputs)
    zeros, ones = np.zeros((9, 8), np.float32), np.ones((9, 8), np.float32)
    both: list[dict[str, Any]] = [{"input_0": ones, "input_1": zeros}, {second: ones, first: zeros}]
    for arrays in both:
        np.savez(tmp_path / "two.npz", **arrays)
        material = read_material(
            tmp_path / "two.npz", graph, None, lambda *at: None, lambda text: None, inputs=(second, first)
        )
        assert [stream.max() for stream in material.streams[0]] == [0.0, 1.0]
    with pytest.raises(InputError, match=f"has no array '{second}' or 'input_0'"):
        np.savez(tmp_path / "one.npz", x=ones)
        read_material(tmp_path / "one.npz", graph, None, lambda *at: None, lambda text: None, inputs=(second, first))


def test_a_size_that_is_open_is_that_of_the_rows(tmp_path: Path, stand_in: Any, rows: Path) -> None:
    stand_in(COPY.format(made=str(float_tflite(tmp_path))))
    assert quantized(onnx_model(tmp_path, shape=("batch", 8)), rows).outputs[0].agreement == 1.0
    assert quantized(onnx_model(tmp_path, shape=("batch", "length")), rows).outputs[0].agreement == 1.0
    np.save(rows, np.load(rows)[:, 0])
    with pytest.raises(InputError, match="leaves a size of its input x open; export it with fixed sizes, give"):
        quantized(onnx_model(tmp_path, shape=(1, "length")), rows)


SPOKEN = np.random.default_rng(2).integers(-127, 128, (3, 200), np.int8)


def spoken_model(folder: Path, sizes: tuple[Any, ...]) -> Path:
    """A layer over five slices of 40 features, as ONNX with an input of these sizes."""
    helper, types, real = onnx.helper, onnx.TensorProto, onnx.numpy_helper.from_array
    constants = [real(SPOKEN.astype(np.float32) * np.float32(SCALE), "w"), real(np.array([1, 200]), "flat")]
    nodes = [helper.make_node("Reshape", ["x", "flat"], ["row"])]
    nodes.append(helper.make_node("Gemm", ["row", "w"], ["y"], transB=1))
    ports = (
        [helper.make_tensor_value_info("x", types.FLOAT, sizes)],
        [helper.make_tensor_value_info("y", types.FLOAT, (1, 3))],
    )
    graph = helper.make_graph(nodes, "g", *ports, constants)
    path = folder / "spoken.onnx"
    onnx.save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def test_recordings_for_a_model_that_leaves_its_length_open(tmp_path: Path, stand_in: Any) -> None:
    net = Net((1, 5, 40), Scale(0.1, 0))
    flat = net.reshape(net.input, (1, 200))
    made = tmp_path / "made.tflite"
    made.write_bytes(as_float(net.pack(net.dense(flat, SPOKEN, None, SCALE, Scale(20.0, 0)))))
    stand_in(COPY.format(made=str(made)))
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).normal(0, 0.1, 32_000)
        soundfile.write(recordings / f"{number}.wav", noise, 16_000)

    def made_of(sizes: tuple[Any, ...], slices: int | None) -> QuantizeOutput:
        model = spoken_model(tmp_path, sizes)
        return run(plan(QuantizeRequest(model=model, data=recordings, out=tmp_path / "out.tflite", slices=slices)))

    result = made_of((1, "length", 40), 5)
    assert result.calibrated + result.compared == 3 * (198 // 5)
    with pytest.raises(InputError, match="input x open; export it with fixed sizes, give --slices"):
        made_of((1, "length", 40), None)
    with pytest.raises(InputError, match="leaves no size open; leave --slices out"):
        made_of((1, 5, 40), 5)
    with pytest.raises(InputError, match="leaves several sizes open"):
        made_of((1, "length", "features"), 5)
    with pytest.raises(InputError, match=r"made.tflite leaves no size open"):
        plan(QuantizeRequest(model=made, data=recordings, out=tmp_path / "out.tflite", slices=5))


def test_what_is_another_model_is_refused(tmp_path: Path, stand_in: Any, rows: Path) -> None:
    stand_in(COPY.format(made=str(float_tflite(tmp_path, WEIGHTS + np.int8(1)))))
    with pytest.raises(InputError, match=r"onnx2tf made another model of .*model.onnx: output 0 is up to .* apart"):
        quantized(onnx_model(tmp_path), rows)
    stand_in(COPY.format(made=str(float_tflite(tmp_path, WEIGHTS[:2]))))
    with pytest.raises(InputError, match=r"changed output 0 of .* from 3 to 2 values"):
        quantized(onnx_model(tmp_path), rows)
    assert not (tmp_path / "out.tflite").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"operator": "QuantizeLinear"}, r"is quantized already \(QuantizeLinear\), and onnx2tf does not keep its sca"),
        ({"name": "-o"}, "has an input named '-o'; name it in letters and digits"),
        ({"external": True}, "keeps its weights in another file; save it as one file"),
    ],
)
def test_what_onnx2tf_must_not_see_is_refused(
    tmp_path: Path, stand_in: Any, rows: Path, changes: dict[str, Any], message: str
) -> None:
    stand_in("raise SystemExit('it ran')")
    with pytest.raises(InputError, match=message):
        quantized(onnx_model(tmp_path, **changes), rows)


def test_no_onnx_model_is_refused(tmp_path: Path, rows: Path) -> None:
    for content in (b"", b"no model at all", onnx_model(tmp_path).read_bytes()[:40]):
        (tmp_path / "bad.onnx").write_bytes(content)
        with pytest.raises(InputError, match=r"bad.onnx is no valid ONNX model"):
            quantized(tmp_path / "bad.onnx", rows)
    with pytest.raises(InputError, match="cannot read the model"):
        quantized(tmp_path / "gone.onnx", rows)


def test_a_conversion_that_fails_says_why(tmp_path: Path, stand_in: Any, rows: Path) -> None:
    stand_in("print('loading'); print('ERROR: \\x1b[31mno such op: Foo\\x1b[0m'); print('bye'); sys.exit(1)")
    with pytest.raises(
        InputError, match=r"onnx2tf cannot convert .*model.onnx: ERROR: no such op: Foo; change the model, or give"
    ):
        quantized(onnx_model(tmp_path), rows)
    stand_in("pass")
    with pytest.raises(InputError, match="it said nothing"):
        quantized(onnx_model(tmp_path), rows)


def test_tools_that_are_missing_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Any, rows: Path
) -> None:
    stand_in("pass")
    monkeypatch.setattr(onnx_source, "runtime", lambda: None)
    with pytest.raises(ToolError, match="onnxruntime was not found"):
        quantized(onnx_model(tmp_path), rows)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="onnx2tf was not found; get it with: pipx install onnx2tf"):
        quantized(onnx_model(tmp_path), rows)


def test_the_onnx_file_is_not_overwritten(tmp_path: Path, rows: Path) -> None:
    model = onnx_model(tmp_path)
    with pytest.raises((InputError, UsageError), match="choose another name with --out"):
        plan(QuantizeRequest(model=model, data=rows, out=model))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("onnx2tf") is None, reason="onnx2tf is not installed")
def test_onnx2tf_itself(tmp_path: Path, rows: Path) -> None:
    assert quantized(onnx_model(tmp_path), rows).outputs[0].agreement == 1.0
