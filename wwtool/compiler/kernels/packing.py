"""Packs weights and scales in the order in which fast kernels read them (struct ww_channel_records)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]

_ONE_CHANNEL = 0x10000  # WW_ONE_CHANNEL of ww_matmul_any_lanes.h
_LARGEST_ROUNDING = 2**22 - 1


class Packed(NamedTuple):
    """The words of struct ww_channel_records, its other fields that are not zero, and what the words' address is a
    multiple of."""

    words: Words
    fields: Mapping[str, int] = MappingProxyType({})
    alignment: int = 0


@dataclass(frozen=True)
class Channels:
    """The numbers of all output channels: ``weights`` (channels, inputs), all others (channels,).

    ``rounding`` and ``shift`` are as in struct ww_channel_records, or as ww_any.h defines them. Outputs lie from
    ``lowest`` to ``highest``; ``once``: sums are rounded once instead of twice.
    """

    weights: npt.NDArray[np.int8]
    bias: IntArray
    mantissa: IntArray
    rounding: IntArray
    shift: IntArray
    zero_point: int
    lowest: int
    highest: int
    once: bool

    @property
    def ordinary(self) -> bool:
        """Whether a few instructions rescale all channels."""
        return not np.any(self.shift > 31)

    @property
    def upwards(self) -> bool:
        """Whether no output is below the zero point: it does not matter how halves of negative products are rounded.

        False if one of the roundings is so large that 256 times that and a product do not fit 32 bits.
        """
        return bool(
            not self.once and self.zero_point <= self.lowest and np.all(np.abs(self.rounding) < _LARGEST_ROUNDING)
        )

    def outputs(self, sums: IntArray) -> IntArray:
        """What ordinary channels make of sums, (..., channels)."""
        products = sums * self.mantissa
        scaled = (products - (products < 0)) >> 31 if self.once else (products + 2**30) >> 31
        if not self.once:
            scaled -= scaled < 0
        return np.asarray(np.clip((scaled + self.rounding) >> self.shift, self.lowest, self.highest))

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Which channels have the same output for every input."""
        return np.asarray(self.mantissa == 0)

    def without_zero_point(self, zero_point: int) -> Channels:
        """The channels for inputs from which ``zero_point`` is not subtracted."""
        folded = self.bias - zero_point * self.weights.astype(np.int64).sum(axis=1)
        return replace(self, bias=folded)

    def padded(self, channels: int, inputs: int) -> Channels:
        """The channels filled up with zeros to multiples of ``channels`` and ``inputs``."""
        more = -len(self.bias) % channels
        weights = np.pad(self.weights, ((0, more), (0, -self.weights.shape[1] % inputs)))
        ends = (0, more)
        return replace(
            self, weights=weights, bias=np.pad(self.bias, ends), mantissa=np.pad(self.mantissa, ends),
            rounding=np.pad(self.rounding, ends), shift=np.pad(self.shift, ends, constant_values=1),
        )  # fmt: skip

    def only(self, which: IntArray) -> Channels:
        """The channels ``which``, in that order."""
        return replace(
            self, weights=self.weights[which], bias=self.bias[which], mantissa=self.mantissa[which],
            rounding=self.rounding[which], shift=self.shift[which],
        )  # fmt: skip


