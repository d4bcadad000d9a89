"""What TFLite's int8 kernels demand of the formats of their tensors, operator by operator.

Source: the LiteRT 8-bit quantization specification, and Prepare of the kernels where it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wwtool.models.quantized import PROBABILITY_SCALE, Scale


@dataclass(frozen=True)
class Weights:
    """Which inputs of a layer are its source, weights and bias.

    ``axis``: the weights have one scale for each slice along it; None: a single one.
    """

    axis: int | None
    source: int = 0
    weights: int = 1
    bias: int = 2


@dataclass(frozen=True)
class States:
    """The int16 variable tensor of a recurrent operator: which input it is, and whether its scale is a power of two."""

    wide: int
    power: bool = False


@dataclass(frozen=True)
class Rule:
    """The formats of one operator's real tensors.

    Attributes:
        shared: all of them have one format, as the kernel moves or compares the stored numbers.
        output: the only output format that the kernel has.
        weights: it is a layer with weights.
        states: it is recurrent: its inputs but the first are weights and states.
        sum: the kernel needs an output scale that is not far below those of its inputs.
        saturates: inputs of a greater magnitude do not change the int8 output.
    """

    shared: bool = False
    output: Scale | None = None
    weights: Weights | None = None
    states: States | None = None
    sum: bool = False
    saturates: float | None = None

    def operands(self, inputs: Sequence[int]) -> tuple[int, ...]:
        """The inputs that come in int8 and have formats of their own: all but weights, biases and int16 states."""
        if self.weights is not None:
            return (inputs[self.weights.source],)
        if self.states is not None:
            return (inputs[0],)
        return tuple(inputs)


_SHARED = (
    "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "SLICE", "STRIDED_SLICE", "SPLIT", "SPLIT_V", "UNPACK", "TRANSPOSE",
    "CONCATENATION", "PACK", "PAD", "PADV2", "MIRROR_PAD", "GATHER", "FILL", "TILE", "BROADCAST_TO", "REVERSE_V2",
    "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "AVERAGE_POOL_2D", "MAX_POOL_2D",
    "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "MINIMUM", "MAXIMUM", "SELECT", "SELECT_V2", "REDUCE_MAX",
    "REDUCE_MIN",
)  # fmt: skip
_FREE = (
    "MUL", "SQUARED_DIFFERENCE", "BATCH_MATMUL", "MEAN", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU",
    "PRELU", "HARD_SWISH", "ABS", "ELU", "EXP", "GELU", "LOG", "SQRT", "RSQRT", "ARG_MAX", "ARG_MIN", "EQUAL",
    "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL",
)  # fmt: skip
# Written as others: see products.py.
_WRITTEN_AS_PRODUCTS = ("NEG", "SQUARE", "DIV", "SUM")
RULES: dict[str, Rule] = {
    **dict.fromkeys(_SHARED, Rule(shared=True)),
    **dict.fromkeys((*_FREE, *_WRITTEN_AS_PRODUCTS), Rule()),
    **dict.fromkeys(("ADD", "SUB"), Rule(sum=True)),
    "LOGISTIC": Rule(output=PROBABILITY_SCALE, saturates=8.0),
    "SOFTMAX": Rule(output=PROBABILITY_SCALE),
    "TANH": Rule(output=Scale(1 / 128, 0), saturates=4.0),
    "L2_NORMALIZATION": Rule(output=Scale(1 / 128, 0)),
    "LOG_SOFTMAX": Rule(output=Scale(16 / 256, 127)),
    "CONV_2D": Rule(weights=Weights(axis=0)),
    "DEPTHWISE_CONV_2D": Rule(weights=Weights(axis=3)),
    "TRANSPOSE_CONV": Rule(weights=Weights(axis=0, source=2, bias=3)),
    "FULLY_CONNECTED": Rule(weights=Weights(axis=None)),  # not every version of TFLM has one scale for each row
    "SVDF": Rule(states=States(wide=4)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Rule(states=States(wide=19, power=True)),
    "VAR_HANDLE": Rule(),
    "READ_VARIABLE": Rule(shared=True),
    "ASSIGN_VARIABLE": Rule(shared=True),
}
