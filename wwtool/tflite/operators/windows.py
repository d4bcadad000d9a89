"""Windows that slide over pictures: sizes, padding, fused activations. Shared by convolutions and pooling."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wwtool.errors import InputError
from wwtool.int8.arithmetic import limits
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.slices import constants

_ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6"}


SAME = 0


@dataclass(frozen=True)
class Window:
    """struct ww_window of ww_kernels.h."""

    input_height: int
    input_width: int
    input_channels: int
    output_height: int
    output_width: int
    output_channels: int
    kernel_height: int
    kernel_width: int
    stride_height: int
    stride_width: int
    dilation_height: int
    dilation_width: int
    pad_height: int
    pad_width: int

    @property
    def padded(self) -> bool:
        """Whether any tap of any output falls outside the input."""

        def reach(outputs: int, stride: int, kernel: int, dilation: int) -> int:
            return (outputs - 1) * stride + (kernel - 1) * dilation + 1

        return (
            self.pad_height > 0
            or self.pad_width > 0
            or reach(self.output_height, self.stride_height, self.kernel_height, self.dilation_height)
            > self.input_height
            or reach(self.output_width, self.stride_width, self.kernel_width, self.dilation_width) > self.input_width
        )


def activation_range(op: Operator, y: Tensor) -> tuple[int, int]:
    """The range of output values under the fused activation (CalculateActivationRangeQuantized)."""
    name = _ACTIVATIONS.get(int(op.options.get("fusedActivationFunction", 0)))
    if name is None:
        raise InputError(f"{op.where()} has a fused activation that is not supported")

    def quantize(real: float) -> int:
        scaled = np.clip(np.float32(real) / np.float32(y.scale), np.float32(-1e6), np.float32(1e6))
        return y.zero_point + int(np.sign(scaled) * np.floor(np.abs(scaled) + np.float32(0.5)))

    low, high = limits(y.dtype)
    if name in ("RELU", "RELU6"):
        low = max(low, quantize(0.0))
    if name == "RELU_N1_TO_1":
        low = max(low, quantize(-1.0))
    if name in ("RELU6", "RELU_N1_TO_1"):
        high = min(high, quantize(6.0 if name == "RELU6" else 1.0))
    return low, high


def window_of(op: Operator, x: Tensor, y: Tensor, kernel_height: int, kernel_width: int) -> Window:
    if len(x.shape) != 4 or len(y.shape) != 4 or x.shape[0] != 1 or y.shape[0] != 1:
        raise InputError(f"{op.where()} needs tensors of four dimensions and batch 1, not {list(x.shape)}")
    stride = int(op.options["strideH"]), int(op.options["strideW"])
    dilation = int(op.options.get("dilationHFactor", 1)), int(op.options.get("dilationWFactor", 1))
    kernel = kernel_height, kernel_width
    if min(*stride, *dilation, *kernel) < 1:
        raise InputError(f"{op.where()} has a stride, dilation or kernel below 1")
    # Kernels compute the distance from the input's start to any tap, even one in the padding, in 32 bits.
    rows, columns = (size + count * apart for size, count, apart in zip(x.shape[1:3], kernel, dilation, strict=True))
    if (rows * x.shape[2] + columns) * max(x.shape[3], y.shape[3]) >= 2**31:
        raise InputError(
            f"{op.where()} has a kernel that reaches too far; export it with a smaller one or less dilation"
        )
    pads = padding_of(op, x, y, *kernel)
    return Window(
        x.shape[1], x.shape[2], x.shape[3], y.shape[1], y.shape[2], y.shape[3],
        *kernel, *stride, *dilation, pads[0], pads[2],
    )  # fmt: skip


def padding_of(op: Operator, x: Tensor, y: Tensor, kernel_height: int, kernel_width: int) -> tuple[int, int, int, int]:
    """Padding above, below, left and right of a window operator's input (ComputePaddingHeightWidth).

    Raises:
        InputError: the output's shape does not follow from input and kernel.
    """
    pads: list[int] = []
    for axis, (kernel, letter) in enumerate(((kernel_height, "H"), (kernel_width, "W"))):
        stride, dilation = int(op.options[f"stride{letter}"]), int(op.options.get(f"dilation{letter}Factor", 1))
        size, reach = x.shape[1 + axis], (kernel - 1) * dilation + 1
        same = int(op.options["padding"]) == SAME
        expected = -(-size // stride) if same else (size - reach) // stride + 1
        if expected != y.shape[1 + axis] or expected < 1:
            raise InputError(
                f"{op.where()} has an output of shape {list(y.shape)}, which does not follow from its input and kernel"
            )
        total = max((expected - 1) * stride + reach - size, 0) if same else 0
        pads += [total // 2, total - total // 2]
    return pads[0], pads[1], pads[2], pads[3]


def as_convolution(op: Operator) -> Operator:
    """The operator with its operands in CONV_2D's order: input, weights, bias."""
    _, weights, x, *bias = op.inputs
    return replace(op, inputs=(x, weights, *bias))


def transposed_window(graph: Graph, op: Operator) -> Window:
    """The window of a TRANSPOSE_CONV of any type; the padding is cut off from its output.

    Raises:
        InputError: the shapes do not fit each other.
    """
    x, w, y = graph.tensor(op.inputs[2]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    if {len(t.shape) for t in (x, w, y)} != {4}:
        raise InputError(f"{op.where()} has tensors of shapes {list(x.shape)}, {list(w.shape)} and {list(y.shape)}")
    stride = int(op.options["strideH"]), int(op.options["strideW"])
    fits = x.shape[3] == w.shape[3] and y.shape[3] == w.shape[0] and x.shape[0] == y.shape[0] == 1
    if min(stride) < 1 or not fits or tuple(constants(graph, op, 0, 4)) != y.shape:
        raise InputError(
            f"{op.where()} turns {list(x.shape)} into {list(y.shape)} with weights of shape {list(w.shape)}, "
            "which is not supported"
        )
    if max(x.size, w.size, y.size) + max(stride) >= 2**30:
        raise InputError(f"{op.where()} has a tensor or a stride too large")
    pads = [_cut_off(op, *sizes) for sizes in zip(y.shape[1:3], w.shape[1:3], stride, x.shape[1:3], strict=True)]
    return Window(
        x.shape[1], x.shape[2], x.shape[3], y.shape[1], y.shape[2], y.shape[3],
        w.shape[1], w.shape[2], *stride, 1, 1, *pads,
    )  # fmt: skip


def _cut_off(op: Operator, size: int, kernel: int, stride: int, inputs: int) -> int:
    """How many elements are cut off at the start of an axis.

    It is the padding of a convolution from the output to the input (ComputePaddingHeightWidth).
    """
    same = int(op.options["padding"]) == SAME
    if inputs != (-(-size // stride) if same else (size - kernel) // stride + 1):
        raise InputError(
            f"{op.where()} has an output of {size} along an axis, which does not follow from its input and kernel"
        )
    return max((inputs - 1) * stride + kernel - size, 0) // 2
