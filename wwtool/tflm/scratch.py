"""Scratch memory that kernels ask for besides their tensors, by the library that has the kernels.

TFLM's reference kernels: kernels/reduce_common.cc. esp-nn: esp_nn_get_conv_scratch_size_esp32s3 and its like for
depthwise convolutions, of versions 1.1.2 (which ESPHome 2026.6.5 pins) and 1.2.1 (which ESPHome took in April 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from wwtool.tflm.model import Operator, Tensor
from wwtool.tflm.structures import align_up

Scratch = Callable[[Operator, Sequence[Tensor]], list[int]]


def reference(op: Operator, tensors: Sequence[Tensor]) -> list[int]:
    """Bytes of each scratch buffer; the ESP32's kernels ask for the same."""
    if op.kind != "MEAN":
        return []
    source, axis = tensors[op.inputs[0]], tensors[op.inputs[1]]
    totals = [4 * prod(tensors[op.outputs[0]].shape)] if source.dtype in ("int8", "int16") else []
    return [*totals, 4 * len(source.shape), 4 * prod(axis.shape)]


def esp32s3(op: Operator, tensors: Sequence[Tensor]) -> list[int]:
    """esp-nn 1.1.2 on an ESP32-S3."""
    return _esp_nn(op, tensors, _conv_1_1, _depthwise_1_1)


def esp32s3_newer(op: Operator, tensors: Sequence[Tensor]) -> list[int]:
    """esp-nn 1.2.1 on an ESP32-S3."""
    return _esp_nn(op, tensors, _conv_1_2, _depthwise_1_2)


class _Window:
    """The sizes of a convolution: height, width, channels of input, filter and output, strides and padding."""

    def __init__(self, op: Operator, tensors: Sequence[Tensor]) -> None:
        _, self.height, self.width, self.channels = tensors[op.inputs[0]].shape
        _, self.filter_height, self.filter_width, _ = tensors[op.inputs[1]].shape
        _, self.out_height, self.out_width, self.out_channels = tensors[op.outputs[0]].shape
        self.stride_height, self.stride_width = int(op.options.strideH), int(op.options.strideW)
        same = int(op.options.padding == 0)
        self.pad_height = self._padding(self.height, self.filter_height, self.stride_height, self.out_height) * same
        self.pad_width = self._padding(self.width, self.filter_width, self.stride_width, self.out_width) * same

    @staticmethod
    def _padding(size: int, kernel: int, stride: int, out: int) -> int:
        return max(0, (out - 1) * stride + kernel - size) // 2

    @property
    def is_padded(self) -> bool:
        return bool(self.pad_height or self.pad_width)

    @property
    def is_pointwise(self) -> bool:
        strides = (self.stride_height, self.stride_width)
        return (self.filter_height, self.filter_width, *strides) == (1, 1, 1, 1) and not self.is_padded

    @property
    def padded_input(self) -> int:
        return (self.width + 2 * self.pad_width) * (self.height + 2 * self.pad_height) * self.channels

    @property
    def missing(self) -> tuple[int, int]:
        """Rows and columns that the last outputs read beyond the input."""
        return (
            self.out_height * self.stride_height + self.filter_height - 1 - self.height,
            self.out_width * self.stride_width + self.filter_width - 1 - self.width,
        )


def _esp_nn(
    op: Operator, tensors: Sequence[Tensor], conv: Callable[[_Window], int], depthwise: Callable[[_Window, int], int]
) -> list[int]:
    if op.kind == "CONV_2D" and tensors[op.inputs[0]].dtype == "int8":
        return [conv(_Window(op, tensors))]
    if op.kind == "DEPTHWISE_CONV_2D" and tensors[op.inputs[0]].dtype == "int8":
        return [depthwise(_Window(op, tensors), op.options.depthMultiplier)]
    return reference(op, tensors)


def _pointwise(w: _Window) -> int:
    channels, area = align_up(w.channels, 8), w.width * w.height
    transposed = 16 * channels if area >= 8 else 0
    widened = area * channels if w.channels % 8 else 0
    return widened + channels * w.out_channels + transposed + 32


def _conv_1_1(w: _Window) -> int:
    if w.is_pointwise:
        return _pointwise(w)
    filters = w.filter_width * w.filter_height * align_up(w.channels, 16) * w.out_channels
    return (w.padded_input if w.is_padded else 0) + filters + 32 + 4 * w.out_channels


def _conv_1_2(w: _Window) -> int:
    row = w.filter_width * w.channels
    window = row * w.filter_height
    if w.is_pointwise:
        return _pointwise(w)
    if row < 16 <= window:
        return 4 * w.out_channels + align_up(window, 16) * (w.out_channels + 1) + 64
    rows, columns = (max(0, n) for n in w.missing)
    beyond = (w.width + columns) * (w.height + rows) * w.channels if rows or columns else 0
    return _conv_1_1(w) + align_up(row, 16) * w.filter_height * w.out_channels + beyond


def _depthwise_1_1(w: _Window, multiplier: int) -> int:
    filters = w.filter_width * w.filter_height * w.channels * multiplier
    inputs = w.width * w.height * w.channels
    if multiplier == 1 and w.channels % 8 == 0 and (w.filter_width, w.filter_height) == (3, 3):
        if w.channels % 16:
            return 2 * (filters + inputs) + 16
        rows, columns = (2 * w.pad_height, 2 * w.pad_width) if w.is_padded else w.missing
        return filters + 16 + ((w.width + columns) * (w.height + rows) * w.channels if rows or columns else 0)
    return 2 * (filters + inputs) + 16 if multiplier % 4 == 0 else 32


def _depthwise_1_2(w: _Window, multiplier: int) -> int:
    """Filters of 3 x 3 are counted as in 1.1.2: models of feature frames have none."""
    if multiplier != 1 or w.channels <= 3 or (w.filter_width, w.filter_height) == (3, 3):
        return _depthwise_1_1(w, multiplier)
    channels = align_up(w.channels, 8)
    filters = 2 * w.filter_width * w.filter_height * channels
    inputs, outputs = 2 * w.width * w.height * channels, w.out_width * w.out_height * channels
    if w.channels % 8 == 0:
        return filters + inputs + 32
    return align_up(align_up(align_up(filters, 16) + inputs, 16) + outputs, 16) + 12 * channels + 16
