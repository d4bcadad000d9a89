"""Random models of one operator each, for operators that the zoo's networks lack or have in few sizes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wwtool.models.quantized import Scale

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))
from graphs import RELU, SAME, VALID, Net

_OUTPUT = Scale(0.25, -3)


def samples(generator: np.random.Generator, each: int = 5) -> Iterator[bytes]:
    """``each`` models of every operator, as .tflite."""
    layers = (_dense, _conv, _depthwise, _dense_of_any, _conv_of_any, _depthwise_of_any)
    for number in range(each):
        for make in (*layers, _add, _mul, _maximum, _pools, _mean, _lookup, _concatenation, _softmax):
            yield make(generator, number)


def _net(generator: np.random.Generator, *, channels: int | None = None) -> tuple[Net, int]:
    """A net with an input of a random shape, and its channels."""
    depth = channels or int(generator.choice([4, 8, 16, 24, 40, 64]))
    height, width = (int(n) for n in generator.choice([3, 5, 8, 10], 2))
    return Net((1, height, width, depth), Scale(0.1, -5)), depth


def _layer(generator: np.random.Generator, *shape: int, channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights = generator.integers(-127, 128, shape).astype(np.int8)
    bias = generator.integers(-3000, 3001, channels).astype(np.int32)
    return weights, bias, generator.uniform(0.003, 0.02, channels).astype(np.float32)


def _dense(generator: np.random.Generator, number: int) -> bytes:
    inputs, outputs = (int(n) for n in generator.choice([8, 16, 40, 100, 256], 2))
    outputs = 1 if number % 3 == 0 else outputs
    net = Net((1, inputs), Scale(0.1, -5))
    return net.pack(net.dense(net.input, *_layer(generator, outputs, inputs, channels=outputs), _OUTPUT))


def _conv(generator: np.random.Generator, number: int) -> bytes:
    net, depth = _net(generator)
    kernel, outputs = int(generator.choice([1, 2, 3, 5])), int(generator.choice([8, 16, 32]))
    layer = _layer(generator, outputs, kernel, kernel, depth, channels=outputs)
    return net.pack(net.conv(net.input, *layer, _OUTPUT, padding=SAME, activation=RELU))


def _depthwise(generator: np.random.Generator, number: int) -> bytes:
    net, depth = _net(generator)
    kernel = int(generator.choice([2, 3, 5]))
    layer = _layer(generator, 1, kernel, kernel, depth, channels=depth)
    return net.pack(net.conv(net.input, *layer, _OUTPUT, padding=(SAME, VALID)[number % 2], depthwise=True))


def _dense_of_any(generator: np.random.Generator, number: int) -> bytes:
    net, depth = _net(generator)
    outputs = int(generator.choice([8, 16, 40]))
    layer = _with_large_multiplier(*_layer(generator, outputs, 1, 1, depth, channels=outputs))
    return net.pack(net.conv(net.input, *layer, _OUTPUT))


def _conv_of_any(generator: np.random.Generator, number: int) -> bytes:
    net, depth = _net(generator)
    layer = _with_large_multiplier(*_layer(generator, 16, 3, 3, depth, channels=16))
    return net.pack(net.conv(net.input, *layer, _OUTPUT, padding=SAME))


def _depthwise_of_any(generator: np.random.Generator, number: int) -> bytes:
    net, depth = _net(generator)
    outputs = depth * (1 + number % 3)
    layer = _with_large_multiplier(*_layer(generator, 1, 3, 3, outputs, channels=outputs))
    return net.pack(net.conv(net.input, *layer, _OUTPUT, padding=SAME, depthwise=True))


def _with_large_multiplier(
    weights: np.ndarray, bias: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A layer with one channel that is not rescaled in a few instructions."""
    scale[0] = 10.0
    return weights, bias, scale


def _two(generator: np.random.Generator, kind: str, broadcast: bool) -> bytes:
    net, depth = _net(generator)
    shape = (1, 1, 1, depth) if broadcast else net.shapes[net.input]
    other = net.add_input(shape, Scale(0.07, 11))
    scale = net.scales[net.input] if kind == "MAXIMUM" else _OUTPUT
    if kind == "MAXIMUM":
        net.scales[other] = scale
        other = net.add_input(shape, scale)
    return net.pack(net.binary(kind, net.input, other, scale))


def _add(generator: np.random.Generator, number: int) -> bytes:
    return _two(generator, "ADD", number % 3 == 0)


def _mul(generator: np.random.Generator, number: int) -> bytes:
    return _two(generator, "MUL", number % 3 == 0)


def _maximum(generator: np.random.Generator, number: int) -> bytes:
    return _two(generator, "MAXIMUM", number % 3 == 0)


def _pools(generator: np.random.Generator, number: int) -> bytes:
    net, _ = _net(generator)
    kernel = int(generator.choice([2, 3]))
    kind = ("AVERAGE_POOL_2D", "MAX_POOL_2D")[number % 2]
    return net.pack(net.pool(net.input, (kernel, kernel), (1 + number % 2, 1), SAME, 0, kind))


def _mean(generator: np.random.Generator, number: int) -> bytes:
    net, _ = _net(generator)
    return net.pack(net.mean(net.input, [1, 2], number % 2 == 0, _OUTPUT))


def _lookup(generator: np.random.Generator, number: int) -> bytes:
    net, _ = _net(generator)
    return net.pack(net.logistic(net.input))


def _concatenation(generator: np.random.Generator, number: int) -> bytes:
    net, _ = _net(generator)
    other = net.add_input(net.shapes[net.input], net.scales[net.input])
    return net.pack(net.concatenate([net.input, other], 1 + number % 3))


def _softmax(generator: np.random.Generator, number: int) -> bytes:
    net, _ = _net(generator)
    return net.pack(net.softmax(net.input))
