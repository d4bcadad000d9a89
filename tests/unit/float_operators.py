"""A small model for each operator that can be quantized. Not a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from graphs import RELU, RELU6, SAME, VALID, Net
from recurrent_graphs import lstm, svdf

from wwtool.models.quantized import Scale

PICTURE = (1, 6, 5, 4)


def int8(*shape: int) -> npt.NDArray[np.int8]:
    return np.random.default_rng(shape).integers(-127, 128, shape).astype(np.int8)


def bias(count: int) -> npt.NDArray[np.int32]:
    return np.random.default_rng(count).integers(-500, 500, count).astype(np.int32)


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
    return net.softmax(net.dense(flat, int8(7, 120), bias(7), 0.002, Scale(0.3, 0), RELU))


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
