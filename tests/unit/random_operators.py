"""Operators that random graphs have beside the common ones: each makes one, or a few, and returns what may be used
further. Not a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from graphs import SAME, VALID
from hypothesis import strategies as st

if TYPE_CHECKING:
    from random_graphs import RandomGraph

Maker = Callable[["RandomGraph"], list[int]]


def transpose_conv(graph: RandomGraph) -> list[int]:
    x, draw = graph.pick(4), graph.draw
    _, h, w, depth = graph.net.shapes[x]
    kernel, stride = ((draw(st.integers(1, 3)), draw(st.integers(1, 3))) for _ in range(2))
    padding, channels = draw(st.sampled_from([SAME, VALID])), draw(st.integers(1, 4))
    size = tuple(
        n * s if padding == SAME else n * s - s + k for n, k, s in zip((h, w), kernel, stride, strict=True)
    )  # fmt: skip
    if np.prod(size) * channels > 3000:
        return []
    bias, scales, output = graph.layer(x, kernel[0] * kernel[1] * depth, channels)
    weights = graph.weights(channels, *kernel, depth)
    return [
        graph.net.transpose_conv(x, weights, draw(st.sampled_from([None, bias])), scales, output, size, stride, padding)
    ]


def resize(graph: RandomGraph) -> list[int]:
    x, draw = graph.pick(4), graph.draw
    _, h, w, depth = graph.net.shapes[x]
    size = draw(st.sampled_from([(h, w), (2 * h, 2 * w), (h, 1), ((h + 1) // 2, w + 2), (5, 3)]))
    if np.prod(size) * depth > 3000:
        return []
    corners, centers = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
    return [graph.net.resize(x, size, draw(st.booleans()), corners, centers)]


MAKERS: tuple[Maker, ...] = (transpose_conv, resize)
