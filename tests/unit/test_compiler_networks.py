"""Whole networks of the kinds people bring: C, torch and LiteRT agree on every tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import NONE, RELU, RELU6, SAME, VALID, Model, Net, assert_engines_agree, float32

from wwtool.compiler.lowering import lower
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.random_rows import random_rows
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    return RANDOM.integers(-127, 128, shape, np.int8)


def conv(net: Net, x: int, channels: int, kernel: tuple[int, int], **options: Any) -> int:
    """A convolution whose outputs fill int8; a depthwise one keeps the channels."""
    depthwise = bool(options.get("depthwise"))
    depth = net.shapes[x][3]
    shape = (1, *kernel, depth) if depthwise else (channels, *kernel, depth)
    reach = kernel[0] * kernel[1] * (1 if depthwise else depth)
    made = shape[3] if depthwise else channels
    scale = Scale(float32(net.scales[x].scale * 0.005 * 40 * np.sqrt(reach)), int(RANDOM.integers(-128, 20)))
    spread = (0.005 * RANDOM.uniform(0.5, 1.5, made)).astype(np.float32)
    return net.conv(x, weights(*shape), RANDOM.integers(-2000, 2000, made, np.int32), spread, scale, **options)


def dense(net: Net, x: int, outputs: int, activation: int = NONE) -> int:
    depth = net.shapes[x][-1]
    scale = Scale(float32(net.scales[x].scale * 0.005 * 40 * np.sqrt(depth)), int(RANDOM.integers(-128, 20)))
    return net.dense(
        x, weights(outputs, depth), RANDOM.integers(-2000, 2000, outputs, np.int32), 0.005, scale, activation
    )


def probabilities(net: Net, logits: int) -> int:
    """SOFTMAX of logits a few units wide."""
    return net.softmax(logits, float32(4 / (128 * net.scales[logits].scale)))


def resnet() -> Model:
    """ResNet-8 of MLPerf Tiny's image classification, on a smaller picture."""
    net = Net((1, 12, 12, 3), Scale(1.0, -128))
    x = conv(net, net.input, 4, (3, 3), padding=SAME, activation=RELU)
    for channels, stride in ((4, 1), (8, 2), (16, 2)):
        y = conv(net, x, channels, (3, 3), stride=(stride, stride), padding=SAME, activation=RELU)
        y = conv(net, y, channels, (3, 3), padding=SAME)
        if stride > 1:
            x = conv(net, x, channels, (1, 1), stride=(stride, stride), padding=SAME)
        scale = Scale(float32(net.scales[y].scale + net.scales[x].scale), -128)
        x = net.binary("ADD", x, y, scale, RELU)
    x = net.pool(x, (3, 3), (3, 3), VALID, NONE)
    return net.pack(probabilities(net, dense(net, net.reshape(x, (1, 16)), 10)))


def mobilenet() -> Model:
    """Blocks of MobileNet v1 and v2 with padding of their own, and a mean instead of the pool."""
    net = Net((1, 15, 15, 3), Scale(float32(2 / 255), 0))
    x = net.pad(net.input, [(0, 0), (0, 1), (0, 1), (0, 0)])
    x = conv(net, x, 4, (3, 3), stride=(2, 2), activation=RELU6)
    for stride in (1, 2):
        inner = conv(net, x, 12, (1, 1), activation=RELU6)
        inner = conv(net, inner, 12, (3, 3), stride=(stride, stride), padding=SAME, activation=RELU6, depthwise=True)
        y = conv(net, inner, 4, (1, 1))
        if stride == 1:
            y = net.binary("ADD", y, x, Scale(float32(2 * net.scales[y].scale), 3))
        x = y
    x = net.mean(x, [1, 2], False, Scale(float32(net.scales[x].scale / 2), -5))
    return net.pack(probabilities(net, dense(net, x, 5)))


def autoencoder() -> Model:
    """MLPerf Tiny's anomaly detection: floats in and out."""
    net = Net((1, 32), Scale(1.0, 0), "float32")
    x = net.quantize(net.input, Scale(0.0625, 3))
    for width in (16, 16, 4, 16, 16):
        x = dense(net, x, width, RELU)
    return net.pack(net.dequantize(dense(net, x, 32)))


