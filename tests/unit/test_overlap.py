"""Outputs over inputs: every kernel's order of reads and writes, byte by byte, against the distances it claims."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import window_places

from wwtool.compiler.calls import Call
from wwtool.compiler.kernels.overlap import in_bytes
from wwtool.compiler.kernels.registry import reach_of

Steps = list[tuple[set[int], set[int]]]  # (bytes read, bytes written) in the order of time


def call(function: str, **fields: object) -> Call:
    return Call(0, "TEST", function, (), (0,), (1,), "struct", fields)  # type: ignore[arg-type]


def is_safe(steps: Steps, shift: int) -> bool:
    """Whether nothing that is written, ``shift`` bytes behind the input's start, is read afterwards."""
    written: set[int] = set()
    for reads, writes in steps:
        if reads & written:
            return False
        written |= {shift + byte for byte in writes}
    return True


def check(function: str, forwards: Steps, backwards: Steps | None, **fields: object) -> None:
    reach = reach_of(call(function, **fields))
    assert reach is not None
    for more in (0, 1, 5):
        assert is_safe(forwards, -reach.lead - more)
    if backwards is not None:
        assert reach.lag is not None
        assert all(is_safe(backwards, reach.lag + more) for more in (0, 1, 5))


sizes = st.integers(1, 6)


@st.composite
def windows(draw: Callable[[st.SearchStrategy], int]) -> dict[str, int]:
    window = {f"{name}_{axis}": draw(sizes) for name in ("input", "output") for axis in ("height", "width")}
    window |= {f"{name}_{axis}": draw(st.integers(1, 3)) for name in ("kernel", "stride", "dilation")
               for axis in ("height", "width")}  # fmt: skip
    window |= {f"pad_{axis}": draw(st.integers(0, 3)) for axis in ("height", "width")}
    return window | {"input_channels": draw(sizes), "output_channels": draw(sizes)}


def channel_by_channel(places: list[tuple[set[int], list[int]]]) -> Steps:
    """The inputs of a position are read again for each of its channels."""
    return [(reads, {byte}) for reads, writes in places for byte in writes]


def gathered(places: list[tuple[set[int], list[int]]], group: int, backwards: bool = False) -> Steps:
    """``group`` positions are read, then written."""
    order = places[::-1] if backwards else places
    steps: Steps = []
    for start in range(0, len(order), group):
        part = order[start : start + group]
        steps.append((set().union(*(reads for reads, _ in part)), set()))
        steps.append((set(), {byte for _, writes in part for byte in writes}))
    return steps


@settings(max_examples=200, deadline=None)
@given(windows())
def test_windows(window: dict[str, int]) -> None:
    places = window_places(window)
    for function in ("ww_conv_2d", "ww_average_pool_2d", "ww_max_pool_2d"):
        check(function, channel_by_channel(places), None, window=window)
    for function in ("ww_conv_2d", "ww_average_pool_2d", "ww_max_pool_2d"):
        check(f"{function}_uint8", channel_by_channel(places), None, window=window)
        check(f"{function}_int16", channel_by_channel(window_places(in_bytes(window, 2))), None, window=window)
    check("ww_conv_2d_dsp", gathered(places, 2), None, window=window)
    check("ww_conv_2d_lanes", gathered(places, 1), None, window=window)
    for function in ("ww_depthwise_conv_2d", "ww_depthwise_conv_2d_dsp", "ww_depthwise_conv_2d_lanes"):
        check(function, channel_by_channel(places), channel_by_channel(places[::-1]), window=window)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_rows(rows: int, stride: int, depth: int, channels: int) -> None:
    places = [
        (set(range(r * stride, r * stride + depth)), list(range(r * channels, (r + 1) * channels))) for r in range(rows)
    ]
    shape = {"rows": rows, "row_stride": stride}
    backwards = channel_by_channel(places[::-1])
    check("ww_dense", channel_by_channel(places), backwards, **shape, depth=depth, channels=channels)
    records = {"depth": depth, "channels": channels}
    for function, group in (("ww_dense_dsp", 2), ("ww_dense_lanes", 1)):
        check(function, gathered(places, group), gathered(places, group, backwards=True), **shape, records=records)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_rows_of_other_types(rows: int, depth: int, channels: int) -> None:
    for function, item in (("ww_dense_uint8", 1), ("ww_dense_int16", 2)):
        read, written = item * depth, item * channels
        places = [
            (set(range(r * read, (r + 1) * read)), list(range(r * written, (r + 1) * written))) for r in range(rows)
        ]
        check(function, channel_by_channel(places), None, rows=rows, depth=depth, channels=channels)


