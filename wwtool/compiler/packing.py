"""Orders of weights and scales that the fast kernels read (struct ww_channel_records in ww_kernels.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Channels:
    """What is needed of every output channel: ``weights`` (channels, inputs), the others (channels,)."""

    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int64]
    mantissa: npt.NDArray[np.int64]
    right_shift: npt.NDArray[np.int64]
    output_zero_point: int

    def padded(self, channels: int, inputs: int) -> Channels:
        """Filled up to multiples of ``channels`` and ``inputs``, with channels that give nothing."""
        more = -len(self.bias) % channels
        weights = np.pad(self.weights, ((0, more), (0, -self.weights.shape[1] % inputs)))
        ends = (0, more)
        return Channels(
            weights, np.pad(self.bias, ends), np.pad(self.mantissa, ends),
            np.pad(self.right_shift, ends, constant_values=1), self.output_zero_point,
        )  # fmt: skip

    def only(self, which: npt.NDArray[np.int64]) -> Channels:
        """The channels ``which``, in that order."""
        return Channels(
            self.weights[which], self.bias[which], self.mantissa[which], self.right_shift[which],
            self.output_zero_point,
        )  # fmt: skip

    @property
    def rounding(self) -> npt.NDArray[np.int64]:
        """Half of the last place and the output's zero point, both in the place of the shifted product."""
        return (2 * self.output_zero_point + 1) << (self.right_shift - 1)


def dual_multiply_pairs(channels: Channels) -> Words:
    """Records of two channels for ww_matmul_dsp: groups of four inputs, four weights of the one, four of the other."""
    padded = channels.padded(2, 8)
    count, depth = padded.weights.shape
    groups = padded.weights.reshape(count // 2, 2, depth // 4, 4).transpose(0, 2, 1, 3)
    # The inputs are doubled as they are widened.
    return _records(padded, 2, _words(groups).reshape(count // 2, -1), 2)


def dual_multiply_taps(channels: Channels) -> Words:
    """Records of four channels for ww_depthwise_conv_2d_dsp: taps, doubled weights of channels 0, 2, 1, 3 as int16.

    There are at least four; if their number is no multiple of four, the last block shares some with the one before.
    """
    blocks = np.arange(0, len(channels.bias), 4)
    channels = channels.only((np.minimum(blocks, len(channels.bias) - 4)[:, None] + np.arange(4)).ravel())
    count, taps = channels.weights.shape
    fours = 2 * channels.weights.astype(np.int16).reshape(count // 4, 4, taps)[:, [0, 2, 1, 3]].transpose(0, 2, 1)
    return _records(channels, 4, _words(fours).reshape(count // 4, -1), 2)


def lane_pairs(channels: Channels) -> Words:
    """Records of two channels for ww_matmul_lanes: groups of four inputs, two words w1 + 2^16 w0 a channel."""
    padded = channels.padded(2, 8)
    count, depth = padded.weights.shape
    pairs = padded.weights.astype(np.int64).reshape(count, depth // 2, 2)
    lanes = (pairs[:, :, 1] + (pairs[:, :, 0] << 16)).astype(np.int32).view(np.uint32)
    groups = lanes.reshape(count // 2, 2, depth // 4, 2).transpose(0, 2, 1, 3)
    return _records(padded, 2, groups.reshape(count // 2, -1), 1)


def lane_taps(channels: Channels) -> Words:
    """Records of one channel for ww_depthwise_conv_2d_lanes: a word a tap."""
    return _records(channels, 1, channels.weights.astype(np.int32).view(np.uint32), 1)


def _records(channels: Channels, block: int, weights: Words, factor: int) -> Words:
    """Biases times ``factor``, weights (blocks, words), mantissas, roundings and shifts of every block of channels."""

    def column(values: npt.NDArray[np.int64]) -> Words:
        return values.astype(np.int32).view(np.uint32).reshape(-1, block)

    parts = (channels.mantissa, channels.rounding, channels.right_shift)
    return np.concatenate([column(factor * channels.bias), weights, *map(column, parts)], axis=1).ravel()


def _words(values: npt.NDArray[Any]) -> Words:
    """Bytes in memory order as little-endian words."""
    return np.frombuffer(np.ascontiguousarray(values).tobytes(), "<u4")
