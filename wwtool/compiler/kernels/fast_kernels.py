"""Replaces calls of portable kernels by those made for a core, wherever the numbers of a layer allow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Constant, Field, Scratch
from wwtool.compiler.kernels.packing import (
    Channels,
    Words,
    dual_multiply_pairs,
    dual_multiply_pairs_of_any,
    dual_multiply_taps,
    lane_pairs,
    lane_pairs_of_any,
    lane_taps,
    too_low_for_lanes,
)
from wwtool.compiler.kernels.rescaling import rescaled_channels, rounding_for
from wwtool.compiler.memory.flash import shared_constants
from wwtool.compiler.program import Program
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, multiply_twice_rounded
from wwtool.int8.elementwise import FRACTION_BITS
from wwtool.tflite.operators.windows import Window


@dataclass(frozen=True)
class KernelSet:
    """The kernels of a kind of core, ``ww_<operator>_<suffix>``, and the orders of weights that they read."""

    suffix: str
    largest_sum: int
    factor: int  # what the sums that are rescaled are multiplied with
    fewest_depthwise_inputs: int
    row_bytes: Callable[[int, int], int]  # scratch for rows of a depth
    pairs: Callable[[Channels], Words]
    pairs_of_any: Callable[[Channels], Words]
    taps: Callable[[Channels, int], Words]
    leaves_out_constants: bool
    too_low: Callable[[npt.NDArray[np.int8]], npt.NDArray[np.bool_]]  # channels with weights that only _any_ takes


DSP = KernelSet(
    "dsp", 2**30, 2, 4, lambda depth, rows: -(-depth // 8) * 16 * min(rows, 2),
    dual_multiply_pairs, dual_multiply_pairs_of_any, dual_multiply_taps, True,
    lambda weights: np.zeros(len(weights), np.bool_),
)  # fmt: skip
LANES = KernelSet(
    "lanes", 2**29, 1, 2, lambda depth, _: -(-depth // 8) * 16,
    lane_pairs, lane_pairs_of_any, lane_taps, True, too_low_for_lanes,
)  # fmt: skip
_FEWEST_SUMS = 512
_MOST_PLACES = 2**16  # of channels, in a half of a word
_MAKES_UP_FOR_PLACES = 8  # if one channel of so many is left out, it pays to say where the others are
_SETS = {"dsp": DSP, "lanes": LANES}


def specialize(program: Program, kernels: Literal["", "dsp", "lanes"], same_sizes: bool = False) -> None:
    """Puts the kernels of a set in the place of portable ones; a call that none of them fits stays as it is.

    ``same_sizes``: channels of no consequence are not left out, so that code and weights of an architecture take the
    same bytes whatever it has learned, and a dry build tells what the trained model takes.
    """
    if kernels:
        chosen = replace(_SETS[kernels], leaves_out_constants=not same_sizes)
        program.calls = shared_constants([(_faster(call, chosen) or call) for call in program.calls])


def _faster(call: Call, kernels: KernelSet) -> Call | None:
    fields: Any = call.fields
    match call.function:
        case "ww_dense" | "ww_dense_round_once":
            return _dense(call, kernels)
        case "ww_conv_2d":
            return _conv_2d(call, kernels)
        case "ww_depthwise_conv_2d":
            return _depthwise(call, kernels, fields["window"], fields["input_zero_point"])
        case "ww_add":
            return _add(call, kernels)
        case "ww_mul":
            return _mul(call, kernels)
        case "ww_depthwise_taps":
            rows, stride, dilation, taps = (fields[key] for key in ("rows", "stride", "dilation", "taps"))
            return _depthwise(call, kernels, _along_width(rows, stride, dilation, taps, fields["channels"]), 0)
    return None


def _packed(
    call: Call, operator: str, struct: str, channels: Channels, words: Words, scratch: int, **more: Any
) -> Call:
    """``operator``: ww_<operator> is the function, but for the set's suffix."""
    old: Any = call.fields
    records: dict[str, Field] = {
        "words": Constant(f"op{call.operator}_channels", "uint32_t", words),
        "depth": channels.weights.shape[1],
        "channels": channels.weights.shape[0],
        "output_min": old["requantize"]["output_min"],
        "output_max": old["requantize"]["output_max"],
        "round_once": int(_rounds_once(call)),
    }
    arguments = (*call.arguments, Scratch(scratch)) if scratch else call.arguments
    return replace(
        call, function=f"ww_{operator}", struct=struct, fields={"records": records, **more}, arguments=arguments
    )


def _rounds_once(call: Call) -> bool:
    return call.function.endswith("_round_once")


def _pairs(channels: Channels, kernels: KernelSet) -> tuple[str, Words] | None:
    """What a kernel's name ends in, and the records of a matrix product; None if there are too many for those."""
    constants = np.count_nonzero(channels.constant) if kernels.leaves_out_constants else 0
    few_constants = _MAKES_UP_FOR_PLACES * constants < len(channels.bias)
    if channels.ordinary and few_constants and not kernels.too_low(channels.weights).any():
        return kernels.suffix, kernels.pairs(channels)
    if len(channels.bias) > _MOST_PLACES:
        return None
    return f"any_{kernels.suffix}", kernels.pairs_of_any(channels)


def _dense(call: Call, kernels: KernelSet) -> Call | None:
    fields: Any = call.fields
    depth, rows = fields["depth"], fields["rows"]
    if fields["channels"] == 1:
        return None  # widening the inputs costs more than it saves
    weights = fields["weights"].values.reshape(fields["channels"], depth)
    channels = rescaled_channels(fields["requantize"], weights, 0, _rounds_once(call), kernels.largest_sum)
    packed = _pairs(channels, kernels) if channels else None
    if channels is None or packed is None:
        return None
    suffix, words = packed
    return _packed(
        call, f"dense_{suffix}", "ww_dense_packed", channels, words, kernels.row_bytes(depth, rows),
        rows=rows, row_stride=fields["row_stride"], backwards=0,
    )  # fmt: skip


