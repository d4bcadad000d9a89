"""Kernels for cores with dual 16-bit multiplies (Cortex-M4), the preferred ones of each kind first."""

from __future__ import annotations

from dataclasses import replace

from wwtool.compiler.kernels import lanes
from wwtool.compiler.kernels.fits import (
    CONVOLUTIONS,
    DENSE_LAYERS,
    DEPTHWISE,
    Core,
    add,
    any_channels,
    convolution,
    dense,
    depthwise,
    mul,
    short_rescaling,
)
from wwtool.compiler.kernels.joint import in_joint_sums, joint_pairs
from wwtool.compiler.kernels.kernel import Kernel
from wwtool.compiler.kernels.overlap import gathered_rows_reach, gathered_window_reach, sliding_reach
from wwtool.compiler.kernels.packing import dual_multiply_pairs_of_any, dual_multiply_taps
from wwtool.compiler.kernels.paired import paired_taps
from wwtool.compiler.kernels.portable import ADD, MUL

_FEWEST_INPUTS = 4  # of a depthwise convolution: it takes four channels at once
_CORE = Core(2**30, lambda depth, rows: -(-depth // 8) * 16 * min(rows, 2))


def _many(inputs: int, outputs: int) -> bool:
    return inputs >= _FEWEST_INPUTS


def _many_alike(inputs: int, outputs: int) -> bool:
    return _many(inputs, outputs) and inputs == outputs


def _few(inputs: int, outputs: int) -> bool:
    return inputs < _FEWEST_INPUTS and outputs < 4


def _few_alike(inputs: int, outputs: int) -> bool:
    return _few(inputs, outputs) and inputs == outputs


KERNELS: tuple[Kernel, ...] = (
    Kernel(
        "ww_dense_dsp", "ww_dense_packed", reach=gathered_rows_reach, replaces=DENSE_LAYERS,
        fit=dense(_CORE, joint_pairs, in_joint_sums),
    ),
    Kernel(
        "ww_dense_any_dsp", "ww_dense_packed", reach=gathered_rows_reach, replaces=DENSE_LAYERS,
        fit=dense(_CORE, dual_multiply_pairs_of_any, any_channels),
    ),
    Kernel(
        "ww_depthwise_conv_2d_dsp", "ww_depthwise_packed", reach=sliding_reach, replaces=DEPTHWISE,
        fit=depthwise(_CORE, paired_taps, _many_alike, short_rescaling, upright=True),
    ),
    Kernel(
        "ww_depthwise_conv_2d_any_dsp", "ww_depthwise_packed", reach=sliding_reach, replaces=DEPTHWISE,
        fit=depthwise(_CORE, dual_multiply_taps, _many),
    ),
    Kernel(
        "ww_conv_2d_dsp", "ww_conv_2d_packed", reach=gathered_window_reach, replaces=CONVOLUTIONS,
        fit=convolution(_CORE, joint_pairs, in_joint_sums, _FEWEST_INPUTS),
    ),
    Kernel(
        "ww_conv_2d_any_dsp", "ww_conv_2d_packed", reach=gathered_window_reach, replaces=CONVOLUTIONS,
        fit=convolution(_CORE, dual_multiply_pairs_of_any, any_channels, _FEWEST_INPUTS),
    ),
    # Depthwise convolutions of few channels: these kernels take one channel at a time.
    replace(lanes.DEPTHWISE_CONV_2D, fit=lanes.depthwise_fit(_few_alike)),
    replace(lanes.DEPTHWISE_CONV_2D_ANY, fit=lanes.depthwise_fit_of_any(_few)),
    Kernel("ww_add_dsp", "ww_add_packed", replaces=(ADD,), fit=add(_CORE, factor=2)),
    Kernel("ww_mul_dsp", "ww_mul_packed", replaces=(MUL,), fit=mul),
)  # fmt: skip
