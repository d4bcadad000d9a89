"""Layers as what they do to channels: which inputs each output sums up, and what becomes of the sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.compiler.operators.convolutions import bias_of, operands, requantize_multipliers, require_32_bits
from wwtool.errors import InputError
from wwtool.int8.arithmetic import IntArray, add_zero_point, multiply_once_rounded, multiply_twice_rounded
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.windows import activation_range, window_of

LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True)
class Layer:
    """A layer of int8 with constant weights.

    Attributes:
        weights: (outputs, taps, inputs). Each output of a depthwise layer has one input, the channel of its number.
        bias: (outputs,).
        mantissa, shift: the multiplier that turns sums into outputs, (outputs,).
        lowest, highest: of the outputs.
        padded: whether some sums lack inputs.
    """

    op: Operator
    x: Tensor
    w: Tensor
    y: Tensor
    weights: npt.NDArray[np.int8]
    bias: IntArray
    mantissa: IntArray
    shift: IntArray
    lowest: int
    highest: int
    padded: bool

    @property
    def depthwise(self) -> bool:
        return self.op.kind == "DEPTHWISE_CONV_2D"

    def sums(self, low: IntArray, high: IntArray) -> tuple[IntArray, IntArray]:
        """The least and the greatest sum of each output, given bounds of every input channel."""
        low, high = low - self.x.zero_point, high - self.x.zero_point
        if self.padded:
            low, high = np.minimum(low, 0), np.maximum(high, 0)
        above = np.maximum(self.weights, 0).sum(axis=1, dtype=np.int64)
        below = np.minimum(self.weights, 0).sum(axis=1, dtype=np.int64)
        if self.depthwise:
            low, high = low[:, None], high[:, None]
            return self.bias + (above * low + below * high)[:, 0], self.bias + (above * high + below * low)[:, 0]
        return self.bias + above @ low + below @ high, self.bias + above @ high + below @ low

    def outputs(self, sums: tuple[IntArray, IntArray], saturation: bool) -> tuple[IntArray, IntArray]:
        """The least and the greatest output of each channel, given bounds of its sums.

        Without ``saturation``, sums that differ are taken to give outputs that do.
        """
        rule = multiply_once_rounded if self.op.kind == "FULLY_CONNECTED" else multiply_twice_rounded
        furthest = np.maximum(np.abs(sums[0]), np.abs(sums[1]))
        # Outputs grow with sums, unless sums wrap when they are shifted left.
        grows = furthest << np.maximum(self.shift, 0) < 2**30
        if not saturation:
            grows &= sums[0] == sums[1]
        low, high = (
            np.clip(add_zero_point(rule(each, self.mantissa, self.shift), self.y.zero_point), self.lowest, self.highest)
            for each in sums
        )
        return np.where(grows, low, self.lowest), np.where(grows, high, self.highest)


def layer_of(graph: Graph, op: Operator) -> Layer | None:
    """The layer that an operator is; None for other operators, and for what their lowering refuses."""
    if op.kind not in LAYERS:
        return None
    try:
        x, w, y = operands(graph, op, 2 if op.kind == "FULLY_CONNECTED" else 4)
        if w.data is None or x.data is not None or not x.shape or not y.shape:
            return None
        if op.kind == "DEPTHWISE_CONV_2D":
            weights = np.moveaxis(w.data, 3, 0).reshape(w.shape[3], -1, 1)
            fits = x.shape[-1] == y.shape[-1] == w.shape[3] and w.shape[0] == 1
        else:
            weights = w.data.reshape(w.shape[0], -1, w.shape[-1])
            fits = x.shape[-1] == w.shape[-1] and y.shape[-1] == w.shape[0]
        bias = bias_of(graph, op, len(weights))
        require_32_bits(op, bias, weights.reshape(len(weights), -1), x.zero_point)
        requantizing = *requantize_multipliers(op, x, w, y, len(bias)), *activation_range(op, y)
        padded = op.kind != "FULLY_CONNECTED" and window_of(op, x, y, w.shape[1], w.shape[2]).padded
    except (InputError, KeyError):
        return None
    return Layer(op, x, w, y, weights, bias, *requantizing, padded) if fits else None