def _conv_2d(call: Call, kernels: KernelSet) -> Call | None:
    fields: Any = call.fields
    window, zero_point = fields["window"], fields["input_zero_point"]
    if window["output_channels"] == 1:
        return None  # gathering and widening the inputs costs more than it saves
    weights = fields["weights"].values.reshape(window["output_channels"], -1)
    channels = rescaled_channels(fields["requantize"], weights, zero_point, False, kernels.largest_sum)
    channels = channels and channels.without_zero_point(zero_point)
    packed = _pairs(channels, kernels) if channels else None
    if channels is None or packed is None:
        return None
    depth, (suffix, words) = weights.shape[1], packed
    return _packed(
        call, f"conv_2d_{suffix}", "ww_conv_2d_packed", channels, words, kernels.row_bytes(depth, 2) + depth,
        window=window, input_zero_point=zero_point,
    )  # fmt: skip


def _depthwise(call: Call, kernels: KernelSet, window: dict[str, int], zero_point: int) -> Call | None:
    fields: Any = call.fields
    inputs, outputs = window["input_channels"], window["output_channels"]
    if inputs < kernels.fewest_depthwise_inputs:
        if outputs >= 4:
            return _conv_2d(_as_convolution(call, window, zero_point), kernels)
        kernels = LANES
    weights = fields["weights"].values.reshape(-1, outputs).T
    channels = rescaled_channels(fields["requantize"], weights, zero_point, False, kernels.largest_sum)
    if channels is None:
        return None
    suffix = kernels.suffix if channels.ordinary and inputs == outputs else f"any_{kernels.suffix}"
    return _packed(
        call, f"depthwise_conv_2d_{suffix}", "ww_depthwise_packed", channels, kernels.taps(channels, inputs), 0,
        window=window, input_zero_point=zero_point, backwards=0,
    )  # fmt: skip


def _as_convolution(call: Call, window: dict[str, int], zero_point: int) -> Call:
    """ww_conv_2d for a depthwise convolution of few channels: the weights of the others are zeros."""
    fields: Any = call.fields
    inputs, outputs = window["input_channels"], window["output_channels"]
    taps = fields["weights"].values.reshape(-1, outputs).T
    weights = np.zeros((*taps.shape, inputs), np.int8)
    channel = np.arange(outputs)
    weights[channel, :, channel * inputs // outputs] = taps
    constant = replace(fields["weights"], values=weights.ravel())
    kept = {"requantize": fields["requantize"], "weights": constant}
    return replace(call, function="ww_conv_2d", fields={**kept, "window": window, "input_zero_point": zero_point})


def _along_width(rows: int, stride: int, dilation: int, taps: int, channels: int) -> dict[str, int]:
    """struct ww_window of a convolution along one axis."""
    width = (rows - 1) * stride + (taps - 1) * dilation + 1
    return asdict(Window(1, width, channels, 1, rows, channels, 1, taps, 1, stride, 1, dilation, 0, 0))


def _add(call: Call, kernels: KernelSet) -> Call | None:
    """Tables for both operands, unless there are fewer outputs than it takes to make up for them."""
    fields: Any = call.fields
    output, scale = fields["output"], fields["output_multiplier"]
    walk = fields["walk"]
    if int(np.prod(walk["sizes"][: walk["rank"]])) < _FEWEST_SUMS:
        return None
    tables = []
    for name in ("a", "b"):
        multiplier = fields[f"{name}_multiplier"]
        centred = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64) - fields[f"{name}_zero_point"]
        scaled = multiply_twice_rounded(centred << FRACTION_BITS, multiplier["mantissa"], multiplier["shift"])
        tables.append(-scaled if name == "b" and fields["subtract"] else scaled)
    furthest = sum(int(np.abs(table).max()) for table in tables)
    rounding = rounding_for(scale["mantissa"], scale["shift"], output["zero_point"], furthest)
    if furthest >= kernels.largest_sum or rounding is None:
        return None
    a_table, b_table = (
        Constant(f"op{call.operator}_{name}", "int32_t", (kernels.factor * table).astype(np.int32), weights=False)
        for name, table in zip(("a", "b"), tables, strict=True)
    )
    packed: dict[str, Field] = {
        "walk": walk, "a_table": a_table, "b_table": b_table, "mantissa": scale["mantissa"],
        "rounding": rounding & 0xFFFFFFFF, "shift": -scale["shift"],
        "output_min": output["min"], "output_max": output["max"],
    }  # fmt: skip
    return replace(call, function=f"ww_add_{kernels.suffix}", struct="ww_add_packed", fields=packed)


def _mul(call: Call, kernels: KernelSet) -> Call | None:
    fields: Any = call.fields
    output, scale = fields["output"], fields["multiplier"]
    rounding = rounding_for(scale["mantissa"], scale["shift"], output["zero_point"], 255 * 255)
    if rounding is None:
        return None
    packed: dict[str, Field] = {
        "walk": fields["walk"], "mantissa": scale["mantissa"], "rounding": rounding & 0xFFFFFFFF,
        "shift": -scale["shift"], "a_zero_point": fields["a_zero_point"], "b_zero_point": fields["b_zero_point"],
        "output_min": output["min"], "output_max": output["max"],
    }  # fmt: skip
    return replace(call, function=f"ww_mul_{kernels.suffix}", struct="ww_mul_packed", fields=packed)
