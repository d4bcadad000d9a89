"""The models that mutants are made of: small, and together of every operator. Not a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from graphs import RELU6, SAME, Net, float32
from random_typed_graphs import TypedNet
from recurrent_graphs import lstm, svdf
from test_compiler_folding import KERAS, Plain, left_open
from test_compiler_state import copied
from test_generated_c import passed_on
from test_reader import stream

from wwtool.models.quantized import Scale

_SCALE = Scale(0.1, 3)
_BIAS = np.asarray([70, -300, 900, 5], np.int32)


def _weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(-127, 128, shape, np.int8)


def picture() -> bytes:
    net = Net((1, 6, 5, 2), _SCALE)
    scales = np.asarray([0.01, 0.02, 0.003, 0.01], np.float32)
    x = net.conv(net.input, _weights(4, 3, 3, 2), _BIAS, scales, _SCALE, (2, 1), padding=SAME, activation=RELU6)
    x = net.conv(x, _weights(1, 3, 2, 4), _BIAS, scales, _SCALE, padding=SAME, depthwise=True)
    x = net.conv(x, _weights(4, 1, 1, 4), _BIAS, scales, _SCALE)
    y = net.pool(x, (2, 2), (1, 1), SAME, 0, "MAX_POOL_2D")
    z = net.pool(x, (2, 2), (1, 1), SAME, 0)
    x = net.binary("SUB", net.binary("ADD", y, z, _SCALE), net.mean(z, [1, 2], True, _SCALE), _SCALE)
    x = net.dense(net.reshape(x, (1, 60)), _weights(3, 60), _BIAS[:3], 0.01, _SCALE)
    return net.pack(net.softmax(x), net.op("LOG_SOFTMAX", [x], (1, 3), Scale(1 / 16, 127)))


def elements() -> bytes:
    net = Net((1, 3, 4), _SCALE)
    x = net.input
    for kind, alpha in (("RELU", None), ("HARD_SWISH", None), ("ABS", None), ("NEG", None), ("LEAKY_RELU", 0.25)):
        options: dict[str, Any] = {} if alpha is None else {"alpha": alpha}
        table = {"ABS": "AbsOptions", "NEG": "NegOptions", "LEAKY_RELU": "LeakyReluOptions"}.get(kind)
        x = net.op(kind, [x], (1, 3, 4), _SCALE, table, **options)
    x = net.binary("MUL", x, net.number(_weights(4), _SCALE), _SCALE)
    x = net.binary("PRELU", x, net.number(_weights(1, 1, 4), Scale(0.01, 0)), _SCALE)
    x = net.binary("MINIMUM", net.binary("MAXIMUM", x, net.input, _SCALE), net.input, _SCALE)
    wide = net.quantize(x, Scale(1e-3, 0), "int16")
    return net.pack(
        net.logistic(x), net.dequantize(wide), net.quantize(x, Scale(0.1, 131), "uint8"), net.cast(x, "int32")
    )


def moves() -> bytes:
    net = Net((1, 2, 3, 4), _SCALE)
    x = net.pad(net.transpose(net.input, [0, 2, 1, 3]), [(0, 0), (1, 0), (0, 1), (0, 0)])
    a, b = net.pieces(x, 3, [1, 3])
    c, d = net.pieces(b, 1, 2)
    x = net.concatenate([net.crop(c, [0, 0, 0, 0], [1, 2, 3, 2]), net.crop(d, [0, 0, 0, 1], [1, 2, 3, 2])], 1)
    table = net.pad(net.number(_weights(1, 4, 3, 2), _SCALE), [(0, 0), (0, 0), (0, 0), (0, 0)], 9)
    x = net.pack_of([x, table], 0)
    y = net.slice(net.reshape(x, (8, 6)), [7, 0], [0, 5], [-2, 2], endMask=1)
    return net.pack(net.op("RELU", [y], net.shapes[y], _SCALE), *net.pieces(a, 1, None)[:2])


def recurrent() -> bytes:
    net = Net((1, 6), _SCALE)
    x = net.reshape(svdf(net, net.input, 6, 2), (1, 2, 3))
    return net.pack(lstm(net, x, 4, 3))


def resized() -> bytes:
    net = Net((1, 3, 4, 2), _SCALE)
    x = net.transpose_conv(net.input, _weights(3, 2, 2, 2), _BIAS[:3], 0.01, _SCALE, (6, 8), (2, 2))
    x = net.resize(x, (4, 5), nearest=False, centers=True)
    return net.pack(net.resize(x, (7, 3), nearest=True))


def variables() -> bytes:
    net = Net((1, 1, 1, 3), _SCALE)
    outputs = []
    for container, name in (("", ""), ("a", "same"), ("b", "same")):
        handle = net.variable(name, _weights(1, 1, 1, 3), _SCALE, container)
        outputs.append(net.binary("ADD", net.read(handle, (1, 1, 1, 3), _SCALE), net.input, _SCALE))
        net.assign(handle, outputs[-1])
    return net.pack(*outputs)


def typed(dtype: str) -> bytes:
    net = TypedNet((1, 5, 4, 2), Scale(float32(0.1), 0 if dtype == "int16" else 131), dtype)
    zero = Scale(float32(0.2), 0 if dtype == "int16" else 128)
    x = net.conv(net.input, _weights(4, 3, 3, 2), _BIAS, np.full(4, 0.01, np.float32), zero, padding=SAME)
    x = net.conv(x, _weights(1, 2, 2, 4), _BIAS, np.full(4, 0.01, np.float32), zero, depthwise=True)
    x = net.pool(x, (2, 2), (1, 1), 1, 0)
    return net.pack(net.dense(net.reshape(x, (1, 24)), _weights(3, 24), _BIAS[:3], 0.01, zero))


def keras(kind: str) -> bytes:
    net = Plain((1, 4, 5, 3), _SCALE)
    y = KERAS[kind](net, net.input)
    return left_open(net.pack(net.op("RELU", [y], net.shapes[y], _SCALE)))


def plain_numbers() -> bytes:
    net = Plain((1, 4), _SCALE)
    size = net.part(net.shape_of(net.input), 1)
    steps = net.fold("RANGE", [net.plain(0), size, net.plain(1)], (4,), table="RangeOptions")
    half = net.fold("DIV", [net.fold("CAST", [steps], (4,), "float32"), net.plain(2, "float32")], (4,), "float32")
    less = net.fold("LESS", [half, net.plain(1, "float32")], (4,), "bool")
    chosen = net.fold("SELECT_V2", [less, steps, net.fold("FLOOR_MOD", [steps, net.plain(3)], (4,))], (4,))
    tiled = net.fold("TILE", [chosen, net.plain([3])], (12,))
    filled = net.fold("FILL", [net.plain([2, 2]), net.plain(9)], (2, 2), table="FillOptions")
    return net.pack(tiled, net.fold("REDUCE_PROD", [filled, net.plain([0])], (2,), table="ReducerOptions"), net.input)


@cache
def seeds() -> tuple[bytes, ...]:
    """All of them, in an order that stays."""
    makers: list[Callable[[], bytes]] = [
        stream, picture, elements, moves, recurrent, resized, variables, plain_numbers, copied, passed_on,
    ]  # fmt: skip
    made = [make() for make in makers] + [typed("uint8"), typed("int16")]
    return (*made, *(keras(kind) for kind in KERAS))
