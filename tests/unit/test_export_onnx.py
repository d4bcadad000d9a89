"""ONNX, TorchScript and torch.export: the files answer as the model does; packages that are missing are told."""

from __future__ import annotations

import builtins
import dataclasses
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from wwtool.errors import InputError, ToolError
from wwtool.export import MODEL_FORMATS
from wwtool.export.model_format import TrainedModel
from wwtool.export.onnx_graph import proof_features, to_onnx
from wwtool.export.onnx_proof import compare_layers, probabilities
from wwtool.models.network import Network
from wwtool.models.quantized import INPUT_SCALE, QuantizedLayer
from wwtool.models.zoo import ALL_MODELS
from wwtool.training.qat import QatNet

FAMILIES = ("tcn32", "res32", "bcres8")


def trained(name: str) -> TrainedModel:
    torch.manual_seed(2)
    net = QatNet(Network(ALL_MODELS[name]).eval(), 0.5)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape) * 0.2)
    net.calibrate(torch.rand((8, ALL_MODELS[name].receptive_frames + 30, 40)) * 26.0)
    return TrainedModel(net.eval(), net.quantized(), name)


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest) -> TrainedModel:
    return trained(request.param)


def test_every_tensor_of_the_qdq_graph_is_within_rounding(model: TrainedModel) -> None:
    pytest.importorskip("onnxruntime")
    rows = compare_layers(model.quantized, proof_features(model.quantized))
    assert [row.name for row in rows] == [layer.name for layer in model.quantized.layers]
    assert sum(row.differ for row in rows) < 0.01 * sum(row.count for row in rows)


def test_the_qdq_graph_keeps_every_scale(model: TrainedModel) -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.load_from_string(to_onnx(model.quantized, True, "x")).graph
    constants = {c.name: onnx.numpy_helper.to_array(c) for c in graph.initializer}
    for layer in model.quantized.layers:
        assert constants[f"{layer.name}/scale"] == np.float32(layer.output.scale)
        assert constants[f"{layer.name}/zero_point"] == layer.output.zero_point
    for layer in model.quantized.convolutions:
        assert np.array_equal(constants[f"{layer.name}/weights/scale"], layer.weight_scale)
        assert np.array_equal(constants[f"{layer.name}/bias/int8"], layer.bias)


def test_whole_graphs_answer_as_the_integer_model(model: TrainedModel) -> None:
    pytest.importorskip("onnxruntime")
    features = proof_features(model.quantized)
    want = (model.quantized.evaluate(features)["probability"][:, 0] + 128.0) / 256.0
    got = probabilities(to_onnx(model.quantized, True, "x"), features)
    assert got.shape == want.shape
    assert np.abs(got - want).mean() < 0.01  # differences of one step add up over the layers
    assert np.abs(probabilities(to_onnx(model.quantized, False, "x"), features) - want).mean() < 0.1


@pytest.mark.parametrize("name", ["onnx", "onnx-float", "torchscript", "torch-export"])
def test_a_format_knows_its_own_files(name: str) -> None:
    model = trained("tcn32")
    if name.startswith("onnx"):
        pytest.importorskip("onnx")
    kind = MODEL_FORMATS[name]
    made = kind.make(model)
    assert kind.is_one(made.content)
    assert made.note
    others = [other for other in MODEL_FORMATS.values() if not other.name.startswith(name[:4])]
    assert not any(other.is_one(made.content) for other in others)
    assert not kind.is_one(b"")


@pytest.mark.parametrize("name", ["torchscript", "torch-export"])
def test_programs_of_pytorch_take_clips_of_any_length(name: str) -> None:
    model = trained("tcn32")
    buffer = io.BytesIO(MODEL_FORMATS[name].make(model).content)
    load: dict[str, Callable[[Any], Any]] = {
        "torchscript": torch.jit.load, "torch-export": lambda content: torch.export.load(content).module(),
    }  # fmt: skip
    features = proof_features(model.quantized, 450)
    clip = torch.from_numpy((features.astype(np.float32) + 128.0) * np.float32(INPUT_SCALE.scale))[None]
    with torch.no_grad():
        got = load[name](buffer)(clip)[0].numpy()
    want = (model.quantized.evaluate(features)["probability"][:, 0] + 128.0) / 256.0
    assert np.abs(got - want).mean() < 0.01


def test_a_layer_that_computes_something_else_is_refused() -> None:
    pytest.importorskip("onnxruntime")
    model = trained("tcn32").quantized
    first = model.layers[0]
    assert isinstance(first, QuantizedLayer)

    class Wrong(QuantizedLayer):
        def run(self, x: Any) -> Any:
            return np.roll(super().run(x), 1, axis=1)

    wrong = Wrong(**{field.name: getattr(first, field.name) for field in dataclasses.fields(first)})
    with pytest.raises(InputError, match="differs from onnxruntime by"):
        compare_layers(dataclasses.replace(model, layers=(wrong, *model.layers[1:])), proof_features(model))


@pytest.mark.parametrize("absent", ["onnx", "onnxruntime"])
def test_without_the_package_it_says_so(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def guarded(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == absent:
            raise ImportError(name)
        return real(name, *rest, **more)

    model = trained("tcn32")
    if absent == "onnxruntime":
        pytest.importorskip("onnx")
    monkeypatch.setattr(builtins, "__import__", guarded)
    if absent == "onnx":
        with pytest.raises(ToolError, match="onnx was not found; get it with: pip install onnx"):
            MODEL_FORMATS["onnx"].make(model)
    else:
        assert "not compared with onnxruntime" in MODEL_FORMATS["onnx"].make(model).note
