"""SVDF with an int8 state, which only TensorFlow Lite for Microcontrollers has: C and torch agree with its values."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SANITIZED, Model, Net, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from recurrent_graphs import svdf

from wwtool.compiler.package import compile_graph
from wwtool.engines.diff import compare
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.engines.torch_engine import TorchEngine
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
zero_points = st.one_of(st.sampled_from([-128, 127, 0]), st.integers(-128, 127))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """States and outputs from next to nothing to saturated, whose zero points make sums wrap."""
    inputs = draw(st.integers(1, 40))
    net = Net((1, inputs), Scale(float32(26 / 255), draw(zero_points)))
    outputs: list[int] = []
    for n in range(6):
        x = outputs[-1] if outputs and draw(st.integers(0, 3)) == 0 else net.input
        memory, rank, units = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
        feature = net.scales[x].scale * 74 * 0.01 * 73 * np.sqrt(net.shapes[x][1])
        state_scale = float32(feature / draw(st.sampled_from([20, 60, 500])))
        output = Scale(
            float32(feature * np.sqrt(memory * rank) / draw(st.sampled_from([3, 40, 200]))), draw(zero_points)
        )
        bias = draw(st.sampled_from([None, 0, 2000, 2**31 - 1]))
        outputs.append(
            svdf(
                net, x, units, rank, memory, 127, bias, n, state_scale, float32(1 / 127), output,
                state_zero_point=draw(zero_points),
            )
        )  # fmt: skip
    return net.pack(*outputs)


@some
@given(models(), st.integers(0, 99))
def test_an_int8_state(content: Model, seed: int) -> None:
    rows = random_rows(parse_model(content), 16, seed)
    rows[0][0], rows[0][1] = -128, 127
    with NativeEngine(content, flags=SANITIZED) as native:
        for mine, theirs in zip(native.run_all(rows), TorchEngine(content).run_all(rows), strict=True):
            assert np.array_equal(mine, theirs)


def golden() -> Model:
    """Two units of rank 2 over three inputs, two of the features saturated for large inputs."""
    net = Net((1, 3), Scale(0.5, 3))
    feature = net.constant(np.asarray([[1, -2, 3], [90, 0, -7], [5, 50, 20], [-1, -1, 127]], np.int8), 0.01)
    time = net.constant(np.asarray([[1, 2], [30, -4], [-127, 9], [6, 100]], np.int8), 0.01)
    y = svdf(
        net, net.input, 2, 2, 2, bias=net.constant(np.asarray([7, -300], np.int32), 0.0025), feature=feature, time=time,
        state_scale=0.25, time_scale=0.01, output=Scale(0.25, -11), state_zero_point=-50,
    )  # fmt: skip
    return net.pack(y)


ROWS = [[0, 0, 0], [10, -20, 30], [127, 127, 127], [-128, -128, -128], [127, -128, 5], [3, 3, 3], [3, 3, 3]]
OUTPUTS = [[-11, -22], [-13, 60], [-13, 127], [22, -28], [23, -128], [27, -128], [-11, -14]]


def test_the_values_of_tensorflow_lite_for_microcontrollers() -> None:
    """Computed with its Python package, tflite-micro."""
    rows = np.asarray(ROWS, np.int8)
    assert TorchEngine(golden()).run(rows).tolist() == OUTPUTS
    with NativeEngine(golden()) as native:
        assert native.run(rows).tolist() == OUTPUTS


def test_litert_is_not_asked() -> None:
    """It would read the state as int16, and beyond its end."""
    with pytest.raises(InputError, match="int8 state, which only TensorFlow Lite for Microcontrollers has"):
        compare(golden(), np.zeros((1, 3), np.int8))


def test_mixed_types_are_refused() -> None:
    net = Net((1, 3), Scale(0.5, 3))
    time = net.constant(np.ones((2, 2), np.int16), 0.01)
    y = svdf(net, net.input, 2, 1, 2, time=time, state_zero_point=0)
    with pytest.raises(InputError, match="type int8; only int16 with a single scale is supported there"):
        compile_graph(parse_model(net.pack(y)), "model")
