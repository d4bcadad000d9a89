"""Post-training quantization: every operator and random graphs, held to LiteRT's bytes and to the float model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from float_models import DYNAMIC, FLOAT, HALF, as_float
from float_operators import OPERATORS, PICTURE, bias, int8, probability
from graphs import VALID, Model, Net, assert_engines_agree
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_graphs import random_graphs
from recurrent_graphs import lstm, svdf

from wwtool.errors import InputError
from wwtool.int8.arithmetic import INT8_MAX
from wwtool.models.quantized import Scale
from wwtool.quantizer import arithmetic
from wwtool.quantizer.material import Material
from wwtool.quantizer.quantize import Quantized, quantize, require_quantizable
from wwtool.quantizer.real_model import read_real_model
from wwtool.quantizer.rules import RULES
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model
from wwtool.training.ranges import RANGES

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
derandomized = settings(deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))


def numbers(graph: Graph, rows: int, seed: int = 0) -> list[npt.NDArray[Any]]:
    """Rows of a float model's inputs, from -6 to 6."""
    generator = np.random.default_rng(seed)
    shapes = [graph.tensor(index).shape for index in graph.inputs]
    return [generator.uniform(-6, 6, (rows, *shape)).astype(np.float32) for shape in shapes]


def quantized(content: bytes, rows: int = 20, ranges: str = "min_max", unsigned: bool = False) -> Quantized:
    graph = read_real_model(content, "model")
    held_out = np.arange(rows) % 5 == 4
    material = Material((numbers(graph, rows),), (held_out,), None)
    return quantize(content, graph, material, RANGES[ranges], unsigned, lambda *at: None)


_TOGETHER = 12  # in one model, each on an input of its own
# Lowest signal-to-noise ratio of the output in dB, where it is not 25: steep functions magnify the rounding of inputs.
BOUNDS = {"EXP": 15.0, "RSQRT": 12.0, "EQUAL": 20.0, "LOG": 20.0, "RELU_0_TO_1": 20.0, "DIV": 20.0}


def test_every_rule_is_tested_and_on_the_page() -> None:
    assert set(OPERATORS) == set(RULES)
    page = (Path(__file__).parents[2] / "docs/how-to/quantize.md").read_text(encoding="utf-8")
    listed = page.split("## Operators\n\n")[1].split("\n\n")[0].rstrip(".")
    assert listed.split(", ") == sorted(RULES)


@pytest.mark.parametrize("first", range(0, len(OPERATORS), _TOGETHER))
def test_operators(first: int) -> None:
    """The INT8 model has the operators on int8, LiteRT's bytes in every engine, and the float model's numbers."""
    kinds = list(OPERATORS)[first : first + _TOGETHER]
    net = Net(PICTURE, Scale(0.05, 3))
    sources = [net.input, *(net.add_input(PICTURE, Scale(0.05, 3)) for _ in kinds[1:])]
    made = as_float(net.pack(*(OPERATORS[kind](net, x) for kind, x in zip(kinds, sources, strict=True))))
    result = quantized(made)
    graph = parse_model(result.content)
    assert {graph.tensor(i).dtype for i in (*graph.inputs, *graph.outputs)} <= {"int8", "int32"}
    if "ELU" not in kinds:  # LiteRT has a kernel for it, and no reference kernel
        assert_engines_agree(Model(result.content))
    real = [kind for kind in kinds if not kind.startswith("ARG_")]
    for kind, output in zip(real, result.comparison.outputs, strict=True):
        assert output.snr_db is not None and output.snr_db >= BOUNDS.get(kind, 25.0), (kind, output)


@pytest.mark.parametrize("weights", [FLOAT, HALF, DYNAMIC])
def test_random_graphs(weights: str) -> None:
    @settings(derandomized, max_examples=3)
    @given(random_graphs(), st.sampled_from(list(RANGES)))
    def check(content: Model, ranges: str) -> None:
        try:
            result = quantized(as_float(content, weights), 6, ranges)
        except InputError as error:  # an operator without a rule, or numbers that grow beyond all bounds
            assert "cannot be quantized" in str(error) or "not finite" in str(error)
            return
        assert_engines_agree(Model(result.content))

    check()


@settings(derandomized, max_examples=300)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(0, 2**32))
def test_a_format_holds_its_range(a: float, b: float, seed: int) -> None:
    low, high = min(a, b), max(a, b)
    scale = arithmetic.format_of_range(low, high)
    assert arithmetic.quantized(0.0, scale) == scale.zero_point
    values = np.random.default_rng(seed).uniform(low, high, 50).astype(np.float32)
    stored = arithmetic.quantized(values, scale).astype(np.float64)
    assert np.abs((stored - scale.zero_point) * scale.scale - values).max() <= 1.01 * scale.scale


