"""Post-training quantization: every operator and random graphs, held to LiteRT's bytes and to the float model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from float_models import DYNAMIC, FLOAT, HALF, as_float
from graphs import RELU, RELU6, SAME, VALID, Model, Net, assert_engines_agree
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

PICTURE = (1, 6, 5, 4)
RANDOM = np.random.default_rng(5)
MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
derandomized = settings(deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))


def int8(*shape: int) -> npt.NDArray[np.int8]:
    return RANDOM.integers(-127, 128, shape).astype(np.int8)


def bias(count: int) -> npt.NDArray[np.int32]:
    return RANDOM.integers(-500, 500, count).astype(np.int32)


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


def one(kind: str, table: str | None = None, **options: Any) -> Callable[[Net, int], int]:
    """An operator of one tensor that keeps its shape."""
    return lambda net, x: net.op(kind, [x], net.shapes[x], net.scales[x], table, **options)


def with_constant(kind: str, table: str | None, *constants: Any, shape: Any = None, **options: Any) -> Any:
    """An operator of one tensor and constant integers."""

    def make(net: Net, x: int) -> int:
        more = [net.constant(np.asarray(c, np.int32)) for c in constants]
        return net.op(kind, [x, *more], shape or net.shapes[x], net.scales[x], table, **options)

    return make


def pair(kind: str, activation: int = 0) -> Callable[[Net, int], int]:
    """An operator of a tensor and a constant of a row."""
    number = np.asarray([3, -40, 90, 5], np.int8)
    return lambda net, x: net.binary(kind, x, net.number(number, net.scales[x]), net.scales[x], activation)


def with_operand(kind: str, operand: int) -> Callable[[Net, int], int]:
    """An operator of two tensors whose output has the shape of the first."""
    table = f"{kind.title().replace('_', '')}Options"
    return lambda net, x: net.op(kind, [x, operand], net.shapes[x], net.scales[x], table)


def compared(kind: str) -> Callable[[Net, int], int]:
    """What a comparison chooses of a tensor and its negative."""

    def make(net: Net, x: int) -> int:
        other = net.op("RELU", [x], PICTURE, net.scales[x])
        holds = net.op(kind, [x, other], PICTURE, Scale(1.0, 0), f"{kind.title().replace('_', '')}Options", "bool")
        select = "SELECT" if kind == "LESS" else "SELECT_V2"
        return net.move(select, [holds, x, other], PICTURE, x, f"{select.title().replace('_', '')}Options")

    return make


def pieces(sizes: list[int] | int | None) -> Callable[[Net, int], int]:
    def make(net: Net, x: int) -> int:
        parts = net.pieces(x, 3, sizes)
        return net.concatenate(parts, 2) if sizes else net.pack_of(parts, 1)

    return make


def streamed(net: Net, x: int, name: str = "ring") -> int:
    handle = net.variable(name, np.full((1, 2, 5, 4), net.scales[x].zero_point, np.int8), net.scales[x])
    window = net.concatenate([net.read(handle, (1, 2, 5, 4), net.scales[x]), x], 1)
    net.assign(handle, net.slice(window, [0, 6, 0, 0], [1, 8, 5, 4]))
    return window


def dense(net: Net, x: int) -> int:
    flat = net.reshape(x, (1, 120))
    return net.softmax(net.dense(flat, int8(7, 120), bias(7), 0.01, Scale(0.3, 0), RELU))


def probability(net: Net, x: int) -> int:
    return net.logistic(net.dense(net.reshape(x, (1, 120)), int8(1, 120), bias(1), 0.003, Scale(0.3, 0)))


def arg_max(kind: str) -> Callable[[Net, int], int]:
    def make(net: Net, x: int) -> int:
        place = net.constant(np.asarray([3], np.int32))
        return net.op(kind, [x, place], (1, 6, 5), Scale(1.0, 0), f"{kind.title().replace('_', '')}Options", "int32",
                      outputType=2)  # fmt: skip

    return make


def reshaped_ends(net: Net, x: int) -> int:
    y = net.move("EXPAND_DIMS", [x, net.constant(np.asarray(1, np.int32))], (1, 1, 6, 5, 4), x, "ExpandDimsOptions")
    return net.move("SQUEEZE", [y], (6, 5, 4), x, "SqueezeOptions")


def filled(net: Net, x: int) -> int:
    value = net.number(np.asarray(7, np.int8), net.scales[x])
    dims = net.constant(np.asarray(PICTURE, np.int32))
    return net.binary("MAXIMUM", x, net.move("FILL", [dims, value], PICTURE, x, "FillOptions"), net.scales[x])


def positive(kind: str) -> Callable[[Net, int], int]:
    """A function of numbers from 0.3 up."""

    def make(net: Net, x: int) -> int:
        small = net.number(np.asarray([10], np.int8), Scale(0.03, 0))
        y = net.binary("ADD", net.op("ABS", [x], PICTURE, net.scales[x]), small, net.scales[x])
        return net.op(kind, [y], PICTURE, net.scales[x])

    return make


to_batch = with_constant("SPACE_TO_BATCH_ND", "SpaceToBatchNDOptions", [2, 1], [[0, 0], [0, 0]], shape=(2, 3, 5, 4))

OPERATORS: dict[str, Callable[[Net, int], int]] = {
    "CONV_2D": lambda net, x: net.conv(
        x, int8(5, 3, 3, 4), bias(5), 0.01, Scale(0.4, 0), padding=SAME, activation=RELU6
    ),
    "DEPTHWISE_CONV_2D": lambda net, x: net.conv(
        x, int8(1, 3, 3, 8), bias(8), 0.01, Scale(0.4, 0), (2, 1), depthwise=True, activation=RELU
    ),
    "TRANSPOSE_CONV": lambda net, x: net.transpose_conv(
        x, int8(3, 2, 2, 4), bias(3), 0.01, Scale(0.4, 0), (12, 10), (2, 2), SAME
    ),
    "FULLY_CONNECTED": dense,
    "SOFTMAX": dense,
    "LOGISTIC": probability,
    "RESHAPE": dense,
    "EXPAND_DIMS": reshaped_ends,
    "SQUEEZE": reshaped_ends,
    "AVERAGE_POOL_2D": lambda net, x: net.pool(x, (2, 2), (2, 1), VALID, RELU),
    "MAX_POOL_2D": lambda net, x: net.pool(x, (3, 2), (1, 1), SAME, 0, "MAX_POOL_2D"),
    "MEAN": lambda net, x: net.mean(x, [1, 2], False, net.scales[x]),
    "SUM": with_constant("SUM", "ReducerOptions", [1, 2], shape=(1, 4), keepDims=False),
    "REDUCE_MAX": with_constant("REDUCE_MAX", "ReducerOptions", [1], shape=(1, 1, 5, 4), keepDims=True),
    "REDUCE_MIN": with_constant("REDUCE_MIN", "ReducerOptions", [1], shape=(1, 1, 5, 4), keepDims=True),
    "ARG_MAX": arg_max("ARG_MAX"),
    "ARG_MIN": arg_max("ARG_MIN"),
    "CONCATENATION": lambda net, x: net.concatenate([x, net.op("TANH", [x], PICTURE, net.scales[x])], 3),
    "TANH": one("TANH"),
    "PACK": lambda net, x: net.pack_of([x, x], 1),
    "UNPACK": pieces(None),
    "SPLIT": pieces(2),
    "SPLIT_V": pieces([2, 2]),
    "SLICE": lambda net, x: net.crop(x, [0, 1, 1, 0], [1, 3, -1, 2]),
    "STRIDED_SLICE": lambda net, x: net.slice(x, [0, 1, 0, 0], [1, 5, 5, 4], [1, 2, 1, 1]),
    "TRANSPOSE": lambda net, x: net.transpose(x, [0, 2, 1, 3]),
    "PAD": lambda net, x: net.pad(x, [(0, 0), (1, 2), (0, 1), (0, 0)]),
    "PADV2": lambda net, x: net.pad(x, [(0, 0), (1, 2), (0, 1), (0, 0)], 9),
    "MIRROR_PAD": with_constant(
        "MIRROR_PAD", "MirrorPadOptions", [[0, 0], [1, 1], [0, 0], [0, 0]], shape=(1, 8, 5, 4), mode=1
    ),
    "GATHER": with_constant("GATHER", "GatherOptions", [2, 0, 1], shape=(1, 3, 5, 4), axis=1),
    "TILE": with_constant("TILE", "TileOptions", [1, 2, 1, 1], shape=(1, 12, 5, 4)),
    "BROADCAST_TO": lambda net, x: with_constant("BROADCAST_TO", "BroadcastToOptions", PICTURE, shape=PICTURE)(
        net, net.crop(x, [0, 0, 0, 0], [1, 1, 5, 4])
    ),
    "REVERSE_V2": with_constant("REVERSE_V2", "ReverseV2Options", [1]),
    "FILL": filled,
    "SPACE_TO_DEPTH": lambda net, x: net.move(
        "SPACE_TO_DEPTH", [net.crop(x, [0] * 4, [1, 6, 4, 4])], (1, 3, 2, 16), x, "SpaceToDepthOptions", blockSize=2
    ),
    "DEPTH_TO_SPACE": lambda net, x: net.move(
        "DEPTH_TO_SPACE", [x], (1, 12, 10, 1), x, "DepthToSpaceOptions", blockSize=2
    ),
    "SPACE_TO_BATCH_ND": to_batch,
    "BATCH_TO_SPACE_ND": lambda net, x: with_constant(
        "BATCH_TO_SPACE_ND", "BatchToSpaceNDOptions", [2, 1], [[0, 0], [0, 0]], shape=PICTURE
    )(net, to_batch(net, x)),
    "RESIZE_BILINEAR": lambda net, x: net.resize(x, (12, 9), False, centers=True),
    "RESIZE_NEAREST_NEIGHBOR": lambda net, x: net.resize(x, (12, 9), True),
    **{kind: pair(kind) for kind in ("SUB", "MUL", "MINIMUM", "MAXIMUM", "PRELU")},
    "ADD": pair("ADD", RELU),
    "SQUARED_DIFFERENCE": lambda net, x: net.op(
        "SQUARED_DIFFERENCE",
        [x, net.crop(x, [0] * 4, [1, 6, 5, 1])],
        PICTURE,
        net.scales[x],
        "SquaredDifferenceOptions",
    ),
    "DIV": lambda net, x: net.op(
        "DIV",
        [x, net.number(np.asarray([3, -40, 90, 5], np.int8), Scale(0.1, 0))],
        PICTURE,
        net.scales[x],
        "DivOptions",
    ),
    "BATCH_MATMUL": lambda net, x: net.op(
        "BATCH_MATMUL", [x, x], (1, 6, 5, 5), net.scales[x], "BatchMatMulOptions", adjX=False, adjY=True
    ),
    **{kind: one(kind) for kind in ("RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "ABS", "SQUARE", "NEG")},
    "LEAKY_RELU": one("LEAKY_RELU", "LeakyReluOptions", alpha=0.1),
    "HARD_SWISH": one("HARD_SWISH"),
    "GELU": one("GELU", "GeluOptions"),
    "EXP": one("EXP"),
    "L2_NORMALIZATION": one("L2_NORMALIZATION", "L2NormOptions"),
    "LOG_SOFTMAX": one("LOG_SOFTMAX", "LogSoftmaxOptions"),
    **{kind: positive(kind) for kind in ("LOG", "SQRT", "RSQRT")},
    **{kind: compared(kind) for kind in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")},
    "SELECT": compared("LESS"),
    "SELECT_V2": compared("GREATER"),
    "VAR_HANDLE": streamed,
    "SVDF": lambda net, x: svdf(net, net.reshape(x, (1, 120)), 4, 2, output=Scale(0.4, -128)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lambda net, x: lstm(net, net.reshape(x, (1, 6, 20)), 3),
    **dict.fromkeys(("READ_VARIABLE", "ASSIGN_VARIABLE"), lambda net, x: streamed(net, x, "other")),
    "ELU": one("ELU"),
}
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
