"""``wwtool quantize --against``: two quantizations of one float model, layer by layer, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli import Result, run_here
from float_models import as_float
from graphs import RELU, Model, Net
from hypothesis import given
from hypothesis import strategies as st
from output_schemas import check_output

from wwtool.engines.litert import LiteRtEngine
from wwtool.models.quantized import Scale
from wwtool.quantizer.integer_model import IntegerModel, Key, Slot, Snapshot
from wwtool.quantizer.matching import Seen, pairs_of
from wwtool.tflite.reader import parse_model

Run = Callable[..., Result]
SHAPE = (1, 6, 5, 2)


@cache
def picture() -> Model:
    """A float model of one picture: a convolution, a depthwise one, a mean and three classes."""
    generator = np.random.default_rng(0)
    net = Net(SHAPE, Scale(0.05, 3))

    def weights(*shape: int) -> np.ndarray[Any, Any]:
        return generator.integers(-127, 128, shape).astype(np.int8)

    y = net.conv(
        net.input, weights(4, 3, 3, 2), weights(4).astype(np.int32), SPREAD[:4], Scale(0.1, 0), activation=RELU
    )
    y = net.conv(y, weights(1, 2, 2, 4), None, SPREAD[:4], Scale(0.3, 0), depthwise=True)
    y = net.mean(y, [1, 2], False, Scale(0.2, 0))
    return as_float(net.pack(net.softmax(net.dense(y, weights(3, 4), None, 0.004, Scale(0.2, 0)))))


SPREAD = np.asarray([0.004, 0.01, 0.002, 0.03], np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "float.tflite").write_bytes(picture())
    rows = np.random.default_rng(1).standard_t(2, (120, *SHAPE[1:])).astype(np.float32)  # with outliers
    np.save(tmp_path / "rows.npy", rows)
    return tmp_path


@pytest.fixture
def quantize(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Quantizes the model into a file, with the rest of the words."""
    monkeypatch.chdir(folder)
    return lambda out, words="", model="float.tflite", data="rows.npy": run_here(
        capsys, "quantize", model, "--data", data, "-o", out, *words.split()
    )


def test_a_model_against_itself(quantize: Run) -> None:
    quantize("a.tflite")
    output = json.loads(quantize("b.tflite", "--against a.tflite --json").out)
    check_output(output)
    against = output["against"]
    assert [layer["operator"] for layer in against["layers"]][:3] == ["input", "0 CONV_2D", "1 DEPTHWISE_CONV_2D"]
    for layer in against["layers"]:
        assert layer["same_format"] and layer["differing"] == layer["largest"] == 0
        assert layer["snr_db"] == layer["snr_db_there"]
    assert [layer["weights"]["same"] for layer in against["layers"] if layer["weights"]] == [4, 4, 1]
    assert against["missing"] == [] and (against["same_weights"], against["weighted"]) == (3, 3)
    assert "6 of 6 tensors have the same scale and zero point, 3 of 3 layers the same" in against["verdict"]
    assert "both are as close to the float model" in against["verdict"]


def test_other_ranges_are_other_formats(quantize: Run, folder: Path) -> None:
    quantize("there.tflite", "--ranges percentile")
    output = json.loads(quantize("here.tflite", "--against there.tflite --json").out)
    here, there = (parse_model((folder / name).read_bytes()) for name in ("here.tflite", "there.tflite"))
    layers = {layer["tensor"]: layer for layer in output["against"]["layers"]}
    for name, layer in layers.items():
        for graph, key in ((here, ""), (there, "_there")):
            tensor = next(t for t in graph.tensors if t.name == name)
            assert (layer[f"scale{key}"], layer[f"zero_point{key}"]) == (tensor.scale, tensor.zero_point)
    first = layers[here.tensor(here.inputs[0]).name]
    assert not first["same_format"] and first["scale_there"] < first["scale"]
    assert layers[here.tensor(here.outputs[0]).name]["same_format"]  # SOFTMAX has one format
    assert output["against"]["same_formats"] < len(layers)


