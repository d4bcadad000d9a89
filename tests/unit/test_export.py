"""The exported .tflite: the integers layer by layer, streaming as on whole clips, within ESPHome's contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema

from wwtool.engines.diff import compare, first_difference
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError
from wwtool.export.tflite import to_tflite, verify
from wwtool.models.architecture import Architecture
from wwtool.models.layers import Convolution
from wwtool.models.network import Network
from wwtool.models.quantized import QuantizedLayer, QuantizedModel, QuantizedSum, Scale
from wwtool.models.residual import ResidualArchitecture
from wwtool.models.temporal import TemporalArchitecture
from wwtool.models.zoo import ZOO
from wwtool.tflite.reader import parse_model
from wwtool.training.qat import QatNet
from wwtool.training.sampler import to_real

ARCHITECTURES: dict[str, Architecture] = {
    "smallest": TemporalArchitecture(1, 1, 1, 1, (1,), 1),
    "no blocks": TemporalArchitecture(2, 2, 3, 3, (), 2),
    "tiny": TemporalArchitecture(4, 6, 5, 3, (3, 2), 2),
    "stride 1": TemporalArchitecture(3, 4, 3, 1, (2, 3), 3),
    "stride is the kernel": TemporalArchitecture(3, 4, 2, 2, (4,), 1),
    "tcn32": ZOO["tcn32"],
    "smallest residual": ResidualArchitecture(1, 1, 1, ((1, 1),), 1),
    "tiny residual": ResidualArchitecture(6, 5, 3, ((3, 2), (2, 1)), 2),
    "residual, stride 1": ResidualArchitecture(4, 3, 1, ((2, 3),), 3),
    "res32": ZOO["res32"],
}
TINY = ["tiny", "tiny residual"]

# ESPHome's micro_wake_word registers these and no others (micro_wake_word/streaming_model.cpp, 2026.6.5).
ESPHOME_OPERATORS = {
    "CALL_ONCE", "VAR_HANDLE", "RESHAPE", "READ_VARIABLE", "STRIDED_SLICE", "CONCATENATION", "ASSIGN_VARIABLE",
    "CONV_2D", "MUL", "ADD", "MEAN", "FULLY_CONNECTED", "LOGISTIC", "QUANTIZE", "DEPTHWISE_CONV_2D",
    "AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", "PACK", "SPLIT_V",
}  # fmt: skip


def features(frames: int, seed: int = 0) -> np.ndarray:
    """int8 features that are often at the floor, as real ones are."""
    random = np.random.default_rng(seed)
    x = random.integers(-128, 128, (frames, 40), np.int8)
    x[random.random(frames) < 0.2] = -128
    return x


def trained(architecture: Architecture, seed: int = 0) -> QatNet:
    """A net with random weights and norms, its ranges calibrated on random features."""
    torch.manual_seed(seed)
    net = Network(architecture).eval()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.uniform_(-1, 1)
                module.running_var.uniform_(0.3, 3)
                module.weight.uniform_(0.5, 2)
                module.bias.uniform_(-0.5, 1)
    frames = architecture.receptive_frames + 8 * architecture.stride
    batch = to_real(np.stack([features(frames, n) for n in range(8)]))
    with torch.no_grad():  # logits about 0, within +-8
        spread, mean = torch.std_mean(net(batch))
        net.head.weight /= spread / 2
        assert net.head.bias is not None
        net.head.bias.copy_((net.head.bias - mean) / (spread / 2) + 0.75)
    qat = QatNet(net, 0.75).eval()
    qat.calibrate(batch)
    return qat


def model_of(architecture: Architecture, seed: int = 0) -> QuantizedModel:
    return trained(architecture, seed).quantized()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_layer_equals_litert(name: str) -> None:
    for seed in range(3):
        model = model_of(ARCHITECTURES[name], seed)
        content, outputs = to_tflite(model, "test")
        assert list(outputs) == [*(layer.name for layer in model.layers), "probability"]
        verify(content, model, outputs, features(30 * model.stride + 1, seed))


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n not in ZOO])
def test_the_compiler_agrees_too(name: str) -> None:
    model = model_of(ARCHITECTURES[name])
    content, _ = to_tflite(model, "test")
    rows = features(20 * model.stride).reshape(20, model.stride, 40)
    assert first_difference(compare(content, rows)) is None


@pytest.mark.parametrize("name", [*TINY, "stride 1", "residual, stride 1"])
def test_streaming_equals_whole_clips(name: str) -> None:
    model = model_of(ARCHITECTURES[name])
    content, _ = to_tflite(model, "test")
    clip = features(200 * model.stride)
    whole = model.evaluate(clip)["probability"].astype(int).ravel() + 128
    rows = clip.reshape(200, model.stride, 40)
    assert len(set(whole)) > 20, "the outputs must vary for this to mean anything"
    assert np.array_equal(LiteRtEngine(content).run(rows).ravel(), whole)
    with NativeEngine(content) as native:
        assert np.array_equal(native.run(rows).ravel(), whole)


@pytest.mark.parametrize("name", TINY)
def test_where_a_clip_starts_does_not_matter_after_the_receptive_field(name: str) -> None:
    architecture = ARCHITECTURES[name]
    model, stride = model_of(architecture), architecture.stride
    clip = features(80 * stride)
    late = model.evaluate(clip[20 * stride :])["head"]
    settled = -(-architecture.receptive_frames // stride)
    assert np.array_equal(model.evaluate(clip)["head"][20 + settled :], late[settled:])
    assert not np.array_equal(model.evaluate(clip)["head"][20:], late)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_fake_quantized_layer_is_its_integer_layer(name: str) -> None:
    """From the same inputs; only a value within rounding of a half may land on the other side of it."""
    qat = trained(ARCHITECTURES[name])
    model = qat.quantized()
    x = features(ARCHITECTURES[name].receptive_frames + 100 * model.stride)
    values: dict[str, np.ndarray] = {}

    def real(q: np.ndarray, scale: Scale) -> torch.Tensor:
        return ((torch.from_numpy(q).float() - scale.zero_point) * scale.scale).T[None, :, :, None]

    for fake, layer in zip(qat.layers, model.layers, strict=True):
        with torch.no_grad():
            if isinstance(layer, QuantizedSum):
                skip = values[layer.skip][-len(x) :]
                y = fake(real(x, layer.input), real(skip, layer.skip_input))
                x = layer.run(x, skip)
            else:
                assert isinstance(layer, QuantizedLayer)
                y = fake(real(x, layer.input))
                x = layer.run(x)
        values[layer.name] = x
        y = y[0, :, :, 0].T.numpy() / layer.output.scale + layer.output.zero_point
        distance = np.abs(x - y)
        assert np.mean(distance > 1e-3) < 0.02, layer.name
        assert distance.max() < 1.001, layer.name


@pytest.mark.parametrize("name", [*TINY, "stride 1", "no blocks", "residual, stride 1"])
def test_fake_quantized_logits_are_those_of_the_integers(name: str) -> None:
    """Float rounding decides now and then on the other side of a half; then the logit is a step or so away."""
    architecture = ARCHITECTURES[name]
    qat = trained(architecture)
    model, stride = qat.quantized(), architecture.stride
    clip = features(architecture.receptive_frames + 100 * stride)
    # The whole-clip form starts with the first layer's state; the net takes it as frames.
    first, *others = [layer for layer in architecture.layers() if isinstance(layer, Convolution)]
    state = np.full((first.kernel - stride, 40), -128, np.int8)
    with torch.no_grad():
        logits = qat(to_real(np.concatenate([state, clip]))[None])[0].numpy() - qat.logit_shift
    settled = sum(layer.kernel - 1 for layer in others)
    integers = model.evaluate(clip)["head"].ravel()[settled:]
    scale = model.layers[-1].output.scale
    distance = np.abs(integers * scale - logits)
    assert len(integers) == len(logits) >= 100
    assert len(set(integers.tolist())) > 20
    assert np.mean(distance < 1e-4) > 0.9
    assert distance.max() < 2.5 * scale


def _weights_of(model: QuantizedModel, name: str) -> tuple[int, np.ndarray]:
    index = next(i for i, layer in enumerate(model.layers) if layer.name == name)
    layer = model.layers[index]
    assert isinstance(layer, QuantizedLayer)
    return index, layer.weights


@pytest.mark.parametrize("name", ["first", "depthwise1", "pointwise0", "head"])
@pytest.mark.parametrize("kind", TINY)
def test_an_altered_weight_is_found_and_its_layer_named(kind: str, name: str) -> None:
    """Once in the model, once in the file; the first layer that differs is the one that was altered."""
    model = model_of(ARCHITECTURES[kind])
    content, outputs = to_tflite(model, "test")
    index, weights = _weights_of(model, name)
    other = weights.copy()
    other.flat[np.abs(other.astype(int)).argmax()] //= -2
    layers: list[Any] = [*model.layers]
    layers[index] = replace(layers[index], weights=other)
    altered = replace(model, layers=tuple(layers))
    with pytest.raises(InputError, match=f"layer '{name}' differs from LiteRT at step"):
        verify(content, altered, outputs, features(60))
    other_content, other_outputs = to_tflite(altered, "test")
    with pytest.raises(InputError, match=f"layer '{name}' differs from LiteRT at step"):
        verify(other_content, model, other_outputs, features(60))


@pytest.mark.parametrize("field", ["bias", "output", "weight_scale"])
def test_other_altered_numbers_are_found(field: str) -> None:
    model = model_of(ARCHITECTURES["tiny"])
    content, outputs = to_tflite(model, "test")
    layer = model.convolutions[2]
    change: Any = {
        "bias": layer.bias + 2**12,
        "output": replace(layer.output, scale=float(np.float32(layer.output.scale * 1.1))),
        "weight_scale": layer.weight_scale * np.float32(1.2),
    }[field]
    altered = replace(model, layers=(*model.layers[:2], replace(layer, **{field: change}), *model.layers[3:]))
    with pytest.raises(InputError, match=f"layer '{layer.name}' differs"):
        verify(content, altered, outputs, features(60))


@pytest.mark.parametrize("field", ["output", "skip_input", "skip"])
def test_an_altered_sum_is_found(field: str) -> None:
    model = model_of(ARCHITECTURES["tiny residual"])
    content, outputs = to_tflite(model, "test")
    index, layer = next((i, x) for i, x in enumerate(model.layers) if x.name == "sum1")
    assert isinstance(layer, QuantizedSum)
    scale = layer.skip_input
    change: Any = {
        "output": replace(layer.output, scale=float(np.float32(layer.output.scale * 1.1))),
        "skip_input": replace(scale, scale=float(np.float32(scale.scale * 1.3))),
        "skip": "first",
    }[field]
    altered = replace(
        model, layers=(*model.layers[:index], replace(layer, **{field: change}), *model.layers[index + 1 :])
    )
    with pytest.raises(InputError, match="layer 'sum1' differs"):
        verify(content, altered, outputs, features(60))


@pytest.mark.parametrize("name", [*ZOO, *TINY])
def test_esphome_contract(name: str) -> None:
    content, _ = to_tflite(model_of({**ARCHITECTURES, **ZOO}[name]), "test")
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
    kinds = {names[code.builtinCode] for code in model.operatorCodes}
    assert kinds <= ESPHOME_OPERATORS
    assert model.version == 3
    assert len(model.subgraphs) == 2
    main = model.subgraphs[0]
    graph = parse_model(content)
    source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    assert (source.shape, source.dtype, source.zero_point) == ((1, 3, 40), "int8", -128)
    assert source.scale == np.float32(26 / 255)
    assert (result.shape, result.dtype, result.scale, result.zero_point) == ((1, 1), "uint8", 1 / 256, 0)
    assert 0 < len(graph.variables) <= 20
    once = [op for op in main.operators if names[model.operatorCodes[op.opcodeIndex].builtinCode] == "CALL_ONCE"]
    assert [op.builtinOptions.initSubgraphIndex for op in once] == [1]
    assert main.operators[0] is once[0]
    initial = {names[model.operatorCodes[op.opcodeIndex].builtinCode] for op in model.subgraphs[1].operators}
    assert initial == {"VAR_HANDLE", "ASSIGN_VARIABLE"}


def test_the_same_model_gives_the_same_file() -> None:
    model = model_of(ARCHITECTURES["tiny"])
    assert to_tflite(model, "test") == to_tflite(model, "test")
    assert to_tflite(model, "test")[0] != to_tflite(model_of(ARCHITECTURES["tiny"], 1), "test")[0]


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_counts_its_own_work(name: str) -> None:
    from wwtool.compiler.package import compile_graph

    compiled = compile_graph(parse_model(to_tflite(model_of(ZOO[name]), "test")[0]), name)
    assert compiled.macs == ZOO[name].macs
    assert len(compiled.program.states) == 0
