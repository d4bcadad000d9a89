"""Operators with a state of their own: sanitized C, exact torch and LiteRT agree on every tensor, states too."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import NONE, SANITIZED, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from recurrent_graphs import GATES, lstm, svdf
from test_compiler_state import run_harness
from test_generated_c import everything

from wwtool.compiler.package import compile_graph, kernel_dir
from wwtool.engines.diff import compare
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.machines import host_compiler
from wwtool.errors import InputError
from wwtool.int8.fixed_point import logistic_16, tanh_16
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
zero_points = st.one_of(st.sampled_from([-128, 127, 0]), st.integers(-128, 127))
seeds = st.integers(0, 2**32)


def zeros(*shape: int, dtype: Any = np.int8) -> np.ndarray:
    return np.zeros(shape, dtype)


@st.composite
def svdfs(draw: st.DrawFn) -> Model:
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


@st.composite
def lstms(draw: st.DrawFn) -> Model:
    """Of every form, beside and upon one another; gates from where all are half open to where all are saturated."""
    steps, depth = draw(st.sampled_from([1, 2, 5])), draw(st.integers(1, 12))
    net = Net((1, steps, depth), Scale(float32(0.1), draw(zero_points)))
    outputs: list[int] = []
    for n in range(6):
        x = outputs[-1] if outputs and draw(st.integers(0, 3)) == 0 else net.input
        time_major = draw(st.booleans())
        x = net.reshape(x, (steps, 1, net.shapes[x][2]) if time_major else (1, steps, net.shapes[x][2]))
        cells = draw(st.integers(1, 9))
        projected = draw(st.sampled_from([None, None, cells, 1, 7]))
        clips = draw(st.sampled_from([0.0, 0.0, 0.3, 100.0])), draw(st.sampled_from([0.0, 0.2, 100.0]))
        y = lstm(
            net, x, cells, projected, seed=n, coupled=draw(st.booleans()),
            peephole=projected in (None, cells) and draw(st.booleans()), cell_scale=draw(st.integers(-15, -9)),
            weight_scale=float32(10 ** draw(st.floats(-3.5, -1.5))),
            hidden=Scale(float32(draw(st.sampled_from([1 / 128, 1 / 300, 1 / 40]))), draw(zero_points)),
            output=Scale(float32(10 ** draw(st.floats(-2.5, -1.0))), draw(zero_points)),
            biased=draw(st.booleans()), inputs=draw(st.sampled_from([20, 24])),
            options={"timeMajor": time_major, "cellClip": clips[0], "projClip": clips[1]},
        )  # fmt: skip
        outputs.append(y)
    return net.pack(*outputs)


@some
@given(lstms(), seeds)
def test_lstm(content: Model, seed: int) -> None:
    assert_engines_agree(content, rows=8, seed=seed)


def swept(net: Net, gate: str) -> int:
    """An LSTM that shows the activation of one gate in its cells: with 66 cells the rows below bring it all values."""
    cells, one = 66, 2.0**-6  # one times one is the step of Q3.12
    changes: dict[str, Any] = {}
    for name in GATES:
        weights, bias = zeros(cells, 2), np.full(cells, -(2**15) if name == "forget" else 2**15 - 1, np.int32)
        if name == gate:
            weights[:] = 1, 127
            bias = (1008 * np.arange(cells) - 2**15).astype(np.int32)
        changes[f"{name}_weights"] = net.constant(weights, one)
        changes[f"{name}_recurrent"] = net.constant(zeros(cells, cells), one)
        changes[f"{name}_bias"] = net.constant(bias, 2.0**-12)
    return lstm(net, net.input, cells, cell_scale=-15, **changes)


def test_logistic_and_tanh_of_every_value() -> None:
    net = Net((1, 1, 2), Scale(2.0**-6, 0))
    content = net.pack(swept(net, "input"), swept(net, "cell"))
    rows = np.asarray(list(product(range(-128, 128), (-4, -2, 0, 2))), np.int8)
    reached = 1008 * np.arange(66)[:, None] - 2**15 + rows.astype(np.int64) @ [1, 127]
    assert set(range(-(2**15), 2**15)) <= set(reached.ravel().tolist())
    assert [layer.tensor.name for layer in compare(content, rows.reshape(-1, 1, 2), SANITIZED) if not layer.equal] == []


FIXED_POINT = r"""
#include <stdio.h>
#include "ww_fixed_point.h"
int main(void)
{
    for (int bits = -1; bits <= 6; bits++) {
        for (int32_t x = INT16_MIN; x <= INT16_MAX; x++) {
            const int16_t y = (int16_t)(bits < 0 ? ww_logistic_16(x) : ww_tanh_16(x, bits));
            fwrite(&y, sizeof y, 1, stdout);
        }
    }
    return 0;
}
"""


def test_fixed_point_in_c_and_python(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(FIXED_POINT)
    command = [host_compiler(), "-std=c99", *SANITIZED, f"-I{kernel_dir()}", "main.c", "-o", "main"]
    subprocess.run(command, check=True, cwd=tmp_path)
    run = subprocess.run([tmp_path / "main"], capture_output=True, check=True)
    got, x = np.frombuffer(run.stdout, np.int16).reshape(8, 2**16), np.arange(-(2**15), 2**15)
    for row, expected in zip(got, [logistic_16(x), *(tanh_16(x, bits) for bits in range(7))], strict=True):
        assert np.array_equal(row, expected)


def test_fixed_point_is_close_to_the_functions() -> None:
    x = np.arange(-(2**15), 2**15)
    assert np.abs(logistic_16(x) / 2**15 - 1 / (1 + np.exp(-x / 2**12))).max() < 1e-3
    for bits in range(7):
        assert np.abs(tanh_16(x, bits) / 2**15 - np.tanh(x / 2 ** (15 - bits))).max() < 2e-3


def test_two_operators_on_one_state() -> None:
    net = Net((1, 2, 3), Scale(0.1, -3))
    state = net.main.state("state", (1, 4), Scale(1 / 128, 5))
    cells = net.main.state("cells", (1, 4), Scale(2.0**-11, 0), "int16")
    hidden = Scale(1 / 128, 5)
    x = lstm(net, net.input, 4, hidden=hidden, weight_scale=0.03, state=state, cell_state=cells)
    y = lstm(net, x, 4, hidden=hidden, weight_scale=0.03, seed=1, state=state, cell_state=cells)
    assert_engines_agree(net.pack(x, y), rows=8)


def test_a_network_with_every_kind_of_state() -> None:
    assert_engines_agree(everything(), rows=8)


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
    return lambda net: svdf(net, net.input, 4, 2, **{name: getattr(net.main, kind)(name, **options)})


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


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            altered(options={"fusedActivationFunction": NONE}),
            r"operator 0 \(SVDF\) has a fused activation other than RELU",
        ),
        (altered(options={"rank": 0}), "for rank 0, which do not fit each other"),
        (altered(options={"rank": 3}), "for rank 3, which do not fit each other"),
        (altered(options={"rank": 1}), "which do not fit each other or are not of batch 1"),
        (altered(memory=5, state_scale=1e-38), "a scale too small for the others"),
        (altered(feature=-1), r"has inputs \[.*-1.*\] and outputs"),
        (altered(state=-1), r"has inputs \[.*-1\] and outputs"),
        (made("constant", "time", data=zeros(8, 4), scale=0.1), "type int8; only int16 with a single scale"),
        (made("constant", "time", data=zeros(8, 4, dtype=np.int16)), "type int16; only int16 with a single scale"),
        (made("constant", "time", data=zeros(7, 4, dtype=np.int16), scale=0.1), "do not fit each other or are not of"),
        (made("constant", "time", data=zeros(32, dtype=np.int16), scale=0.1), "which do not fit each other"),
        (made("constant", "feature", data=zeros(8, 5), scale=0.1), "do not fit each other or are not of batch 1"),
        (made("constant", "feature", data=zeros(8, 6), scale=[0.1] * 8), "only int8 with a single scale"),
        (made("constant", "feature", data=zeros(8, 6), scale=0.1, zero_point=3), "zero point; it must be 0 there"),
        (made("constant", "bias", data=zeros(5, dtype=np.int32), scale=0.1), "a bias of 4 int32 values as input 3"),
        (made("constant", "bias", data=zeros(4), scale=0.1), "a bias of 4 int32 values as input 3"),
        (
            made("state", "bias", shape=(4,), scale=Scale(0.1, 0), dtype="int32"),
            r"\(SVDF\) reads the variable tensor \d+ \(bias\)",
        ),
        (made("state", "state", shape=(1, 32), scale=Scale(0.1, 0)), "type int8; only int16 with a single scale"),
        (made("state", "state", shape=(1, 32), scale=Scale(0.1, 1), dtype="int16"), "zero point; it must be 0"),
        (made("state", "state", shape=(8, 4), scale=Scale(0.1, 0), dtype="int16"), "do not fit each other or are not"),
        (made("activation", "state", shape=(1, 32), scale=Scale(0.1, 0), dtype="int16"), "before anything"),
        (
            made("constant", "state", data=zeros(1, 32, dtype=np.int16), scale=0.1),
            r"\(SVDF\) needs a variable tensor for its state as input 4",
        ),
        (made("activation", "feature", shape=(8, 6), scale=Scale(0.1, 0)), "before anything has written it"),
        (read_state, r"\(RESHAPE\) reads the variable tensor \d+ \(state\); only SVDF.* have such"),
        (state_as_output, "an input or output of the model and a variable"),
        (state_with_data, "is a variable and has data"),
    ],
)
def test_what_svdf_refuses(build: Callable[[Net], int], message: str) -> None:
    net = Net((1, 6), Scale(0.1, -3))
    said = compiled(net.pack(build(net)))
    assert re.search(message, said), said
    assert "truncated" not in said


def cells(**changes: Any) -> Callable[[Net], int]:
    """An LSTM on (1, 2, 3) with 4 cells."""
    return lambda net: lstm(net, net.reshape(net.input, (1, 2, 3)), 4, **changes)


def changed(kind: str, name: str, form: dict[str, Any] | None = None, **options: Any) -> Callable[[Net], int]:
    """The same with one tensor exchanged for another one; ``form`` goes to lstm()."""
    return lambda net: cells(**(form or {}), **{name: getattr(net.main, kind)(name, **options)})(net)


def intermediates(count: int, hidden: Scale | None = None) -> Callable[[Net], int]:
    def build(net: Net) -> int:
        y = cells()(net)
        net.main.intermediates([net.main.activation(f"i{i}", (), hidden) for i in range(count)])
        return y

    return build


def batch_of_two(net: Net) -> int:
    return lstm(net, net.reshape(net.input, (2, 1, 3)), 4)


NORM = {"inputs": 24, "forget_norm": 0}
COUPLED = {"coupled": True}
PROJECTED = {"outputs": 2}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (cells(**NORM), r"operator 1 \(UNIDIRECTIONAL_SEQUENCE_LSTM\) has layer normalization or 24 inputs"),
        (cells(inputs=22), "or 22 inputs; only 20 are supported"),
        (cells(inputs=19), r"has inputs \["),
        (cells(options={"fusedActivationFunction": NONE}), "other than TANH"),
        (cells(options={"cellClip": -1.0}), "the option cellClip -1.0; it must be 0 or a positive number"),
        (cells(options={"cellClip": float("nan")}), "the option cellClip nan"),
        (cells(options={"projClip": float("inf")}, **PROJECTED), "the option projClip inf"),
        (cells(options={"timeMajor": True}), r"turns \[1, 2, 3\] into \[1, 2, 4\]; only batch 1"),
        (batch_of_two, r"turns \[2, 1, 3\] into \[2, 1, 4\]; only batch 1"),
        (cells(cell_scale=-16), "has the cell scale .*; only 2\\^-15 to 2\\^-9"),
        (cells(cell_scale=-8), "has the cell scale .*; only 2\\^-15 to 2\\^-9"),
        (changed("state", "cell_state", shape=(1, 4), scale=Scale(0.0003, 0), dtype="int16"), "the cell scale 0.0003"),
        (changed("state", "cell_state", shape=(1, 4), scale=Scale(2**-11, 1), dtype="int16"), "it must be 0 there"),
        (changed("state", "cell_state", shape=(1, 4), scale=Scale(2**-11, 0)), "type int8; only int16 with a"),
        (changed("state", "cell_state", shape=(1, 5), scale=Scale(2**-11, 0), dtype="int16"), "5 cells and 4 outputs"),
        (changed("state", "state", shape=(1, 5), scale=Scale(1 / 128, 0)), r"into \[1, 2, 4\]; only batch 1"),
        (changed("activation", "state", shape=(1, 4), scale=Scale(1 / 128, 0)), "before anything has written it"),
        (changed("constant", "state", data=zeros(1, 4), scale=0.1), "variable tensor for its state as input 18"),
        (cells(cell_state=-1), r"has inputs \["),
        (cells(input_weights=-1), "only some tensors of its input gate or its peepholes"),
        (cells(input_recurrent=-1), "only some tensors of its input gate or its peepholes"),
        (cells(input_bias=-1), "only some tensors of its input gate or its peepholes"),
        (cells(forget_weights=-1), r"has inputs \["),
        (cells(forget_bias=-1), r"has inputs \["),
        (cells(peephole=True, forget_peephole=-1), "only some tensors of its input gate or its peepholes"),
        (cells(peephole=True, input_peephole=-1), "only some tensors of its input gate or its peepholes"),
        (changed("constant", "input_peephole", COUPLED, data=zeros(4, dtype=np.int16), scale=0.1), "a peephole of an"),
        (cells(peephole=True, outputs=3), "4 cells and 3 outputs; that is supported with a projection and without"),
        (changed("constant", "projection_bias", data=zeros(4, dtype=np.int32), scale=0.1), "bias of a projection that"),
        (cells(outputs=5, biased=False, projection=-1), "4 cells and 5 outputs"),
        (changed("constant", "projection", PROJECTED, data=zeros(3, 4), scale=0.1), r"shape \[2, 4\] as input 16, not"),
        (changed("constant", "projection_bias", PROJECTED, data=zeros(3, dtype=np.int32), scale=0.1), "2 int32 values"),
        (changed("constant", "cell_weights", data=zeros(4, 2), scale=0.1), r"\[4, 3\] as input 3, not \[4, 2\]"),
        (changed("constant", "cell_weights", data=zeros(4, 3), scale=0.1, zero_point=2), "zero point; it must be 0"),
        (changed("constant", "cell_weights", data=zeros(4, 3), scale=[0.1] * 4), "type int8; only int8 with a single"),
        (changed("constant", "cell_weights", data=zeros(4, 3), scale=1e38), "a scale too small for the others"),
        (changed("constant", "cell_recurrent", data=zeros(4), scale=0.1), r"\[4, 4\] as input 7, not \[4\]"),
        (changed("constant", "cell_bias", data=np.full(4, 2**31 - 1, np.int32), scale=0.1), "a bias so large"),
        (changed("constant", "cell_bias", data=zeros(4, dtype=np.int16), scale=0.1), "bias of 4 int32 values as input"),
        (changed("activation", "output_bias", shape=(4,), scale=None, dtype="int32"), "before anything has written"),
        (cells(hidden=Scale(1e-38, 0)), "a scale too small for the others"),
        (intermediates(0), "has 0 intermediate tensors; only int8 with all 5"),
        (intermediates(4, Scale(0.1, 0)), "has 4 intermediate tensors; only int8 with all 5"),
        (intermediates(5), r"uses tensor \d+ \(i4\) of type int8; only int8 with a single scale"),
    ],
)  # fmt: skip
def test_what_the_lstm_refuses(build: Callable[[Net], int], message: str) -> None:
    net = Net((1, 6), Scale(0.1, -3))
    said = compiled(net.pack(build(net)))
    assert re.search(message, said), said
    assert said
    assert "truncated" not in said


def damaged() -> bytes:
    net = Net((1, 6), Scale(0.1, -3))
    x = net.reshape(net.input, (1, 2, 3))
    return net.pack(svdf(net, net.input, 2, 2), lstm(net, x, 2, 3), lstm(net, x, 2, peephole=True, coupled=True))


@pytest.mark.parametrize("seed", range(4))
def test_random_damage(seed: int) -> None:
    original, random = damaged(), np.random.default_rng(seed)
    assert compiled(original) == ""
    for _ in range(60):
        content = bytearray(original)
        for position in random.integers(8, len(content), random.integers(1, 5)):
            content[position] = random.integers(0, 256) if random.integers(2) else random.choice([0, 1, 127, 128, 255])
        compiled(bytes(content))


def test_an_intermediate_tensor_that_does_not_exist() -> None:
    def edit(net: Net) -> int:
        y = cells()(net)
        net.main.intermediates([0, 0, 0, 0, 999])
        return y

    net = Net((1, 6), Scale(0.1, -3))
    assert "names a tensor that does not exist" in compiled(net.pack(edit(net)))


def test_an_intermediate_tensor_without_elements_that_is_used() -> None:
    net = Net((1, 6), Scale(0.1, -3))
    empty = net.main.activation("empty", (0,), Scale(0.1, 0))
    y = cells()(net)
    net.main.intermediates([empty] * 5)
    assert compiled(net.pack(y)) == ""
    assert "every dimension must be known" in compiled(net.pack(y, empty))