def test_the_bytes_that_differ_are_counted(quantize: Run, folder: Path) -> None:
    """Against the two files, run by themselves."""
    quantize("there.tflite", "--ranges percentile")
    against = json.loads(quantize("here.tflite", "--against there.tflite --json").out)["against"]
    rows = np.load(folder / "rows.npy")[4::5]
    results = []
    for name in ("here.tflite", "there.tflite"):
        content = (folder / name).read_bytes()
        graph = parse_model(content)
        source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
        steps = rows / np.float32(source.scale)
        integers = np.clip(np.trunc(steps + np.copysign(0.5, steps)) + source.zero_point, -128, 127).astype(np.int8)
        results.append(LiteRtEngine(content).run(integers).astype(int))
        assert (result.scale, result.zero_point) == (1 / 256, -128)
    apart = np.abs(results[0] - results[1])
    assert against["layers"][-1]["differing"] == pytest.approx(np.mean(apart > 0)) and apart.any()
    assert against["layers"][-1]["largest"] == apart.max()


def test_the_table(quantize: Run) -> None:
    quantize("there.tflite", "--ranges percentile")
    out = quantize("here.tflite", "--against there.tflite").out
    assert "WEIGHTS" in out and "against there.tflite: " in out and "same decision in" in out
    assert "LOWEST" not in out and "LOWEST" in quantize("here.tflite").out


