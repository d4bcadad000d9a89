"""One scale for all weights of a layer: in training, in the files, in the C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_export import features
from test_training import CONFIG, run

from wwtool.config.quantization import QuantizationConfig
from wwtool.engines.native import NativeEngine
from wwtool.export.onnx_graph import proof_features, to_onnx
from wwtool.export.onnx_proof import compare_layers
from wwtool.export.tflite import to_tflite, verify
from wwtool.models.architecture import Architecture
from wwtool.models.bc_resnet import BroadcastResNetArchitecture
from wwtool.models.gru import GruArchitecture
from wwtool.models.network import Network
from wwtool.models.quantized import QuantizedModel
from wwtool.models.residual import ResidualArchitecture
from wwtool.tflite.reader import parse_model
from wwtool.training.checkpoint import load_trained
from wwtool.training.qat import QatNet

TINY: dict[str, Architecture] = {
    "residual": ResidualArchitecture(6, 5, 3, ((3, 2), (2, 1)), 2),
    "broadcast": BroadcastResNetArchitecture(4, 3, 3, (2, 3), 2),
    "gru": GruArchitecture(5, 4, 4, 3, 6),
}


def model_of(architecture: Architecture, seed: int = 0) -> QuantizedModel:
    torch.manual_seed(seed)
    net = QatNet(Network(architecture).eval(), 0.0, per_channel=False)
    net.calibrate(torch.rand((4, architecture.receptive_frames + 9, 40)) * 26.0)
    return net.quantized()


@pytest.mark.parametrize("name", TINY)
def test_files_have_one_scale_for_each_layer(name: str) -> None:
    model = model_of(TINY[name])
    graph = parse_model(to_tflite(model, "test")[0])
    weights = [t for t in graph.tensors if t.name.endswith(("/weights", "/bias"))]
    assert weights
    assert all(t.quantization is not None and t.quantization.scale.size == 1 for t in weights)


@settings(max_examples=9, deadline=None)
@given(st.sampled_from(sorted(TINY)), st.integers(0, 99))
def test_litert_and_the_c_say_the_same(name: str, seed: int) -> None:
    model = model_of(TINY[name], seed)
    content, outputs = to_tflite(model, "test")
    clip = features(60, seed)
    verify(content, model, outputs, clip)
    with NativeEngine(content) as native:
        got = native.run(clip.reshape(20, 3, 40)).ravel()
    assert np.array_equal(got, model.evaluate(clip)["probability"].astype(int).ravel() + 128)


@pytest.mark.parametrize("name", ["residual", "broadcast"])
def test_onnx_has_one_scale_as_well(name: str) -> None:
    onnx = pytest.importorskip("onnx")
    model = model_of(TINY[name])
    graph = onnx.load_from_string(to_onnx(model, True, "x")).graph
    ends = ("/weights/scale", "/bias/scale")
    scales = [c for c in graph.initializer if c.name.endswith(ends) and not c.name.startswith("head")]
    assert scales
    assert all(not c.dims for c in scales)
    pytest.importorskip("onnxruntime")
    assert compare_layers(model, proof_features(model))


def test_a_run_trains_with_one_scale_and_its_checkpoint_says_so(tmp_path: Path) -> None:
    config: Any = CONFIG.model_copy(update={"quantization": QuantizationConfig(per_channel=False)})
    run(tmp_path, config)
    net, state = load_trained(tmp_path)
    assert not state.per_channel
    assert all(len(set(layer.weight_scale.tolist())) == 1 for layer in net.quantized().convolutions)
