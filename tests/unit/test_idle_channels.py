"""Channels that carry nothing are left out, and all others hold what they held."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from graphs import RELU, SAME, VALID, Model, Net, assert_engines_agree
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.cli.main import cli
from wwtool.compiler.channels.groups import Groups
from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph
from wwtool.compiler.program import Program
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

INPUT, HIDDEN = Scale(0.05, -7), Scale(0.06, -128)
DEAD = (1, 4)  # of six channels


def program(model: Model) -> Program:
    return lower(parse_model(model))


def layers(model: Model) -> list[tuple[str, tuple[int, ...], int]]:
    """Kind, output shape and MACs of every layer."""
    made = program(model)
    shapes = [made.graph.tensor(call.writes[0]).shape for call in made.calls]
    return [(call.kind, shape, call.macs) for call, shape in zip(made.calls, shapes, strict=True) if call.macs]


class Nets:
    """Makes layers with random weights. ``dead`` outputs have weights of 0, or a bias that RELU cuts off."""

    def __init__(self, shape: tuple[int, ...] = (1, 6, 5, 3), seed: int = 0) -> None:
        self.random, self.net = np.random.default_rng(seed), Net(shape, INPUT)

    def weights(self, *shape: int) -> np.ndarray:
        return self.random.integers(-127, 128, shape).astype(np.int8)

    def bias(self, channels: int) -> np.ndarray:
        return self.random.integers(-900, 900, channels).astype(np.int32)

    def conv(
        self, x: int, channels: int = 6, kernel: int = 1, dead: tuple[int, ...] = (), negative: bool = False,
        output: Scale = HIDDEN, **more: Any,
    ) -> int:  # fmt: skip
        weights, bias = self.weights(channels, kernel, kernel, self.net.shapes[x][3]), self.bias(channels)
        if negative:
            bias[list(dead)] = -2_000_000
        else:
            weights[list(dead)] = 0
        more = {"activation": RELU} | more
        return self.net.conv(x, weights, bias, self.random.uniform(0.001, 0.01, channels), output, **more)

    def depthwise(self, x: int, kernel: int = 2, padding: int = VALID, output: Scale = HIDDEN) -> int:
        channels = self.net.shapes[x][3]
        weights, bias = self.weights(1, kernel, kernel, channels), self.bias(channels)
        return self.net.conv(x, weights, bias, 0.01, output, padding=padding, activation=RELU, depthwise=True)

    def dense(self, x: int, labels: int = 2) -> int:
        depth = self.net.shapes[x][-1]
        return self.net.dense(x, self.weights(labels, depth), self.bias(labels), 0.01, Scale(0.1, 3))


@pytest.mark.parametrize("negative", [False, True])
def test_dead_channels_leave_a_chain_of_layers(negative: bool) -> None:
    nets = Nets()
    x = nets.conv(nets.net.input, dead=DEAD, negative=negative)
    x = nets.net.pool(nets.depthwise(x), (2, 2), (1, 1), SAME, 0)
    x = nets.net.mean(nets.conv(x, 5), [1, 2], False, Scale(0.05, -100))
    model = nets.net.pack(nets.dense(x))
    assert layers(model) == [
        ("CONV_2D", (1, 6, 5, 4), 360), ("DEPTHWISE_CONV_2D", (1, 5, 4, 4), 320), ("CONV_2D", (1, 5, 4, 5), 400),
        ("FULLY_CONNECTED", (1, 2), 10),
    ]  # fmt: skip
    assert_engines_agree(model)


def test_channels_that_nothing_reads_leave_too() -> None:
    """The second layer has no weights for two inputs, and the third none for one of its outputs."""
    nets = Nets()
    x = nets.depthwise(nets.conv(nets.net.input))
    weights = nets.weights(5, 1, 1, 6)
    weights[..., [0, 3]] = 0
    weights[:4, ..., 2] = 0  # only the last output reads it
    x = nets.net.conv(x, weights, nets.bias(5), 0.005, Scale(0.06, 0))
    last = nets.weights(2, 1, 1, 5)
    last[..., 4] = 0
    model = nets.net.pack(nets.net.conv(x, last, nets.bias(2), 0.005, HIDDEN))
    assert [shape[-1] for _, shape, _ in layers(model)] == [3, 3, 4, 2]
    assert_engines_agree(model)


def test_a_constant_other_than_zero_goes_into_the_bias() -> None:
    nets = Nets()
    x = nets.conv(nets.net.input, dead=DEAD, activation=0, output=Scale(0.06, 5))
    assert np.all(nets.bias(0) == 0)
    model = nets.net.pack(nets.conv(nets.depthwise(x), 3))
    assert [shape[-1] for _, shape, _ in layers(model)] == [4, 4, 3]
    assert_engines_agree(model)


def test_padding_shows_a_constant_other_than_zero() -> None:
    """At the border of a padded layer there is one input less, so no bias can stand for the channel."""
    nets = Nets()
    x = nets.conv(nets.net.input, dead=DEAD, activation=0, output=Scale(0.06, 5))
    model = nets.net.pack(nets.conv(x, 3, 3, padding=SAME))
    assert layers(model)[0][1] == (1, 6, 5, 6)
    assert_engines_agree(model)
    nets = Nets()  # zeros do not show
    model = nets.net.pack(nets.conv(nets.conv(nets.net.input, dead=DEAD, negative=True), 3, 3, padding=SAME))
    assert layers(model)[0][1] == (1, 6, 5, 4)
    assert_engines_agree(model)


def streaming(initial: int, negative: bool = True) -> Model:
    """A layer with dead channels, of which a state keeps two frames for a depthwise layer over time."""
    nets = Nets((1, 1, 1, 5))
    net = nets.net
    x = nets.conv(net.input, dead=DEAD, negative=negative)
    start = np.full((1, 2, 1, 6), initial, np.int8)
    handle = net.variable("state", start, HIDDEN)
    whole = net.concatenate([net.read(handle, (1, 2, 1, 6), HIDDEN), x], 1)
    net.assign(handle, net.slice(whole, [0, 1, 0, 0], [1, 3, 1, 6]))
    y = net.conv(whole, nets.weights(1, 3, 1, 6), nets.bias(6), 0.01, HIDDEN, activation=RELU, depthwise=True)
    return net.pack(nets.dense(net.reshape(nets.conv(y, 4), (1, 4))))


def test_states_lose_channels_that_they_never_change() -> None:
    model = streaming(-128)
    assert [shape[-1] for _, shape, _ in layers(model)] == [4, 4, 4, 2]
    assert [window.initial.size for window in program(model).windows] == [8]
    assert_engines_agree(model, rows=6)
    other = streaming(-127)  # it holds something else in the first two inferences
    assert [shape[-1] for _, shape, _ in layers(other)] == [6, 6, 4, 2]
    assert_engines_agree(other, rows=6)


def test_a_sum_with_another_tensor_keeps_its_channels() -> None:
    nets = Nets()
    x = nets.conv(nets.net.input, dead=DEAD)
    y = nets.net.binary("ADD", x, nets.conv(nets.net.input), HIDDEN)
    model = nets.net.pack(nets.conv(y, 3))
    assert not program(model).channels
    assert_engines_agree(model)


def test_inputs_and_outputs_keep_their_channels() -> None:
    nets = Nets()
    x = nets.conv(nets.net.input, dead=DEAD)
    nets.net.main.interface(nets.net.inputs, [x])
    assert not program(nets.net.pack(x)).channels
    nets = Nets((1, 2, 2, 3))
    weights = nets.weights(4, 1, 1, 3)
    weights[..., 1] = 0
    model = nets.net.pack(nets.net.conv(nets.net.input, weights, nets.bias(4), 0.01, HIDDEN))
    assert not program(model).channels


def test_a_constant_tensor_keeps_its_channels() -> None:
    nets = Nets((1, 2))
    constant = nets.net.number(nets.weights(1, 6), HIDDEN)
    weights = nets.weights(2, 6)
    weights[:, list(DEAD)] = 0
    y = nets.net.dense(constant, weights, nets.bias(2), 0.01, HIDDEN)
    assert_engines_agree(nets.net.pack(nets.net.binary("ADD", y, nets.net.input, HIDDEN)), rows=9)


def test_a_channel_that_has_gone_does_not_come_back() -> None:
    """The last pass over the model finds nothing needed of a tensor that has lost its first channels before."""
    nets = Nets((1, 8))
    net, scale = nets.net, INPUT

    def weights(*rows: list[int]) -> np.ndarray:
        return np.asarray(rows, np.int8)

    start = np.full((1, 2), 5, np.int8)
    a, b = net.variable("a", start, scale), net.variable("b", start, scale)
    read_a, read_b = net.read(a, (1, 2), scale), net.read(b, (1, 2), scale)
    out = net.dense(read_a, weights([50, 0], [-50, 0]), nets.bias(2), 0.01, scale)
    net.assign(a, net.dense(read_b, weights([50, 0], [0, 50]), nets.bias(2), 0.01, scale))
    bias = nets.bias(3)
    bias[1] = 2600
    x = net.dense(net.input, np.ones((3, 8), np.int8), bias, 0.05, Scale(0.05, -128), RELU)
    x = net.dense(x, weights([0, 100, 0], [0, 0, 9], [50, 0, 0]), np.array([-300, 9, 9], np.int32), 1.0, scale)
    net.assign(b, net.dense(x, weights([40, 0, 0], [30, 0, 40]), nets.bias(2), 0.01, scale))
    assert_engines_agree(net.pack(out), rows=9)


def test_a_mean_whose_sums_wrap_is_not_constant() -> None:
    nets = Nets((1, 1, 1, 3))
    ratio = 2.0**27
    weights, bias = nets.weights(6, 1, 1, 3), nets.bias(6)
    x = nets.net.conv(nets.net.input, weights, bias, 0.05, Scale(0.06, -113), activation=RELU)
    x = nets.net.mean(x, [1, 2], False, Scale(float(np.float32(0.06 / ratio)), 0))
    model = nets.net.pack(nets.net.dense(x, nets.weights(2, 6), nets.bias(2), 0.01 * ratio, Scale(0.1, 3)))
    assert_engines_agree(model, rows=9)


def test_a_scalar_state_has_no_channels() -> None:
    net = Net((1, 4), INPUT)
    handle = net.variable("s", np.asarray(3, np.int8), INPUT)
    y = net.binary("ADD", net.input, net.read(handle, (), INPUT), INPUT)
    assert_engines_agree(net.pack(y))


def states_in_a_row(count: int) -> Model:
    """Each state takes what the next one held, and the output reads the first; it needs all channels but the last."""
    net, scale, width = Net((1, 6), INPUT), Scale(0.1, 0), 6
    handles = [net.variable(f"s{i}", np.zeros((1, width), np.int8), scale) for i in range(count)]
    held = [net.read(handle, (1, width), scale) for handle in handles]
    diagonal = np.eye(width, dtype=np.int8) * 50
    last = diagonal.copy()
    last[:, -1] = 0
    y = net.dense(held[0], last, None, 0.01, scale)
    for before, x in zip(handles, held[1:], strict=False):
        net.assign(before, net.dense(x, diagonal, None, 0.01, scale))
    net.assign(handles[-1], net.dense(net.input, diagonal, None, 0.01, scale))
    return net.pack(y)


@pytest.mark.parametrize("count", [1, 7, 12])
def test_a_row_of_states_is_thinned_from_its_end(count: int) -> None:
    assert_engines_agree(states_in_a_row(count), rows=4)
    assert len(program(states_in_a_row(count)).channels) > count


def test_many_states_in_a_row_take_few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """One for each would take a time that is quadratic in the model."""
    passes, leave_out = list[Groups](), Groups._leave_out

    def counted(groups: Groups) -> bool:
        passes.append(groups)
        return leave_out(groups)

    monkeypatch.setattr(Groups, "_leave_out", counted)
    lower(parse_model(states_in_a_row(40)))
    assert len(passes) == 16
    assert_engines_agree(states_in_a_row(40), rows=2)


@pytest.mark.parametrize("kind", ["MEAN", "AVERAGE_POOL_2D"])
def test_tensors_without_a_scale_are_refused_as_ever(kind: str) -> None:
    nets = Nets((1, 4, 4, 3))
    x = nets.conv(nets.net.input, dead=DEAD)
    x = nets.net.mean(x, [1, 2], True, HIDDEN) if kind == "MEAN" else nets.net.pool(x, (2, 2), (1, 1), VALID, RELU)
    graph = parse_model(nets.net.pack(nets.conv(x, 3)))
    tensors = [replace(t, quantization=None) if t.index == x else t for t in graph.tensors]
    with pytest.raises(InputError, match=kind):
        lower(replace(graph, tensors=tuple(tensors)))


def test_folding_needs_no_more_than_32_bits() -> None:
    """The largest bias and the largest weights are those of different channels."""
    nets, width = Nets((1, 4)), 400
    weights, bias = nets.weights(width, 4), nets.bias(width)
    weights[0], bias[0] = 0, 2_000_000
    x = nets.net.dense(nets.net.input, weights, bias, 0.01, Scale(0.06, 0))
    last = np.full((2, width), 127, np.int8)
    last[0], last[1, 0] = 0, 0
    last[0, 0] = 127
    most = 2**31 - 1 - 128 * int(np.abs(last.astype(int)).sum(axis=1).max()) - 5
    model = nets.net.pack(nets.net.dense(x, last, np.array([most, 0], np.int32), 0.01, Scale(1e5, 0)))
    assert program(model).channels


def test_one_channel_stays() -> None:
    nets = Nets()
    model = nets.net.pack(nets.conv(nets.conv(nets.net.input, dead=(0, 1, 2, 3, 4, 5)), 3))
    assert [shape[-1] for _, shape, _ in layers(model)] == [1, 3]
    assert_engines_agree(model)


def test_a_model_whose_channels_all_carry_something_stays_what_it_is() -> None:
    nets = Nets()
    model = nets.net.pack(nets.dense(nets.net.reshape(nets.depthwise(nets.conv(nets.net.input)), (20, 6))))
    made = program(model)
    assert not made.channels
    assert [t.shape for t in made.graph.tensors] == [t.shape for t in parse_model(model).tensors]


@pytest.mark.parametrize("negative", [False, True])
def test_sizes_that_must_not_depend_on_learning_do_not(negative: bool) -> None:
    """A budget is measured with random weights, and a trained model takes the same bytes."""
    nets = Nets()
    model = nets.net.pack(nets.conv(nets.conv(nets.net.input, dead=DEAD, negative=negative), 3))
    made = compile_graph(parse_model(model), "m", same_sizes=True)
    assert made.program.graph.tensor(made.program.calls[0].writes[0]).shape[-1] == 6


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_chains_hold_the_same_bytes(data: st.DataObject) -> None:
    nets = Nets(seed=data.draw(st.integers(0, 2**32)))
    x, net = nets.net.input, nets.net
    for _ in range(data.draw(st.integers(2, 6))):
        _, h, w, channels = net.shapes[x]
        dead = tuple(sorted(data.draw(st.sets(st.integers(0, 5), max_size=5))))
        output = Scale(0.06, data.draw(st.sampled_from([-128, -5, 127])))
        kind = data.draw(st.sampled_from(["conv", "conv", "depthwise", "pool", "reshape", "cut"]))
        padding = data.draw(st.sampled_from([SAME, VALID])) if min(h, w) > 1 else SAME
        if kind == "conv":
            kernel, negative = data.draw(st.integers(1, 2)), data.draw(st.booleans())
            x = nets.conv(
                x, 6, kernel, dead, negative, output, padding=padding, activation=data.draw(st.integers(0, 3))
            )
        elif kind == "depthwise":
            x = nets.depthwise(x, 2, padding, output)
        elif kind == "pool":
            x = net.pool(x, (2, 2), (2, 2), SAME, RELU, data.draw(st.sampled_from(["AVERAGE_POOL_2D", "MAX_POOL_2D"])))
        elif kind == "reshape":
            x = net.reshape(x, (1, w, h, channels))
        else:
            x = net.concatenate([x, net.slice(x, [0, 0, 0, 0], [1, 1, w, channels])], 1)
    model = net.pack(nets.dense(net.reshape(x, (int(np.prod(net.shapes[x][:3])), net.shapes[x][3]))))
    assert_engines_agree(model, rows=2, extremes=False)


def test_the_report_tells_what_was_left_out(tmp_path: Path) -> None:
    model = tmp_path / "pruned.tflite"
    model.write_bytes(streaming(-128))
    done = CliRunner().invoke(cli, ["compile", str(model), "--out", str(tmp_path / "c"), "--json"])
    assert done.exit_code == 0, done.output
    output = json.loads(done.output)
    assert output["idle_channels"] == 4  # two of the first layer, and two of the depthwise layer
    assert output["tflite_weight_bytes"] == 30 + 18 + 24 + 8 + 4 * (6 + 6 + 4 + 2)
    assert "without 4 channels that carry nothing" in (tmp_path / "c" / "report.html").read_text()