def qdq(folder: Path, here: str, shape: Sequence[Any] = (1, 2, 6, 5), stretch: float = 1.0) -> None:
    """The first convolution of ``here`` as a QDQ model that has channels before the picture, and other names."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, types = onnx.helper, onnx.TensorProto
    graph = parse_model((folder / here).read_bytes())
    conv = next(op for op in graph.operators if op.kind == "CONV_2D")
    source, weights, bias = (graph.tensor(index) for index in conv.inputs)
    result = graph.tensor(conv.outputs[0])
    assert weights.quantization is not None and weights.data is not None and bias.data is not None
    constants = {
        "xs": np.float32(source.scale), "xz": np.int8(source.zero_point),
        "w": np.ascontiguousarray(weights.data.transpose(0, 3, 1, 2)), "ws": weights.quantization.scale * stretch,
        "wz": np.zeros(4, np.int8), "ys": np.float32(result.scale * stretch), "yz": np.int8(result.zero_point),
        "b": (bias.data * weights.quantization.scale * source.scale * stretch).astype(np.float32),
    }  # fmt: skip
    nodes = [
        helper.make_node("Transpose", ["nhwc"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("QuantizeLinear", ["nchw", "xs", "xz"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "xs", "xz"], ["xd"]),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=0),
        helper.make_node("Conv", ["xd", "wd", "b"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "ys", "yz"], ["yq"]),
        helper.make_node("DequantizeLinear", ["yq", "ys", "yz"], ["y"]),
    ]
    made = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("nhwc", types.FLOAT, [shape[0], *shape[2:], shape[1]])],
        [helper.make_tensor_value_info("y", types.FLOAT, [shape[0], 4, "height", "width"])],
        [onnx.numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )  # fmt: skip
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (folder / "qdq.onnx").write_bytes(model.SerializeToString())


@pytest.mark.parametrize("rows", [1, "rows"])
def test_a_qdq_model_with_channels_before_the_picture(quantize: Run, folder: Path, rows: Any) -> None:
    quantize("a.tflite")
    qdq(folder, "a.tflite", (rows, 2, 6, 5))
    against = json.loads(quantize("b.tflite", "--against qdq.onnx --json").out)["against"]
    assert [(layer["operator"], layer["tensor_there"]) for layer in against["layers"]] == [
        ("input", "xq"), ("0 CONV_2D", "yq"),
    ]  # fmt: skip
    assert all(layer["same_format"] and layer["differing"] < 0.01 for layer in against["layers"])
    assert against["layers"][1]["weights"] == {"count": 4, "same": 4, "lowest": 1.0, "highest": 1.0}
    assert len(against["missing"]) == 4 and "the outputs were not compared" in against["verdict"]


def test_scales_that_are_not_kept_are_told(quantize: Run, folder: Path) -> None:
    quantize("a.tflite")
    qdq(folder, "a.tflite", stretch=1.25)
    result = quantize("b.tflite", "--against qdq.onnx")
    assert (
        "x 1.25" in result.out
        and "1 of 2 tensors have the same scale and zero point (1 got others), 0 of 1 layer" in result.out
    )


class _Copies(IntegerModel):
    def __init__(self, slots: dict[Key, Slot]) -> None:
        self.name, self.slots = "copies", slots

    def stepped(self, stream: Any) -> Iterator[Snapshot]:
        raise NotImplementedError


@given(st.integers(0, 10**6), st.permutations(range(3)), st.permutations(range(6)), st.booleans())
def test_every_tensor_finds_its_own(seed: int, axes: list[int], places: list[int], named: bool) -> None:
    """Quantized copies with noise, in another order, with other axes, beside a ReLU of the same tensor."""
    generator = np.random.default_rng(seed)
    shape = (3, 4, 5)
    values = [generator.normal(size=(4, *shape)) for _ in range(6)]
    floats = [Seen(n, f"t{n}", (1, *shape), x.reshape(4, -1)) for n, x in enumerate(values)]
    floats.append(Seen(6, "relu", (1, *shape), np.maximum(values[0], 0).reshape(4, -1)))
    floats.append(Seen(7, "tenfold", (1, *shape), values[1].reshape(4, -1) * 10))
    stored: dict[Key, np.ndarray[Any, Any]] = {}
    slots: dict[Key, Slot] = {}
    for n in places:
        turned = values[n].transpose(0, *(axis + 1 for axis in axes))
        slots[f"k{n}"] = Slot(f"k{n}", f"t{n}" if named else f"k{n}", (1, *turned.shape[1:]), "int8", Scale(0.1, 0))
        stored[f"k{n}"] = np.rint(turned * 10).reshape(4, -1) / 10
    pairs = pairs_of(floats, stored, _Copies(slots))
    assert {index: pair.slot.key for index, pair in pairs.items()} == {n: f"k{n}" for n in range(6)}
    for n, pair in pairs.items():
        read = pair.read(lambda key: stored[key][0])
        assert np.abs(read - values[n][0].ravel()).max() <= 0.051


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("float.tflite", "float.tflite computes in floats"),
        ("text.tflite", "text.tflite"),
        ("text.onnx", "text.onnx is no valid ONNX model"),
        ("floats.onnx", "floats.onnx has no QuantizeLinear"),
        ("small.tflite", "small.tflite reads [1, 4], and the float model [1, 6, 5, 2]; they are two models"),
        ("large.onnx", "large.onnx reads [1, 7, 5, 2] (0: any), and the float model [1, 6, 5, 2]; they are two models"),
        ("another.onnx", "no tensor of another.onnx is near one of the float model"),
        ("gone.tflite", "cannot read the model"),
    ],
)
def test_what_cannot_be_compared_is_refused(quantize: Run, folder: Path, other: str, message: str) -> None:
    quantize("a.tflite")
    for name in ("text.tflite", "text.onnx"):
        (folder / name).write_text("no model")
    net = Net((1, 4), Scale(0.1, 0))
    (folder / "small.tflite").write_bytes(net.pack(net.softmax(net.input)))
    if other.endswith(".onnx") and not other.startswith("text"):
        onnx = pytest.importorskip("onnx")
        qdq(folder, "a.tflite", (1, 2, 7, 5) if other.startswith("large") else (1, 2, 6, 5))
        model = onnx.load(folder / "qdq.onnx")
        if other.startswith("floats"):
            del model.graph.node[1:]
            model.graph.output[0].name = "nchw"
        if other.startswith("another"):
            next(c for c in model.graph.initializer if c.name == "w").raw_data = bytes(range(100, 172))
            next(c for c in model.graph.initializer if c.name == "b").raw_data = np.full(4, 1e6, np.float32).tobytes()
        onnx.save(model, folder / other)
    quantize("b.tflite", f"--against {other}").refused(4, message)
    assert not (folder / "b.tflite").exists()


def test_the_other_model_is_not_overwritten(quantize: Run, folder: Path) -> None:
    quantize("a.tflite")
    before = (folder / "a.tflite").read_bytes()
    quantize("a.tflite", "--against a.tflite --ranges mse").refused(2, "is the model to compare with; choose another")
    assert (folder / "a.tflite").read_bytes() == before
