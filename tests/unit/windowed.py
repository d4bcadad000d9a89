"""A keyword spotter that reads a whole window of slices and has several outputs, with random weights. Not a test."""

from __future__ import annotations

import numpy as np
from graphs import RELU, Model, Net

from wwtool.models.quantized import INPUT_SCALE, Scale


def windowed_tflite(
    shape: tuple[int, ...],
    slices: int,
    channels: int = 40,
    labels: int = 4,
    seed: int = 0,
    flat_scores: bool = True,
    scale: Scale = INPUT_SCALE,
) -> Model:
    """A convolution, a layer and a softmax over a window of ``slices``, whose input has ``shape``."""
    random = np.random.default_rng(seed)
    net = Net(shape, scale)
    x = net.reshape(net.input, (1, slices, channels, 1))
    kernel = random.integers(-127, 128, (3, min(slices, 3), 8, 1), np.int8)
    bias = random.integers(-500, 500, 3, np.int32)
    x = net.conv(x, kernel, bias, np.full(3, 0.02), Scale(0.4, -128), (2, 4), activation=RELU)
    width = int(np.prod(net.shapes[x]))
    weights = random.integers(-127, 128, (labels, width), np.int8)
    bias = random.integers(-500, 500, labels, np.int32)
    scores = net.softmax(net.dense(net.reshape(x, (1, width)), weights, bias, np.full(labels, 0.002), Scale(0.1, 3)))
    return net.pack(scores if flat_scores else net.reshape(scores, (1, 1, 1, labels)))
