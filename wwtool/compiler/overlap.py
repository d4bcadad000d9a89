"""How far a kernel reads ahead of what it writes, so that its output may take the place of inputs already read.

Kernels go through positions (pixels, rows) in order. What they write at one position must lie before everything they
still have to read; those that gather a position's inputs into scratch memory first have them no more to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reach:
    """Distances in bytes, as in planner.Overlap; ``lag`` where the kernel can run from the end to the start."""

    lead: int
    lag: int | None = None


def reach_of(call: Call) -> Reach | None:
    """For the first tensor a call reads and the first it writes; None if they must be kept apart."""
    if call.in_place:
        return Reach(0)
    fields: Any = call.fields
    item = 2 if call.function.endswith("_int16") else 1
    match call.function.removesuffix("_uint8").removesuffix("_int16"):
        case "ww_dense" if "row_stride" not in fields:
            return Reach(_rows_lead(fields["rows"], item * fields["depth"], item * fields["channels"], gathered=False))
        case "ww_dense" | "ww_dense_round_once":
            shape = fields["rows"], fields["row_stride"], fields["channels"]
            return Reach(_rows_lead(*shape, gathered=False), _rows_lag(*shape, fields["depth"], gathered=False))
        case "ww_dense_dsp" | "ww_dense_lanes":
            records = fields["records"]
            shape = fields["rows"], fields["row_stride"], records["channels"]
            return Reach(_rows_lead(*shape, gathered=True), _rows_lag(*shape, records["depth"], gathered=True))
        case "ww_conv_2d_dsp" | "ww_conv_2d_lanes":
            return Reach(_window_lead(fields["window"], gathered=True))
        case "ww_conv_2d" | "ww_average_pool_2d" | "ww_max_pool_2d":
            return Reach(_window_lead(in_bytes(fields["window"], item), gathered=False))
        case "ww_depthwise_conv_2d" | "ww_depthwise_conv_2d_dsp" | "ww_depthwise_conv_2d_lanes":
            return Reach(_window_lead(fields["window"], gathered=False), _window_lag(fields["window"]))
    return None


def in_bytes(window: dict[str, int], item: int) -> dict[str, int]:
    """A window over elements of ``item`` bytes as one over bytes."""
    return window | {name: item * window[name] for name in ("input_channels", "output_channels")}


def _rows_lag(rows: int, stride: int, channels: int, depth: int, gathered: bool) -> int:
    """From the end: what is written at a row must start behind what is still to be read, at that row or before it."""
    starts = np.arange(rows) * channels
    ends = np.arange(rows) * stride + depth
    if gathered:
        starts, ends = starts[1:], ends[:-1]
    return int((ends - starts).max(initial=-rows * max(stride, channels)))


def _rows_lead(rows: int, stride: int, channels: int, gathered: bool) -> int:
    return _lead(np.arange(rows) * stride, channels, gathered)


def _window_lead(window: dict[str, int], gathered: bool) -> int:
    rows, _ = _inside(window, "height")
    columns, _ = _inside(window, "width")
    return _lead(_pixels(window, rows, columns).ravel() * window["input_channels"], window["output_channels"], gathered)


def _window_lag(window: dict[str, int]) -> int:
    """From the end: what is written at a position must start behind everything that it and those before it read."""
    _, rows = _inside(window, "height")
    _, columns = _inside(window, "width")
    ends = (_pixels(window, rows, columns).ravel() + 1) * window["input_channels"]
    starts = np.arange(len(ends)) * window["output_channels"]
    return int((np.maximum.accumulate(ends) - starts).max())


def _pixels(window: dict[str, int], rows: IntArray, columns: IntArray) -> IntArray:
    return rows[:, None] * window["input_width"] + columns[None, :]


def _inside(window: dict[str, int], axis: str) -> tuple[IntArray, IntArray]:
    """For every output position along an axis the first and the last input position that its window may read."""
    size, dilation = window[f"input_{axis}"], window[f"dilation_{axis}"]
    start = np.arange(window[f"output_{axis}"], dtype=np.int64) * window[f"stride_{axis}"] - window[f"pad_{axis}"]
    last = start + (window[f"kernel_{axis}"] - 1) * dilation
    return np.clip(start, 0, size - 1), np.clip(last, 0, size - 1)


def _lead(first_read: IntArray, written: int, gathered: bool) -> int:
    """``first_read``: the lowest byte that each position reads; each writes ``written`` bytes after the last one's."""
    still = np.minimum.accumulate(first_read[::-1])[::-1]
    ends = (np.arange(len(first_read)) + 1) * written
    if gathered:
        still, ends = still[1:], ends[:-1]
    unbounded = -(int(first_read.max(initial=0)) + len(first_read) * written)
    return int((ends - still).max(initial=unbounded))
