"""CONV_2D in groups: another convolution that computes the same."""

from __future__ import annotations

import numpy as np
from graphs import SAME, VALID, Net, assert_engines_agree
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.compiler.lowering import lower
from wwtool.models.quantized import Scale
from wwtool.tflite.grouping import ungrouped
from wwtool.tflite.reader import parse_model


def grouped(groups: int, depth: int, multiplier: int, kernel: int, padding: int, seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    net, outputs = Net((1, 6, 2, groups * depth), Scale(0.05, -7)), groups * multiplier
    weights = random.integers(-127, 128, (outputs, kernel, min(kernel, 2), depth), np.int8)
    bias, scale = random.integers(-900, 900, outputs, np.int32), random.uniform(0.001, 0.01, outputs)
    return net.pack(net.conv(net.input, weights, bias, scale, Scale(0.06, 4), padding=padding))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 5), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.sampled_from((SAME, VALID)),
    st.integers(0, 99),
)  # fmt: skip
def test_all_engines_agree_with_litert(
    groups: int, depth: int, multiplier: int, kernel: int, padding: int, seed: int
) -> None:
    assert_engines_agree(grouped(groups, depth, multiplier, kernel, padding, seed))


def test_one_channel_for_each_group_is_depthwise() -> None:
    program = lower(parse_model(grouped(4, 1, 2, 3, VALID)))
    assert [op.kind for op in program.graph.operators] == ["DEPTHWISE_CONV_2D"]
    assert [op.kind for op in lower(parse_model(grouped(4, 2, 2, 3, VALID))).graph.operators] == ["CONV_2D"]


def test_a_model_without_groups_stays_what_it_is() -> None:
    net = Net((1, 4, 1, 3), Scale(0.5, 0))
    graph = parse_model(net.pack(net.conv(net.input, np.ones((2, 2, 1, 3), np.int8), None, 0.01, Scale(0.5, 0))))
    assert ungrouped(graph) is graph