def dual_multiply_pairs(channels: Channels) -> Words:
    """Records of two channels: groups of four inputs, four weights of the one, four of the other."""
    padded = channels.padded(2, 8)
    count, depth = padded.weights.shape
    groups = padded.weights.reshape(count // 2, 2, depth // 4, 4).transpose(0, 2, 1, 3)
    # The inputs are doubled as they are widened.
    return records(padded, 2, words_of(groups).reshape(count // 2, depth // 2), 2)


def dual_multiply_taps(channels: Channels, window: dict[str, int], zero_point: int) -> Packed:
    """Records of four channels for ww_depthwise_conv_2d_dsp: taps, doubled weights of channels 0, 2, 1, 3 as int16."""
    fours = in_fours(channels, window["input_channels"])
    return Packed(records(fours, 4, _doubled_taps(fours), 2))


def in_fours(channels: Channels, inputs: int) -> Channels:
    """The channels as blocks of four that are multiplied by four inputs.

    There are at least four input channels. If their number is not a multiple of four, the last block shares some with
    the block before. If an input channel has several outputs, each four inputs have one block for each output.
    """
    multiplier = len(channels.bias) // inputs
    fours = np.minimum(np.arange(0, inputs, 4), inputs - 4)[:, None] + np.arange(4)
    return channels.only((fours[:, None] * multiplier + np.arange(multiplier)[:, None]).ravel())


def _doubled_taps(fours: Channels) -> Words:
    count, taps = fours.weights.shape
    weights = 2 * fours.weights.astype(np.int16).reshape(count // 4, 4, taps)[:, [0, 2, 1, 3]].transpose(0, 2, 1)
    return words_of(weights).reshape(count // 4, -1)


def paired_lanes(padded: Channels) -> Words:
    """Weights of two channels in a row: groups of four inputs, two words w1 + 2^16 w0 a channel."""
    count, depth = padded.weights.shape
    pairs = padded.weights.astype(np.int64).reshape(count, depth // 2, 2)
    lanes = (pairs[:, :, 1] + (pairs[:, :, 0] << 16)).astype(np.int32).view(np.uint32)
    return lanes.reshape(count // 2, 2, depth // 4, 2).transpose(0, 2, 1, 3).reshape(count // 2, depth)


def too_low_for_lanes(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Which channels, (channels,), have two products that do not fit one lane: two weights of -128 in a word."""
    padded = np.pad(weights, ((0, 0), (0, weights.shape[1] % 2)))
    return np.asarray((padded.reshape(len(weights), -1, 2) == -128).all(axis=2).any(axis=1))


def dual_multiply_pairs_of_any(channels: Channels) -> Packed:
    """As dual_multiply_pairs, for ww_matmul_any_dsp."""
    blocks = _blocks(np.flatnonzero(~channels.constant), np.zeros(len(channels.bias), np.bool_))
    return _of_any(channels, blocks, dual_multiply_pairs(channels.only(blocks.ravel())))


def lane_pairs_of_any(channels: Channels) -> Packed:
    """As for ww_matmul_lanes, for ww_matmul_any_lanes: a channel whose products do not fit has a block of its own."""
    halved = too_low_for_lanes(channels.weights)
    blocks = _blocks(np.flatnonzero(~channels.constant), halved)
    slots = channels.only(blocks.ravel())
    halves = halved[blocks.ravel()]
    slots.weights[halves] >>= 1
    second = halves & (np.arange(len(halves)) % 2 == 1)
    slots.weights[second] = channels.weights[blocks.ravel()[second]] - slots.weights[second]
    slots.bias[second] = 0
    slots.shift[second] = _ONE_CHANNEL
    padded = slots.padded(2, 8)
    return _of_any(channels, blocks, records(padded, 2, paired_lanes(padded), 1))


def _blocks(which: IntArray, alone: npt.NDArray[np.bool_]) -> IntArray:
    """Pairs of channels, (blocks, 2), in order. A channel that is ``alone``, or the last odd one, pairs with itself."""
    blocks: list[tuple[int, int]] = []
    unpaired: int | None = None
    for channel in which.tolist():
        if alone[channel]:
            blocks.append((channel, channel))
        elif unpaired is None:
            unpaired = channel
        else:
            blocks.append((unpaired, channel))
            unpaired = None
    if unpaired is not None:
        blocks.append((unpaired, unpaired))
    return np.asarray(blocks, np.int64).reshape(-1, 2)


def _of_any(channels: Channels, blocks: IntArray, records: Words) -> Packed:
    """The layout of ww_any.h: the number of blocks, the constant outputs, then each block and its channels' places."""
    constants = np.where(channels.constant, channels.rounding >> 1, 0).astype(np.int8)
    places = (blocks[:, :1] + (blocks[:, 1:] << 16)).astype(np.uint32)
    with_places = np.concatenate([records.reshape(len(blocks), -1), places], axis=1) if len(blocks) else records
    padded = np.pad(constants, (0, -len(constants) % 4))
    return Packed(np.concatenate([np.asarray([len(blocks)], np.uint32), words_of(padded), with_places.ravel()]))


def word_taps(channels: Channels) -> Words:
    """Weights of each channel in a row, a word a tap."""
    return channels.weights.astype(np.int32).view(np.uint32)


def records(channels: Channels, block: int, weights: Words, factor: int) -> Words:
    """For each block of channels: biases times ``factor``, weights (blocks, words), mantissas, roundings, shifts."""

    def column(values: IntArray) -> Words:
        return values.astype(np.uint32).reshape(-1, block)  # modulo 2^32

    parts = (channels.mantissa, channels.rounding, channels.shift)
    return np.concatenate([column(factor * channels.bias), weights, *map(column, parts)], axis=1).ravel()


def words_of(values: npt.NDArray[Any]) -> Words:
    """Bytes in memory order as little-endian words."""
    return np.frombuffer(np.ascontiguousarray(values).tobytes(), "<u4")
