"""When a kernel made for a core can compute a portable kernel's call, and with which parameters.

Each function here makes the ``fit`` of one kind of kernel (see kernel.Kernel) from what the kernels of a core differ
in: their order of weights, and the channels that suit them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from wwtool.compiler.calls import Call, Constant, Field
from wwtool.compiler.kernels.kernel import Fit
from wwtool.compiler.kernels.packing import Channels, Packed
from wwtool.compiler.kernels.portable import CONV_2D, DENSE, DENSE_ROUND_ONCE, DEPTHWISE_CONV_2D, DEPTHWISE_TAPS
from wwtool.compiler.kernels.rescaling import rescaled_channels, rounding_for
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, multiply_twice_rounded
from wwtool.int8.elementwise import FRACTION_BITS
from wwtool.tflite.operators.windows import Window

DENSE_LAYERS = (DENSE, DENSE_ROUND_ONCE)
DEPTHWISE = (DEPTHWISE_CONV_2D, DEPTHWISE_TAPS)
CONVOLUTIONS = (CONV_2D, *DEPTHWISE)

_FEWEST_SUMS = 512  # of an addition: the least that makes up for two tables
_FEWEST_OUTPUTS = 4  # of a depthwise convolution of few channels that is better computed as a plain one
_MOST_PLACES = 2**16  # of channels, in a half of a word
_MAKES_UP_FOR_PLACES = 8  # where one channel in eight or more is left out, it pays to say where the others are

FitOf = Callable[[Call, bool], Fit | None]  # see Kernel.fit
# Whether a kernel can rescale these channels; the second argument is that of Kernel.fit.
Suits = Callable[[Channels, bool], bool]


@dataclass(frozen=True)
class Core:
    """What the kernels of a kind of core share: the sums that they rescale lie below ``largest_sum``.

    ``row_bytes`` gives the scratch memory for input rows: of a depth, and how many rows there are. ``widens``:
    inputs are widened there, which a single output does not make up for.
    """

    largest_sum: int
    row_bytes: Callable[[int, int], int]
    widens: bool = True


def ordinary_channels(channels: Channels, leave_out_constants: bool) -> bool:
    """All channels are rescaled in a few instructions, and too few are constant to leave them out."""
    constants = np.count_nonzero(channels.constant) if leave_out_constants else 0
    return bool(channels.ordinary and _MAKES_UP_FOR_PLACES * constants < len(channels.bias))


def any_channels(channels: Channels, leave_out_constants: bool) -> bool:
    """Records with places have room for all channels."""
    return len(channels.bias) <= _MOST_PLACES


def every_channel(channels: Channels, leave_out_constants: bool) -> bool:
    return True


def short_rescaling(channels: Channels, leave_out_constants: bool) -> bool:
    """All channels are rescaled in a few instructions, those of constant output as well."""
    return channels.ordinary


def dense(core: Core, pack: Callable[[Channels], Packed], suits: Suits) -> FitOf:
    """For layers whose outputs are products of whole rows."""

    def fit(call: Call, leave_out_constants: bool) -> Fit | None:
        fields: Any = call.fields
        depth, rows, once = fields["depth"], fields["rows"], call.function == DENSE_ROUND_ONCE
        if fields["channels"] == 1 and core.widens:
            return None
        weights = fields["weights"].values.reshape(fields["channels"], depth)
        channels = rescaled_channels(fields["requantize"], weights, 0, once, core.largest_sum)
        if channels is None or not suits(channels, leave_out_constants):
            return None
        records = channel_records(call, channels, pack(channels), once)
        shape: dict[str, Field] = {"rows": rows, "row_stride": fields["row_stride"], "backwards": 0}
        return Fit({"records": records, **shape}, core.row_bytes(depth, rows))

    return fit


def convolution(core: Core, pack: Callable[[Channels], Packed], suits: Suits, fewest_depthwise_inputs: int) -> FitOf:
    """For convolutions, and depthwise ones of fewer input channels than the depthwise kernels take."""

    def fit(call: Call, leave_out_constants: bool) -> Fit | None:
        plain = _as_convolution(call, fewest_depthwise_inputs) if call.function in DEPTHWISE else call
        if plain is None:
            return None
        fields: Any = plain.fields
        window, zero_point = fields["window"], fields["input_zero_point"]
        if window["output_channels"] == 1 and core.widens:
            return None
        weights = fields["weights"].values.reshape(window["output_channels"], -1)
        channels = rescaled_channels(fields["requantize"], weights, zero_point, False, core.largest_sum)
        channels = channels and channels.without_zero_point(zero_point)
        if channels is None or not suits(channels, leave_out_constants):
            return None
        depth, records = weights.shape[1], channel_records(plain, channels, pack(channels))
        shape: dict[str, Field] = {"window": window, "input_zero_point": zero_point}
        return Fit({"records": records, **shape}, core.row_bytes(depth, 2) + depth * core.widens)

    return fit


def depthwise(
    core: Core, pack: Callable[[Channels, dict[str, int], int], Packed], sizes: Callable[[int, int], bool],
    suits: Suits = every_channel, upright: bool = False,
) -> FitOf:  # fmt: skip
    """For depthwise convolutions.

    Args:
        core: the kind of core.
        pack: takes the window and the zero point of the inputs.
        sizes: says for which numbers of input and output channels.
        suits: says for which channels.
        upright: windows over one axis alone go through rows instead of columns.
    """

    def fit(call: Call, leave_out_constants: bool) -> Fit | None:
        fields: Any = call.fields
        window, zero_point = window_of(call, upright)
        inputs, outputs = window["input_channels"], window["output_channels"]
        if not sizes(inputs, outputs):
            return None
        weights = fields["weights"].values.reshape(-1, outputs).T
        channels = rescaled_channels(fields["requantize"], weights, zero_point, False, core.largest_sum)
        if channels is None or not suits(channels, leave_out_constants):
            return None
        records = channel_records(call, channels, pack(channels, window, zero_point))
        shape: dict[str, Field] = {"window": window, "input_zero_point": zero_point, "backwards": 0}
        return Fit({"records": records, **shape})

    return fit


def channel_records(call: Call, channels: Channels, packed: Packed, once: bool = False) -> dict[str, Field]:
    """struct ww_channel_records of ww_kernels_packed.h."""
    portable: Any = call.fields
    return {
        "words": Constant(f"op{call.operator}_channels", "uint32_t", packed.words, alignment=packed.alignment),
        "depth": channels.weights.shape[1],
        "channels": channels.weights.shape[0],
        "output_min": portable["requantize"]["output_min"],
        "output_max": portable["requantize"]["output_max"],
        "round_once": int(once),
        "round_upwards": 0,
        "low_shift": 0,
        "shift": 0,
        "bent": 0,
        "paired": 0,
        **packed.fields,
    }


def window_of(call: Call, upright: bool = False) -> tuple[dict[str, int], int]:
    """The window of a depthwise convolution, and its input's zero point where that is not in the biases already."""
    fields: Any = call.fields
    if call.function == DEPTHWISE_CONV_2D:
        return fields["window"], fields["input_zero_point"]
    rows, stride, dilation, taps = (fields[key] for key in ("rows", "stride", "dilation", "taps"))
    width, channels = (rows - 1) * stride + (taps - 1) * dilation + 1, fields["channels"]
    if upright:
        return asdict(Window(width, 1, channels, rows, 1, channels, taps, 1, stride, 1, dilation, 1, 0, 0)), 0
    return asdict(Window(1, width, channels, 1, rows, channels, 1, taps, 1, stride, 1, dilation, 0, 0)), 0