def groups() -> Model:
    """The first microWakeWord networks: channels in groups, batch norms as MUL and ADD, a mean over time."""
    net = Net((1, 12, 1, 8), Scale(float32(26 / 255), -128))
    x = conv(net, net.input, 8, (3, 1), activation=RELU)
    parts = net.pieces(x, 3, [4, 4])
    parts = [conv(net, p, 0, (k, 1), depthwise=True) for p, k in zip(parts, (3, 5), strict=True)]
    parts[0] = net.slice(parts[0], [0, 2, 0, 0], [1, 8, 1, 4])
    scale = Scale(float32(max(net.scales[p].scale for p in parts)), -3)
    x = net.concatenate([net.quantize(p, scale) for p in parts], 3)
    factor = net.number(weights(8), Scale(0.02, 5))
    offset = net.number(weights(1, 1, 1, 8), Scale(0.03, -9))
    x = net.binary("MUL", x, factor, Scale(float32(scale.scale * 1.5), 4))
    x = net.binary("ADD", x, offset, Scale(float32(scale.scale * 2), -128), RELU)
    x = net.mean(x, [1, 2], False, Scale(net.scales[x].scale, -128))
    y = net.dense(x, weights(1, 8), np.asarray([300], np.int32), 0.01, Scale(1 / 16, 0))
    return net.pack(net.quantize(net.logistic(y), Scale(1 / 256, 0), "uint8"))


def attention() -> Model:
    """Gates, transposes and several heads: what is left of a small transformer without matrix products of tensors."""
    net = Net((1, 6, 8), Scale(0.05, 3))
    heads = net.pieces(net.transpose(net.reshape(net.input, (6, 2, 4)), [1, 0, 2]), 0, 2)
    weighed = [net.softmax(net.transpose(h, [0, 2, 1])) for h in heads]
    mixed = [
        net.binary("MUL", w, net.transpose(h, [0, 2, 1]), Scale(0.01, -7)) for w, h in zip(weighed, heads, strict=True)
    ]
    x = net.pack_of([net.reshape(m, (4, 6)) for m in mixed], 1)
    gate = net.op("HARD_SWISH", [x], (4, 2, 6), Scale(0.01, 3))
    x = net.binary("SUB", gate, net.op("TANH", [x], (4, 2, 6), Scale(1 / 128, 0)), Scale(0.02, 0))
    return net.pack(net.binary("MAXIMUM", x, net.number(np.asarray([-3], np.int8), Scale(0.02, 0)), Scale(0.02, 0)))


NETWORKS = {
    "resnet": resnet(),
    "mobilenet": mobilenet(),
    "autoencoder": autoencoder(),
    "groups": groups(),
    "attention": attention(),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name: str) -> None:
    assert_engines_agree(NETWORKS[name], rows=6)


def test_outputs_are_not_all_the_same() -> None:
    """A network whose values saturate would hide what its layers get wrong."""
    for content in NETWORKS.values():
        rows = random_rows(parse_model(content), 12)
        assert len(np.unique(LiteRtEngine(content).run(rows))) > 3


def test_batch_norm_by_channel_needs_no_walk_over_more_than_two_axes() -> None:
    calls = [call for call in lower(parse_model(NETWORKS["groups"])).calls if call.kind in ("MUL", "ADD")]
    walks: list[Any] = [call.fields["walk"] for call in calls]
    assert [(walk["rank"], walk["sizes"], walk["b"]) for walk in walks] == [(2, (6, 8), (0, 1))] * 2


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "float32"])
def test_a_model_without_operators(dtype: str) -> None:
    """What converters leave of a SLICE that takes everything."""
    net = Net((1, 10), Scale(0.1, 0), dtype)
    assert_engines_agree(net.pack(net.input))


def test_inputs_among_the_outputs() -> None:
    net = Net()
    other = net.add_input((1, 3), Scale(0.1, 1))
    assert_engines_agree(net.pack(other, net.op("RELU", [other], (1, 3), Scale(0.1, 1)), net.input, other))
