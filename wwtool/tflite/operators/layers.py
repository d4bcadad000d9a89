"""Layers with weights: their constants, and checked layers of uint8 and int16 tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from wwtool.errors import InputError
from wwtool.int8.arithmetic import limits
from wwtool.tflite.graph import Graph, Operator, Tensor


def constant_data(op: Operator, t: Tensor) -> npt.NDArray[Any]:
    """The values of weights or biases."""
    if t.data is None:
        raise InputError(f"{op.where()} has weights that are not constant, which is not supported")
    return t.data


_WIDEST_SUM = 2**47  # beyond it TFLite's product with a multiplier does not fit 64 bits


@dataclass(frozen=True)
class TypedLayer:
    """The tensors and numbers of a layer of uint8 or int16 tensors.

    ``weights`` have the shape (channels, ...). ``narrow``: sums of int16 wrap at 32 bits instead of 64.
    """

    op: Operator
    x: Tensor
    w: Tensor
    y: Tensor
    weights: npt.NDArray[Any]
    bias: npt.NDArray[np.int64]
    narrow: bool

    @property
    def channels(self) -> int:
        return len(self.bias)

    @property
    def dtype(self) -> str:
        return self.x.dtype

    def reals(self) -> npt.NDArray[np.float64]:
        """The real multipliers, (channels,).

        TFLite multiplies scales in double precision, but those of uint8 convolutions in single precision.
        """
        assert self.w.quantization is not None
        scales = np.resize(self.w.quantization.scale.astype(np.float64), self.channels)
        product = np.float64(self.x.scale) * scales
        if self.dtype == "uint8" and self.op.kind != "FULLY_CONNECTED":
            product = product.astype(np.float32).astype(np.float64)
        return np.asarray(product / np.float64(self.y.scale))

    def reach(self) -> int:
        """The greatest magnitude that a sum can have."""
        low, high = limits(self.dtype)
        furthest = max(high - self.x.zero_point, self.x.zero_point - low)
        weights = np.abs(self.weights.astype(np.int64) - self.w.zero_point)
        return int((np.abs(self.bias) + furthest * weights.reshape(self.channels, -1).sum(axis=1)).max(initial=0))


def typed_layer(graph: Graph, op: Operator) -> TypedLayer:
    """Reads a layer of uint8 or int16 tensors.

    Raises:
        InputError: the types, zero points or shapes of its tensors do not fit together.
    """
    x, w, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    rank = 2 if op.kind == "FULLY_CONNECTED" else 4
    if len(w.shape) != rank or (rank == 4 and (len(x.shape) != 4 or len(y.shape) != 4)):
        raise InputError(f"{op.where()} has tensors of shapes {list(x.shape)}, {list(w.shape)} and {list(y.shape)}")
    weight_type = "int8" if x.dtype == "int16" else "uint8"
    if (w.dtype, y.dtype) != (weight_type, x.dtype) or None in (x.quantization, w.quantization, y.quantization):
        raise InputError(
            f"{op.where()} turns {x.dtype} with weights of type {w.dtype} into {y.dtype}; "
            f"{x.dtype} goes with {weight_type} weights and outputs of its own type, all of them quantized"
        )
    _check_quantization(op, x, w, y)
    weights = constant_data(op, w)
    if op.kind == "DEPTHWISE_CONV_2D":
        if w.shape[0] != 1:
            raise InputError(f"{op.where()} has weights of shape {list(w.shape)}, of which the first must be 1")
        weights = np.moveaxis(weights, 3, 0).reshape(w.shape[3], *w.shape[1:3], 1)
    bias, narrow = _bias(graph, op, x, len(weights))
    layer = TypedLayer(op, x, w, y, weights, bias, narrow)
    if not narrow and layer.reach() >= (2**31 if x.dtype == "uint8" else _WIDEST_SUM):
        raise InputError(f"{op.where()} has a bias so large that its sums overflow; export it with sane scales")
    return layer


def _check_quantization(op: Operator, x: Tensor, w: Tensor, y: Tensor) -> None:
    assert w.quantization is not None
    axis = 3 if op.kind == "DEPTHWISE_CONV_2D" else 0
    count = w.quantization.scale.size
    if count != 1 and (x.dtype == "uint8" or count != w.shape[axis] or w.quantization.axis != axis):
        raise InputError(
            f"{op.where()} has {count} weight scales along axis {w.quantization.axis}, which does not fit its weights"
        )
    if x.dtype == "int16" and (x.zero_point or y.zero_point or np.any(w.quantization.zero_point != 0)):
        raise InputError(f"{op.where()} has a zero point other than 0; int16 and its weights must be symmetric")


def _bias(graph: Graph, op: Operator, x: Tensor, channels: int) -> tuple[npt.NDArray[np.int64], bool]:
    """The bias, and whether sums of int16 are narrow."""
    narrow = x.dtype == "int16" and int(op.options.get("quantizedBiasType", 0)) == schema.TensorType.INT32
    if len(op.inputs) < 3 or op.inputs[2] < 0:
        return np.zeros(channels, np.int64), narrow
    bias = graph.tensor(op.inputs[2])
    bias_type = "int32" if x.dtype == "uint8" or narrow else "int64"
    if bias.dtype != bias_type or bias.size != channels:
        hint = " (or int32, if the option quantized_bias_type is INT32)" if bias_type == "int64" else ""
        raise InputError(
            f"{op.where()} needs a bias of {channels} {bias_type} values{hint}, not {bias.size} {bias.dtype}"
        )
    return constant_data(op, bias).astype(np.int64).ravel(), narrow
