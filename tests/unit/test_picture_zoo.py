"""Models that see features as a picture: fake-quantized layers, the integers, LiteRT and the C agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_export import ESPHOME_OPERATORS, features

from wwtool.compiler.package import compile_graph
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.export.tflite import to_tflite, verify
from wwtool.models.architecture import Architecture
from wwtool.models.bc_resnet import BroadcastResNetArchitecture
from wwtool.models.layers import PREVIOUS, Convolution, band_padding
from wwtool.models.mobilenet_v3 import MobileNetV3Architecture
from wwtool.models.network import Network
from wwtool.models.quantized import INPUT_SCALE, QuantizedLayer, QuantizedMean, QuantizedModel, Scale
from wwtool.models.resnet18 import ResNet18Architecture
from wwtool.models.zoo import as_dict, from_dict
from wwtool.tflite.reader import parse_model
from wwtool.training.qat import QatNet
from wwtool.training.sampler import to_real

LARGEST_BIAS = 2**30
TINY: dict[str, Architecture] = {
    "broadcast": BroadcastResNetArchitecture(4, 3, 2, (2, 3), 2),
    "resnet": ResNet18Architecture(2, 3, 2, 2, 2),
    "mobilenet": MobileNetV3Architecture(2, 3, 2, 2),
}


def trained(architecture: Architecture, seed: int = 0) -> QatNet:
    """A net with random weights, whose norms have seen random features, its ranges calibrated on them."""
    torch.manual_seed(seed)
    frames = architecture.receptive_frames + 4 * architecture.stride
    batch = to_real(np.stack([features(frames, n) for n in range(4)]))
    net = Network(architecture)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        net(batch)
        logits = net.eval()(batch)
        net.head.weight /= max(float(logits.std()), 0.1) / 2
    qat = QatNet(net, 0.0).eval()
    qat.calibrate(batch)
    return qat


def model_of(architecture: Architecture) -> QuantizedModel:
    return trained(architecture).quantized()


def real(q: np.ndarray, scale: Scale) -> torch.Tensor:
    """(steps, bands, C) int8 to (1, C, steps, bands)."""
    return ((torch.from_numpy(q).float() - scale.zero_point) * scale.scale).permute(2, 0, 1)[None]


def is_cut(layer: object) -> bool:
    """Whether a bias does not fit its integers, as where an input is always 0 and its scale next to nothing."""
    return isinstance(layer, QuantizedLayer) and int(np.abs(layer.bias.astype(np.int64)).max()) >= LARGEST_BIAS


def check_fake_layers(qat: Any, model: QuantizedModel, clip: np.ndarray) -> None:
    """Every fake-quantized layer gives its integer layer's values, but for some within rounding of a half."""
    values: dict[str, Any] = {PREVIOUS: (clip[..., None], INPUT_SCALE)}
    integers, differ, count = model.evaluate(clip), 0, 0
    for fake, layer in zip(qat.layers, model.layers, strict=True):
        read = [values[name] for name in layer.reads]
        if isinstance(layer, QuantizedLayer):
            read = [(layer.history(read[0][0]), read[0][1])]
        with torch.no_grad():
            y = fake(*(real(*value) for value in read))[0].permute(1, 2, 0).numpy()
        apart = np.abs(y / layer.output.scale + layer.output.zero_point - integers[layer.name])
        values[PREVIOUS] = values[layer.name] = (integers[layer.name], layer.output)
        if is_cut(layer):
            continue
        assert apart.max() < 1.001, layer.name
        if isinstance(layer, QuantizedMean):  # rounded in training as in the kernel
            assert np.mean(apart > 1e-3) < 0.02, layer.name
        differ, count = differ + int(np.count_nonzero(apart > 1e-3)), count + apart.size
    assert differ < 0.05 * count  # silence repeats one value, which may lie within rounding of a half


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.sampled_from((ResNet18Architecture, MobileNetV3Architecture)), st.integers(1, 3), st.integers(0, 99))
def test_any_width_of_the_large_models_is_exact(kind: Any, width: int, seed: int) -> None:
    architecture = kind(width, 3, 3)
    qat = trained(architecture, seed)
    content, outputs = to_tflite(qat.quantized(), "test")
    clip = features(18, seed)
    verify(content, qat.quantized(), outputs, clip)
    check_fake_layers(qat, qat.quantized(), clip)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(4, 12), st.integers(1, 3), st.integers(0, 2), st.integers(0, 99))
def test_any_width_of_bc_resnet_is_exact(width: int, stride: int, longer: int, seed: int) -> None:
    architecture = BroadcastResNetArchitecture(width, stride + longer, stride, (1 + longer, 2), 2)
    qat = trained(architecture, seed)
    model = qat.quantized()
    content, outputs = to_tflite(model, "test")
    clip = features(12 * stride, seed)
    verify(content, model, outputs, clip)
    check_fake_layers(qat, model, clip)


@pytest.mark.parametrize("name", TINY)
def test_the_generated_c_says_the_same(name: str) -> None:
    model = model_of(TINY[name])
    content, _ = to_tflite(model, "test")
    clip = features(100 * model.stride)
    whole = model.evaluate(clip)["probability"].astype(int).ravel() + 128
    rows = clip.reshape(100, model.stride, 40)
    assert len(set(whole)) > 10, "the outputs must vary for this to mean anything"
    assert np.array_equal(LiteRtEngine(content).run(rows).ravel(), whole)
    with NativeEngine(content) as native:
        assert np.array_equal(native.run(rows).ravel(), whole)


@pytest.mark.parametrize("name", TINY)
def test_work_is_that_of_the_file(name: str) -> None:
    architecture = TINY[name]
    compiled = compile_graph(parse_model(to_tflite(model_of(architecture), "test")[0]), "test")
    assert compiled.macs == architecture.macs > architecture.parameters
    assert from_dict(as_dict(architecture)) == architecture


@pytest.mark.parametrize("name", TINY)
def test_esphome_has_all_operators(name: str) -> None:
    graph = parse_model(to_tflite(model_of(TINY[name]), "test")[0])
    assert {op.kind for op in graph.operators} <= ESPHOME_OPERATORS
    assert 0 < len(graph.variables) <= 20


def test_bands_of_a_stride_are_padded_as_tflite_pads() -> None:
    assert [band_padding(bands, 3, 2) for bands in (40, 5, 1)] == [(0, 1), (1, 1), (1, 1)]
    layer = Convolution("x", "conv", 1, 1, bands=3, band_stride=2)
    assert [layer.bands_after(bands) for bands in (40, 5, 1)] == [20, 3, 1]