@settings(derandomized, max_examples=200)
@given(
    st.sampled_from([None, 0, 3]), st.sampled_from([0.0, 1e-30, 1e-3, 1.0, 1e4]), st.sampled_from([0.0, 1.0, 1e6]),
    st.floats(1e-6, 1e3), st.integers(0, 2**32),
)  # fmt: skip
def test_weights_and_biases(axis: int | None, size: float, large: float, source: float, seed: int) -> None:
    """Weights are within half a step, unless their scale makes room for the bias; a bias always fits 32 bits."""
    generator = np.random.default_rng(seed)
    weights = (size * generator.standard_normal((3, 2, 2, 3))).astype(np.float32)
    weights[:1] = 0.0
    offsets = (large * generator.standard_normal(3)).astype(np.float32)
    scales = arithmetic.weight_scales(weights, axis, offsets, source)
    assert scales.dtype == np.float32 and np.all(np.isfinite(scales)) and np.all(scales > 0)
    shape = [1] * 4
    shape[axis or 0] = -1
    stored = arithmetic.quantized_weights(weights, axis, scales)
    assert np.abs(stored * scales.reshape(shape) - weights).max() <= 0.501 * scales.max()
    assert np.abs(stored).max() <= INT8_MAX
    products = arithmetic.bias_scales(source, scales)
    steps = arithmetic.quantized_bias(offsets, products)
    assert np.abs(steps.astype(np.int64)).max() <= 2**30 + 2**12
    assert np.allclose(steps * products.astype(np.float64), offsets, atol=float(products.max()), rtol=1e-6)


@pytest.mark.parametrize("size", [0, 1])
def test_a_logit_has_the_range_that_matters(size: int) -> None:
    """A probability reaches both ends, even if calibration data hold one class; what is beyond them takes no steps."""
    net = Net(PICTURE, Scale(0.05, 3))
    weights = int8(1, 120) * np.int8(size)
    y = net.logistic(net.dense(net.reshape(net.input, (1, 120)), weights, bias(1), 0.01, Scale(0.3, 0)))
    graph = parse_model(quantized(as_float(net.pack(y))).content)
    logit = graph.tensor(graph.operators[-1].inputs[0])
    assert logit.scale == pytest.approx(16 / 255) and logit.zero_point in (-1, 0)


def test_rows_that_are_held_out_do_not_count() -> None:
    net = Net(PICTURE, Scale(0.05, 3))
    content = as_float(net.pack(net.op("RELU", [net.input], PICTURE, net.scales[net.input])))
    graph, held_out = read_real_model(content, "model"), np.arange(20) % 5 == 4
    rows = numbers(graph, 20)
    rows[0][held_out] *= 100
    made = quantize(content, graph, Material((rows,), (held_out,), None), RANGES["min_max"], False, lambda *at: None)
    (layer,) = made.comparison.layers
    assert layer.scale < 6 / 254 < 100 < layer.high


