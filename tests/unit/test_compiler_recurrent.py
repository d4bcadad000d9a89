"""Operators with a state of their own: sanitized C, exact torch and LiteRT agree on every tensor, states too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graphs import NONE, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from recurrent_graphs import svdf
from test_compiler_state import run_harness

from wwtool.compiler.package import compile_graph
from wwtool.compiler.reader import parse_model
from wwtool.engines.litert import LiteRtEngine
from wwtool.errors import InputError
from wwtool.models.quantized import Scale

Draw = Callable[[st.SearchStrategy], Any]

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
zero_points = st.one_of(st.sampled_from([-128, 127, 0]), st.integers(-128, 127))
seeds = st.integers(0, 2**32)


@st.composite
def svdfs(draw: Draw) -> Model:
    """Several beside one another, some upon one another; states and time weights up to where 32 bits wrap."""
    inputs = draw(st.integers(1, 40))
    net = Net((1, inputs), Scale(float32(26 / 255), draw(zero_points)))
    outputs: list[int] = []
    for n in range(6):
        x = outputs[-1] if outputs and draw(st.integers(0, 3)) == 0 else net.input
        most, size = draw(st.sampled_from([100, 2000, 32767])), 10 ** draw(st.floats(2.5, 5.0))
        memory, rank, units = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
        # Typical values of a feature and of an output; a state or an output of 100 or less is not saturated.
        feature = net.scales[x].scale * 74 * 0.01 * 73 * np.sqrt(net.shapes[x][1])
        state_scale = float32(feature / size)
        typical = feature * min(1.0, 18000 / size) * 0.6 * np.sqrt(memory * rank)
        output = Scale(float32(typical / 10 ** draw(st.floats(0.5, 2.5))), draw(zero_points))
        bias = draw(st.sampled_from([None, 0, 10**6, 2**31 - 1]))
        outputs.append(svdf(net, x, units, rank, memory, most, bias, n, state_scale, float32(1 / most), output))
    return net.pack(*outputs)


@some
@given(svdfs(), seeds)
def test_svdf(content: Model, seed: int) -> None:
    assert_engines_agree(content, rows=16, seed=seed)


def test_svdf_is_what_svdf_does() -> None:
    """A filter that passes its input on, remembered for three inferences and weighted by 1, 10 and 100."""
    net = Net((1, 1), Scale(1.0, 0))
    feature = net.constant(np.asarray([[1]], np.int8), 1.0)
    time = net.constant(np.asarray([[1, 10, 100]], np.int16), 1.0)
    state = net.main.state("state", (1, 3), Scale(1.0, 0), "int16")
    y = svdf(
        net, net.input, 1, memory=3, most_bias=None, feature=feature, time=time, state=state, output=Scale(1.0, -128)
    )
    content = net.pack(y)
    rows = np.asarray([1, 2, 0, 0, 0], np.int8).reshape(-1, 1, 1)
    # Torch, C and LiteRT agree elsewhere; here is the value.
    assert LiteRtEngine(content).run(rows).ravel().tolist() == [100 - 128, 82, 21 - 128, 2 - 128, -128]
    assert_engines_agree(content, rows=6, extremes=False)


def test_states_are_zeros_of_their_type() -> None:
    """Memory that is laid out with other states, and a tensor that nothing but the operator sees."""
    net = Net((1, 3), Scale(0.1, 7))
    y = svdf(net, net.input, 3, 2, 5)
    model = compile_graph(parse_model(net.pack(y)), "model")
    assert model.memory.state_bytes == 2 * 3 * 2 * 5
    assert "memset(state + 0, 0, 60);" in model.files["model.c"]


def compiled(content: bytes) -> str:
    """ "" if the model compiles, else the sentence that says why not."""
    try:
        compile_graph(parse_model(content), "model")
    except InputError as error:
        return str(error)
    return ""


def test_reset_and_contexts_of_variable_tensors(tmp_path: Any) -> None:
    net = Net((1, 6), Scale(0.1, -3))
    content = net.pack(svdf(net, net.input, 4, 2, output=Scale(0.02, -128)))
    rows = list(np.random.default_rng(3).integers(-128, 128, (8, 1, 6), np.int8))
    alone = [y.tobytes() for y in LiteRtEngine(content).run(np.stack(rows))]
    assert len(set(alone)) > 4
    got = run_harness(
        content, tmp_path, [*(("a", x) for x in rows), ("b", rows[0]), ("r", None), *(("a", x) for x in rows)]
    )
    assert got == [*alone, alone[0], *alone]


def altered(**changes: Any) -> Callable[[Net], int]:
    return lambda net: svdf(net, net.input, 4, 2, **changes)


def made(kind: str, name: str, **options: Any) -> Callable[[Net], int]:
    """An SVDF with one tensor exchanged for another one."""

    def build(net: Net) -> int:
        tensor = getattr(net.main, kind)(name, **options)
        return svdf(net, net.input, 4, 2, **{name: tensor})

    return build


def read_state(net: Net) -> int:
    state = net.main.state("state", (1, 32), Scale(0.001, 0), "int16")
    y = svdf(net, net.input, 4, 2, state=state)
    net.main.operator("RESHAPE", [state], [net.tensor((32,), Scale(0.001, 0), "int16")])
    return y


def state_as_output(net: Net) -> int:
    svdf(net, net.input, 4, 2, state=(state := net.main.state("s", (1, 32), Scale(0.001, 0), "int16")))
    return state


def state_with_data(net: Net) -> int:
    state = net.main.constant("s", np.zeros((1, 32), np.int16), 0.001)
    net.main._graph.tensors[state].isVariable = True
    return svdf(net, net.input, 4, 2, state=state)


def zeros(*shape: int, dtype: Any = np.int8) -> np.ndarray:
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            altered(options={"fusedActivationFunction": NONE}),
            r"operator 0 \(SVDF\) has a fused activation other than RELU",
        ),
        (altered(options={"rank": 0}), "for rank 0, which do not fit each other"),
        (altered(options={"rank": 3}), "for rank 3, which do not fit each other"),
        (altered(options={"rank": 1}), "which do not fit each other or batch 1"),
        (altered(memory=5, state_scale=1e-38), "a scale too small for the others"),
        (altered(feature=-1), r"has inputs \[.*-1.*\] and outputs"),
        (altered(state=-1), r"has inputs \[.*-1\] and outputs"),
        (made("constant", "time", data=zeros(8, 4), scale=0.1), "type int8; only int16 with one scale"),
        (made("constant", "time", data=zeros(8, 4, dtype=np.int16)), "type int16; only int16 with one scale"),
        (made("constant", "time", data=zeros(7, 4, dtype=np.int16), scale=0.1), "do not fit each other or batch 1"),
        (made("constant", "time", data=zeros(32, dtype=np.int16), scale=0.1), "which do not fit each other"),
        (made("constant", "feature", data=zeros(8, 5), scale=0.1), "do not fit each other or batch 1"),
        (made("constant", "feature", data=zeros(8, 6), scale=[0.1] * 8), "only int8 with one scale"),
        (made("constant", "feature", data=zeros(8, 6), scale=0.1, zero_point=3), "zero point; it must be 0 there"),
        (made("constant", "bias", data=zeros(5, dtype=np.int32), scale=0.1), "a bias of 4 int32 values as input 3"),
        (made("constant", "bias", data=zeros(4), scale=0.1), "a bias of 4 int32 values as input 3"),
        (
            made("state", "bias", shape=(4,), scale=Scale(0.1, 0), dtype="int32"),
            r"\(SVDF\) reads the variable tensor \d+ \(bias\)",
        ),
        (made("state", "state", shape=(1, 32), scale=Scale(0.1, 0)), "type int8; only int16 with one scale"),
        (made("state", "state", shape=(1, 32), scale=Scale(0.1, 1), dtype="int16"), "zero point; it must be 0"),
        (made("state", "state", shape=(8, 4), scale=Scale(0.1, 0), dtype="int16"), "do not fit each other or batch"),
        (made("activation", "state", shape=(1, 32), scale=Scale(0.1, 0), dtype="int16"), "before anything"),
        (
            made("constant", "state", data=zeros(1, 32, dtype=np.int16), scale=0.1),
            r"\(SVDF\) needs a variable tensor for its state as input 4",
        ),
        (made("activation", "feature", shape=(8, 6), scale=Scale(0.1, 0)), "before anything has written it"),
        (read_state, r"\(RESHAPE\) reads the variable tensor \d+ \(state\); only SVDF.* have such"),
        (state_as_output, "an input or output of type int16"),
        (state_with_data, "is a variable and has data"),
    ],
)
def test_what_svdf_refuses(build: Callable[[Net], int], message: str) -> None:
    net = Net((1, 6), Scale(0.1, -3))
    said = compiled(net.pack(build(net)))
    assert re.search(message, said), said
    assert "truncated" not in said
