"""Kernels for cores with 32-bit products alone (Cortex-M0+, Xtensa): two products a multiplication.

The preferred ones of each kind come first.
"""

from __future__ import annotations

from collections.abc import Callable

from wwtool.compiler.kernels.direct import lane_pairs, lane_taps, lane_taps_of_any
from wwtool.compiler.kernels.fits import (
    CONVOLUTIONS,
    DENSE_LAYERS,
    DEPTHWISE,
    Core,
    FitOf,
    add,
    any_channels,
    convolution,
    dense,
    depthwise,
    mul,
    ordinary_channels,
    short_rescaling,
)
from wwtool.compiler.kernels.kernel import Kernel
from wwtool.compiler.kernels.overlap import gathered_rows_reach, gathered_window_reach, sliding_reach
from wwtool.compiler.kernels.packing import Channels, lane_pairs_of_any, too_low_for_lanes
from wwtool.compiler.kernels.portable import ADD, MUL

_FEWEST_INPUTS = 2  # of a depthwise convolution that is not better computed as a plain one
_CORE = Core(2**29, lambda depth, rows: -(-depth // 8) * 16)


def _in_lanes(channels: Channels, leave_out_constants: bool) -> bool:
    return ordinary_channels(channels, leave_out_constants) and not too_low_for_lanes(channels.weights).any()


def _many(inputs: int, outputs: int) -> bool:
    return inputs >= _FEWEST_INPUTS or outputs < 4


def _many_alike(inputs: int, outputs: int) -> bool:
    return _many(inputs, outputs) and inputs == outputs


def depthwise_fit(sizes: Callable[[int, int], bool]) -> FitOf:
    """The fit of ww_depthwise_conv_2d_lanes; ``sizes`` says for how many inputs and outputs."""
    return depthwise(_CORE, lane_taps, sizes, short_rescaling)


def depthwise_fit_of_any(sizes: Callable[[int, int], bool]) -> FitOf:
    """The fit of ww_depthwise_conv_2d_any_lanes."""
    return depthwise(_CORE, lane_taps_of_any, sizes)


DEPTHWISE_CONV_2D = Kernel(
    "ww_depthwise_conv_2d_lanes", "ww_depthwise_packed", reach=sliding_reach, replaces=DEPTHWISE,
    fit=depthwise_fit(_many_alike),
)  # fmt: skip
DEPTHWISE_CONV_2D_ANY = Kernel(
    "ww_depthwise_conv_2d_any_lanes", "ww_depthwise_packed", reach=sliding_reach, replaces=DEPTHWISE,
    fit=depthwise_fit_of_any(_many),
)  # fmt: skip

KERNELS: tuple[Kernel, ...] = (
    Kernel(
        "ww_dense_lanes", "ww_dense_packed", reach=gathered_rows_reach, replaces=DENSE_LAYERS,
        fit=dense(_CORE, lane_pairs, _in_lanes),
    ),
    Kernel(
        "ww_dense_any_lanes", "ww_dense_packed", reach=gathered_rows_reach, replaces=DENSE_LAYERS,
        fit=dense(_CORE, lane_pairs_of_any, any_channels),
    ),
    DEPTHWISE_CONV_2D,
    DEPTHWISE_CONV_2D_ANY,
    Kernel(
        "ww_conv_2d_lanes", "ww_conv_2d_packed", reach=gathered_window_reach, replaces=CONVOLUTIONS,
        fit=convolution(_CORE, lane_pairs, _in_lanes, _FEWEST_INPUTS),
    ),
    Kernel(
        "ww_conv_2d_any_lanes", "ww_conv_2d_packed", reach=gathered_window_reach, replaces=CONVOLUTIONS,
        fit=convolution(_CORE, lane_pairs_of_any, any_channels, _FEWEST_INPUTS),
    ),
    Kernel("ww_add_lanes", "ww_add_packed", replaces=(ADD,), fit=add(_CORE, factor=1)),
    Kernel("ww_mul_lanes", "ww_mul_packed", replaces=(MUL,), fit=mul),
)  # fmt: skip