@pytest.mark.parametrize("low", [-np.inf, np.finfo(np.float32).min])
def test_padding_with_no_value(low: float) -> None:
    """As PyTorch's MaxPool2d is converted; the padding takes no part in the range."""
    net = Net(PICTURE, Scale(1.0, 0), "float32")
    around = net.constant(np.asarray([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
    inputs = [net.input, around, net.constant(np.asarray([low], np.float32))]
    x = net.op("PADV2", inputs, (1, 8, 7, 4), Scale(1.0, 0), "PadV2Options", "float32")
    result = quantized(net.pack(net.pool(x, (3, 3), (2, 2), VALID, 0, "MAX_POOL_2D")))
    assert_engines_agree(Model(result.content))
    (output,) = result.comparison.outputs
    assert output.scale < 12.1 / 255 and output.snr_db is not None and output.snr_db > 40


def test_a_sum_of_almost_nothing_compiles() -> None:
    """The kernels of ADD refuse an output scale far below those of the inputs."""
    net = Net(PICTURE, Scale(0.05, 3))
    factor = net.number(np.asarray([-127], np.int8), Scale(float(np.float32(0.99999 / 127)), 0))
    y = net.binary("ADD", net.input, net.binary("MUL", net.input, factor, Scale(0.05, 0)), Scale(0.05, 0))
    assert_engines_agree(Model(quantized(as_float(net.pack(y))).content))


@settings(derandomized, max_examples=100)
@given(st.sampled_from([1e-6, 1.0, 1e5]), st.sampled_from([None, 0.0, 1e4]), st.integers(1, 3), st.integers(0, 2**32))
def test_weights_over_time(size: float, large: float | None, rank: int, seed: int) -> None:
    """No sum of products of int16 leaves 32 bits, and the bias fits as well."""
    generator = np.random.default_rng(seed)
    weights = (size * generator.standard_normal((4 * rank, 9))).astype(np.float32)
    offsets = None if large is None else (large * generator.standard_normal(4)).astype(np.float32)
    scale = arithmetic.time_scale(weights, offsets, 1e-3, rank)
    stored = arithmetic.symmetric(weights, scale, arithmetic.MOST_INT16)
    assert np.abs(stored * np.float64(scale) - weights).max() <= 0.501 * scale
    assert np.abs(stored).reshape(4, -1).sum(axis=1).max() * 2**15 <= 2**30 * 1.001 + 9 * rank * 2**15
    if offsets is not None:
        assert np.abs(offsets).max() / (np.float64(scale) * 1e-3) <= 2**30 * 1.001


def test_the_bias_of_an_svdf() -> None:
    net = Net((1, 20), Scale(0.05, 3))
    made = as_float(net.pack(svdf(net, net.input, 4, most_bias=2**24, most=200, output=Scale(0.4, -128))))
    (output,) = quantized(made, 40).comparison.outputs
    assert output.highest > 1 and output.snr_db is not None and output.snr_db > 25


def test_layers_have_a_scale_for_each_channel() -> None:
    net = Net(PICTURE, Scale(0.05, 3))
    y = net.conv(net.input, int8(5, 3, 3, 4), bias(5), np.asarray([1, 2, 3, 4, 5]) * 0.01, Scale(0.4, 0))
    y = net.conv(y, int8(1, 2, 2, 5), bias(5), np.asarray([1, 2, 3, 4, 5]) * 0.01, Scale(0.4, 0), depthwise=True)
    y = net.dense(net.reshape(y, (1, 30)), int8(3, 30), bias(3), 0.01, Scale(0.3, 0))
    graph = parse_model(quantized(as_float(net.pack(y))).content)
    layers = [op for op in graph.operators if RULES[op.kind].weights]
    forms = [graph.tensor(op.inputs[1]).quantization for op in layers]
    assert [(q.scale.size, q.axis) for q in forms if q is not None] == [(5, 0), (5, 3), (1, 0)]
    for op, form in zip(layers, forms, strict=True):
        bias_of, source = graph.tensor(op.inputs[2]), graph.tensor(op.inputs[0])
        assert bias_of.dtype == "int32" and bias_of.quantization is not None and form is not None
        assert np.array_equal(bias_of.quantization.scale, np.float32(source.scale) * form.scale)


def test_outputs_as_uint8() -> None:
    net = Net(PICTURE, Scale(0.05, 3))
    result = quantized(as_float(net.pack(probability(net, net.input))), unsigned=True)
    graph = parse_model(result.content)
    y = graph.tensor(graph.outputs[0])
    assert (y.dtype, y.scale, y.zero_point) == ("uint8", 1 / 256, 0)
    assert_engines_agree(Model(result.content))


@pytest.mark.skipif(not MODELS.is_dir(), reason="the published models are not here")
@pytest.mark.parametrize("weights", [FLOAT, DYNAMIC])
def test_a_published_classifier(weights: str) -> None:
    """MLPerf Tiny's keyword spotting: its classes stay, though the inputs are noise."""
    original = (MODELS / "mlperf_kws_ref_int8.tflite").read_bytes()
    graph = parse_model(original)
    source = graph.tensor(graph.inputs[0])
    content = as_float(original, weights)
    stored = np.random.default_rng(0).integers(-128, 128, (40, *source.shape))
    rows = ((stored - source.zero_point) * np.float32(source.scale)).astype(np.float32)
    material = Material(([rows],), (np.arange(40) % 5 == 4,), None)
    result = quantize(content, read_real_model(content, "kws"), material, RANGES["min_max"], False, lambda *at: None)
    (output,) = result.comparison.outputs
    assert output.agreement is not None and output.agreement >= 0.75 and output.mean_difference < 0.03
    snr = [layer.snr_db for layer in result.comparison.layers[:-1]]
    assert min(value for value in snr if value is not None) > (25.0 if weights == FLOAT else 20.0)


def test_layer_normalization_is_refused() -> None:
    net = Net((1, 6, 20), Scale(0.05, 3))
    norm = net.number(np.ones(3, np.int16), Scale(0.001, 0))
    made = as_float(net.pack(lstm(net, net.input, 3, input_norm=norm)))
    with pytest.raises(InputError, match=r"operator 0 \(UNIDIRECTIONAL_SEQUENCE_LSTM\) has layer normalization"):
        require_quantizable(read_real_model(made, "model"))


@pytest.mark.parametrize("outputs", [None, 4])
def test_a_recurrent_model_keeps_its_state(outputs: int | None) -> None:
    """An LSTM, with a projection or without, over rows that follow each other."""
    net = Net((1, 1, 20), Scale(0.05, 3))
    result = quantized(as_float(net.pack(lstm(net, net.input, 5, outputs))), 60)
    assert_engines_agree(Model(result.content), rows=6)
    (output,) = result.comparison.outputs
    assert output.snr_db is not None and output.snr_db > 20
