"""One model of the further operators on emulated cores: their compilers' helpers, alignments and roundings."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SAME, Model, Net, assert_engines_agree, float32
from recurrent_graphs import svdf
from test_compiler_functions import relation
from test_compiler_positions import gather, integers, mirror, tile
from test_compiler_reductions import arg, reduce

from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target
from wwtool.engines.machines import emulated
from wwtool.engines.native import NativeEngine
from wwtool.engines.torch_engine import TorchEngine
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

SCALE = Scale(float32(0.05), 3)
KERNELS = {
    "arg_extreme", "batch_matmul", "cast", "compare", "fill", "gather", "l2_normalization", "log_softmax",
    "lookup", "pick", "reduce_extreme", "reduce_prod", "resize_bilinear", "select", "softmax",
    "squared_difference", "strided_copy", "transpose_conv", "extreme_uint8",
}  # fmt: skip


def model(compared: bool = True) -> Model:
    """Without what LiteRT's reference kernels have not, if it is to be ``compared`` with them."""
    net, random = Net((1, 4, 6, 2), SCALE), np.random.default_rng(0)
    x, shape = net.input, (1, 4, 6, 2)
    weights = random.integers(-127, 128, (3, 3, 3, 2), np.int8)
    bias = np.asarray([1, -2000, 3000], np.int32)
    outputs = [
        net.transpose_conv(x, weights, bias, np.full(3, 0.01, np.float32), Scale(0.1, 0), (8, 12), (2, 2), SAME),
        net.resize(x, (7, 9), False, centers=True),
        net.resize(x, (7, 9), True),
        net.resize(x, (8, 12), True),
        net.log_softmax(x),
        net.softmax(x, 1.0, "int16"),
        reduce(net, "REDUCE_MAX", x, [1, 3], True, SCALE),
        reduce(net, "REDUCE_PROD", x, [1], False, Scale(0.2, 0)),
        mirror(net, x, [(0, 0), (1, 2), (0, 1), (0, 0)], False),
        tile(net, x, [1, 2, 1, 2]),
        net.move("SPACE_TO_DEPTH", [x], (1, 2, 3, 8), x, "SpaceToDepthOptions", blockSize=2),
        net.move("SPACE_TO_BATCH_ND", [x, integers(net, [2, 2]), integers(net, [[1, 1], [0, 0]])], (4, 3, 3, 2), x),
        net.op("GELU", [x], shape, SCALE, "GeluOptions"),
        net.op("L2_NORMALIZATION", [x], shape, Scale(1 / 128, 0), "L2NormOptions"),
        net.op("BATCH_MATMUL", [x, x], (1, 4, 6, 6), Scale(0.2, 1), "BatchMatMulOptions", adjY=True),
    ]
    row = net.slice(x, [0, 1, 0, 0], [1, 2, 6, 2])
    holds = relation(net, "GREATER", x, row)
    both = net.op("LOGICAL_AND", [holds, holds], shape, Scale(1.0, 0), "LogicalAndOptions", "bool")
    place = arg(net, "ARG_MAX", x, 2, "int64")
    outputs += [
        net.move("SELECT_V2", [both, x, row], shape, x, "SelectV2Options"),
        net.op("SQUARED_DIFFERENCE", [x, row], shape, Scale(0.3, -128), "SquaredDifferenceOptions"),
        place,
        net.cast(place, "int16"),
        gather(net, x, net.cast(place, "int32"), (1, 4, 2), 2),
    ]
    if not compared:
        flat = net.reshape(x, (1, 48))
        outputs += [svdf(net, flat, 4, 2, state_zero_point=-3), reduce(net, "SUM", x, [1, 2], True, Scale(0.4, 0))]
    return net.pack(*outputs)


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4", "xtensa"])
def test_on_an_emulated_core(core: Target) -> None:
    machine = emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} or {machine.emulator[0]} is not installed")
    called = {call.function.removeprefix("ww_") for call in compile_graph(parse_model(model()), "model").program.calls}
    assert called >= KERNELS
    assert_engines_agree(model(), rows=5, machine=machine)


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4", "xtensa"])
def test_what_litert_has_not_on_an_emulated_core(core: Target) -> None:
    machine = emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} or {machine.emulator[0]} is not installed")
    content = model(compared=False)
    rows = np.random.default_rng(1).integers(-128, 128, (5, 4, 6, 2)).astype(np.int8)
    with NativeEngine(content, machine=machine) as native:
        for mine, theirs in zip(native.run_all(rows), TorchEngine(content).run_all(rows), strict=True):
            assert np.array_equal(mine, theirs)