def test_a_pointwise_layer_runs_in_place_and_a_window_of_three_rows_two_rows_behind() -> None:
    shape = {"rows": 125, "row_stride": 64, "records": {"depth": 64, "channels": 64}}
    reach = reach_of(call("ww_dense_dsp", **shape))
    assert (reach.lead, reach.lag) == (0, 0)  # type: ignore[union-attr]
    window = {
        "input_height": 25, "input_width": 5, "input_channels": 64, "output_height": 25, "output_width": 5,
        "output_channels": 64, "kernel_height": 3, "kernel_width": 3, "stride_height": 1, "stride_width": 1,
        "dilation_height": 1, "dilation_width": 1, "pad_height": 1, "pad_width": 1,
    }  # fmt: skip
    reach = reach_of(call("ww_depthwise_conv_2d_dsp", window=window))
    assert (reach.lead, reach.lag) == (7 * 64, 7 * 64)  # type: ignore[union-attr]


@pytest.mark.parametrize("function", ["ww_svdf", "ww_lstm", "ww_copy_rows"])
def test_other_kernels_are_kept_apart(function: str) -> None:
    assert reach_of(call(function)) is None


@settings(max_examples=200, deadline=None)
@given(windows())
def test_distances_are_the_least(window: dict[str, int]) -> None:
    """A few positions tell what all of them would, one by one, of the corners that their windows reach."""
    boxes = []
    for row in range(window["output_height"]):
        for column in range(window["output_width"]):
            starts = [
                position * window[f"stride_{axis}"] - window[f"pad_{axis}"]
                for position, axis in ((row, "height"), (column, "width"))
            ]
            far = [(window[f"kernel_{axis}"] - 1) * window[f"dilation_{axis}"] for axis in ("height", "width")]
            most = [window[f"input_{axis}"] - 1 for axis in ("height", "width")]
            (y, x), (below, right) = (
                [min(max(start + step, 0), end) for start, step, end in zip(starts, steps, most, strict=True)]
                for steps in ((0, 0), far)
            )
            first, last = (r * window["input_width"] + c for r, c in ((y, x), (below, right)))
            boxes.append((first * window["input_channels"], (last + 1) * window["input_channels"]))
    channels, count = window["output_channels"], len(boxes)
    reach = reach_of(call("ww_depthwise_conv_2d", window=window))
    gathered_reach = reach_of(call("ww_conv_2d_lanes", window=window))
    assert reach is not None and gathered_reach is not None
    least = [min(first for first, _ in boxes[n:]) for n in range(count)]
    assert reach.lead == max((n + 1) * channels - least[n] for n in range(count))
    assert reach.lag == max(max(last for _, last in boxes[: n + 1]) - n * channels for n in range(count))
    if count > 1:
        assert gathered_reach.lead == max(n * channels - least[n] for n in range(1, count))


def test_windows_of_any_size_take_no_time() -> None:
    many = {f"{name}_{axis}": 1 << 28 for name in ("input", "output") for axis in ("height", "width")}
    shape = {f"{name}_{axis}": 1 for name in ("kernel", "stride", "dilation") for axis in ("height", "width")}
    window = {**many, **shape, "pad_height": 0, "pad_width": 0, "input_channels": 1, "output_channels": 1}
    reach = reach_of(call("ww_depthwise_conv_2d", window=window))
    assert reach is not None
    assert (reach.lead, reach.lag) == (1, 1)
    reach = reach_of(call("ww_dense", rows=1 << 40, row_stride=1, depth=1, channels=1))
    assert reach is not None
    assert (reach.lead, reach.lag) == (1, 1)