def _as_convolution(call: Call, fewest_inputs: int) -> Call | None:
    """A depthwise convolution of few channels as a plain one: the weights of the other channels are zeros."""
    fields: Any = call.fields
    window, zero_point = window_of(call)
    inputs, outputs = window["input_channels"], window["output_channels"]
    if inputs >= fewest_inputs or outputs < _FEWEST_OUTPUTS:
        return None
    taps = fields["weights"].values.reshape(-1, outputs).T
    weights = np.zeros((*taps.shape, inputs), np.int8)
    channel = np.arange(outputs)
    weights[channel, :, channel * inputs // outputs] = taps
    constant = replace(fields["weights"], values=weights.ravel())
    plain = {"requantize": fields["requantize"], "weights": constant, "window": window, "input_zero_point": zero_point}
    return replace(call, function=CONV_2D, fields=plain)


def add(core: Core, factor: int) -> FitOf:
    """For additions, by tables for both operands, unless too few sums make up for these.

    ``factor``: what the kernel's tables are multiplied by.
    """

    def fit(call: Call, leave_out_constants: bool) -> Fit | None:
        fields: Any = call.fields
        output, scale, walk = fields["output"], fields["output_multiplier"], fields["walk"]
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
        if furthest >= core.largest_sum or rounding is None:
            return None
        a_table, b_table = (
            Constant(f"op{call.operator}_{name}", "int32_t", (factor * table).astype(np.int32), weights=False)
            for name, table in zip(("a", "b"), tables, strict=True)
        )
        return Fit(
            {
                "walk": walk, "a_table": a_table, "b_table": b_table, "mantissa": scale["mantissa"],
                "rounding": rounding & 0xFFFFFFFF, "shift": -scale["shift"],
                "output_min": output["min"], "output_max": output["max"],
            }
        )  # fmt: skip

    return fit


def mul(call: Call, leave_out_constants: bool) -> Fit | None:
    """For multiplications."""
    fields: Any = call.fields
    output, scale = fields["output"], fields["multiplier"]
    rounding = rounding_for(scale["mantissa"], scale["shift"], output["zero_point"], 255 * 255)
    if rounding is None:
        return None
    return Fit(
        {
            "walk": fields["walk"], "mantissa": scale["mantissa"], "rounding": rounding & 0xFFFFFFFF,
            "shift": -scale["shift"], "a_zero_point": fields["a_zero_point"], "b_zero_point": fields["b_zero_point"],
            "output_min": output["min"], "output_max": output["max"],
        }
    )  # fmt: skip
