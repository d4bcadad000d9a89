"""Random whole graphs of uint8 or int16. Not a test."""

# mypy: disable-error-code="arg-type, misc, override, attr-defined, call-arg"

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from graphs import Model, Net, float32
from hypothesis import strategies as st
from random_graphs import RandomGraph

from wwtool.models.quantized import Scale

_BYTES = st.one_of(st.sampled_from([0, 255, 128]), st.integers(0, 255))
_UNARY = {
    "uint8": ["LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "SOFTMAX"],
    "int16": ["LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "ABS", "SOFTMAX"],
}


class TypedNet(Net):
    """Takes layers and numbers as they are made for int8, and gives them the type of the net."""

    def __init__(self, shape: tuple[int, ...], scale: Scale, dtype: str) -> None:
        self.dtype = dtype
        super().__init__(shape, scale, dtype)

    def add_input(self, shape: tuple[int, ...], scale: Scale, dtype: str = "") -> int:
        return super().add_input(shape, scale, self.dtype)

    def values(self, data: npt.NDArray[np.int8]) -> npt.NDArray[Any]:
        if self.dtype == "uint8":
            return data.view(np.uint8)
        return (data.astype(np.int16) * 257 + 5).astype(np.int16)

    def number(self, data: npt.NDArray[Any], scale: Scale) -> int:
        return super().number(self.values(data) if data.dtype == np.int8 else data, scale)

    def slopes(self, data: npt.NDArray[np.int8]) -> int:
        """The second operand of PRELU, which stays int8 where values are int16."""
        if self.dtype == "uint8":
            return super().number(data.view(np.uint8), Scale(float32(0.01), 131))
        return super().number(data, Scale(float32(0.01), 3))

    def _layer(self, weights: Any, bias: Any, scale: Any) -> tuple[Any, Any, Any, int]:
        if self.dtype == "uint8":
            return weights.view(np.uint8), bias, np.atleast_1d(scale)[:1], 117
        return weights, bias if bias is None else bias.astype(np.int64), scale, 0

    def conv(self, x: int, weights: Any, bias: Any, weight_scale: Any, *more: Any, **options: Any) -> int:
        weights, bias, weight_scale, zero = self._layer(weights, bias, weight_scale)
        return super().conv(x, weights, bias, weight_scale, *more, weight_zero_point=zero, **options)

    def dense(self, x: int, weights: Any, bias: Any, weight_scale: Any, *more: Any, **options: Any) -> int:
        weights, bias, weight_scale, zero = self._layer(weights, bias, weight_scale)
        return super().dense(x, weights, bias, weight_scale, *more, weight_zero_point=zero, **options)

    def quantize(self, x: int, scale: Scale, dtype: str = "") -> int:
        return super().quantize(x, scale, dtype or self.dtype)

    def variable(self, name: str, initial: npt.NDArray[Any], scale: Scale) -> int:
        return super().variable(name, self.values(initial), scale)

    def read(self, handle: int, shape: tuple[int, ...], scale: Scale, dtype: str = "") -> int:
        return super().read(handle, shape, scale, self.dtype)


class TypedGraph(RandomGraph):
    def __init__(self, draw: st.DrawFn, dtype: str) -> None:
        self.draw, self.dtype = draw, dtype
        self.random = np.random.default_rng(draw(st.integers(0, 2**32)))
        self.net = TypedNet(self.shape(), self.scale(), dtype)
        self.made: list[int] = [self.net.input]
        for _ in range(draw(st.sampled_from([0, 0, 1]))):
            self.made.append(self.net.add_input(self.shape(), self.scale()))

    def scale(self) -> Scale:
        step = self.draw(st.sampled_from([0.02, 0.05, 0.1, 1 / 256, 0.7]))
        return self.near(step if self.dtype == "uint8" else step / 256)

    def near(self, factor: float) -> Scale:
        return Scale(float32(factor), self.draw(_BYTES) if self.dtype == "uint8" else 0)

    def binary(self) -> list[int]:
        kind = self.draw(st.sampled_from(["ADD", "ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"]))
        a = self.pick()
        shape = self.net.shapes[a]
        size = self.draw(st.sampled_from([(), (shape[-1],), shape]))
        numbers = self.random.integers(-128, 128, size).astype(np.int8)
        others = [t for t in self.made if self.broadcasts(self.net.shapes[t], shape)]
        if kind == "PRELU":
            return [
                self.net.binary(kind, a, self.net.slopes(numbers), self.near(self.net.scales[a].scale), 0, self.dtype)
            ]
        b = others[-1] if others and self.draw(st.booleans()) else self.net.number(numbers, self.scale())
        of_a, of_b = self.net.scales[a], self.net.scales[b]
        if kind in ("MINIMUM", "MAXIMUM"):
            b, target = (b if of_a == of_b else self.net.number(numbers, of_a)), of_a
        elif kind == "MUL":
            target = self.near((100 if self.dtype == "uint8" else 25_000) * of_a.scale * of_b.scale)
        else:
            target = self.near(1.1 * (of_a.scale + of_b.scale))
        activation = self.draw(st.integers(0, 3))
        return [self.net.binary(kind, *self.random.permutation([a, b]).tolist(), target, activation, self.dtype)]

    def unary(self) -> list[int]:
        x, kind = self.pick(), self.draw(st.sampled_from(_UNARY[self.dtype]))
        shape, source = self.net.shapes[x], self.net.scales[x]
        wide = self.dtype == "int16"
        options: dict[str, Any] = {}
        target = self.near(source.scale * 1.3)
        if kind in ("LOGISTIC", "SOFTMAX") or (kind == "TANH" and wide):
            target = Scale(1 / 32768 if wide else 1 / 256, 0)
        if kind == "SOFTMAX":
            options = {"options_kind": "SoftmaxOptions", "beta": float32(0.03 / source.scale / (256 if wide else 1))}
        if kind == "LEAKY_RELU":
            options = {"options_kind": "LeakyReluOptions", "alpha": 0.25}
        return [self.net.op(kind, [x], shape, target, dtype=self.dtype, **options)]

    def quantize(self) -> list[int]:
        """Through another type and back."""
        x = self.pick()
        scale = self.net.scales[x].scale
        step = scale * 256 if self.dtype == "int16" else scale
        between = self.net.quantize(x, Scale(float32(step), self.draw(st.integers(-128, 127))), "int8")
        return [self.net.quantize(between, self.near(scale * self.draw(st.sampled_from([0.7, 1.0, 2.0]))))]

    def join(self) -> list[int]:
        x = self.pick()
        shape = self.net.shapes[x]
        axis = self.draw(st.integers(0, len(shape) - 1))
        fitting = [t for t in self.made if self.net.shapes[t] == shape]
        parts = [x, *(fitting[-1 - self.draw(st.integers(0, len(fitting) - 1))] for _ in range(2))]
        return [self.net.concatenate(parts, axis)]

    def pad(self) -> list[int]:
        x = self.pick()
        around = [(self.draw(st.integers(0, 2)), self.draw(st.integers(0, 2))) for _ in self.net.shapes[x]]
        if len(around) == 4:
            around[0] = 0, 0
        return [self.net.pad(x, around, self.draw(st.one_of(st.none(), st.integers(0, 127))))]

    def variable(self) -> list[int]:
        x = self.pick()
        name, shape, scale = f"variable{len(self.net.shapes)}", self.net.shapes[x], self.net.scales[x]
        handle = self.net.variable(name, self.random.integers(-128, 128, shape).astype(np.int8), scale)
        old = self.net.read(handle, shape, scale)
        self.net.assign(handle, x)
        return [old]

    def grow(self) -> None:
        makers = [
            self.convolution, self.convolution, self.convolution, self.dense, self.pool, self.binary, self.binary,
            self.unary, self.unary, self.mean, self.reshape, self.quantize, self.slice, self.split, self.join,
            self.transpose, self.pad, self.window, self.variable,
        ]  # fmt: skip
        self.made += [t for t in self.draw(st.sampled_from(makers))() if self.size(t) <= 1500]


@st.composite
def typed_graphs(draw: st.DrawFn, dtype: str, most: int = 14) -> Model:
    graph = TypedGraph(draw, dtype)
    for _ in range(draw(st.integers(3, most))):
        graph.grow()
    return graph.finish()
