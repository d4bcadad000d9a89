"""How far a kernel reads ahead of what it writes. Its output may overwrite inputs that it has read already.

Kernels go through positions (pixels, rows) in order. What they write at one position must lie before everything that
they still have to read. Kernels that first gather the inputs of a position in scratch memory have read these already.

Distances are linear in the position, except where a window meets the edge of the input. So a few positions are enough
to find the greatest distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wwtool.compiler.calls import Call
from wwtool.compiler.kernels.kernel import Reach


def rows_reach(call: Call) -> Reach:
    """Dense layers that read the inputs of a row again for each of its outputs."""
    fields: Any = call.fields
    shape = fields["rows"], fields["row_stride"], fields["channels"]
    return Reach(_rows_lead(*shape, gathered=False), _rows_lag(*shape, fields["depth"], gathered=False))


def typed_rows_reach(item_bytes: int) -> Callable[[Call], Reach]:
    """Dense layers of other types, whose rows follow each other."""

    def reach(call: Call) -> Reach:
        fields: Any = call.fields
        depth, channels = item_bytes * fields["depth"], item_bytes * fields["channels"]
        return Reach(_rows_lead(fields["rows"], depth, channels, gathered=False))

    return reach


def gathered_rows_reach(call: Call) -> Reach:
    """Dense layers that widen a row's inputs into scratch memory first."""
    fields: Any = call.fields
    records = fields["records"]
    shape = fields["rows"], fields["row_stride"], records["channels"]
    return Reach(_rows_lead(*shape, gathered=True), _rows_lag(*shape, records["depth"], gathered=True))


def window_reach(item_bytes: int) -> Callable[[Call], Reach]:
    """Windows over a picture, from the start to the end."""

    def reach(call: Call) -> Reach:
        fields: Any = call.fields
        return Reach(_window_lead(in_bytes(fields["window"], item_bytes), gathered=False))

    return reach


def gathered_window_reach(call: Call) -> Reach:
    """Windows whose inputs are gathered into scratch memory first."""
    fields: Any = call.fields
    return Reach(_window_lead(fields["window"], gathered=True))


def sliding_reach(call: Call) -> Reach:
    """Windows over a picture in either direction."""
    fields: Any = call.fields
    return Reach(_window_lead(fields["window"], gathered=False), _window_lag(fields["window"]))


def in_bytes(window: dict[str, int], item: int) -> dict[str, int]:
    """A window over elements of ``item`` bytes, in bytes."""
    return window | {name: item * window[name] for name in ("input_channels", "output_channels")}


def _rows_lag(rows: int, stride: int, channels: int, depth: int, gathered: bool) -> int:
    """Backwards: the output of a row must start behind all input that is still to be read."""
    if not gathered:
        return max(row * (stride - channels) + depth for row in (0, rows - 1))
    distances = [row * (stride - channels) + depth - channels for row in (0, rows - 2) if rows > 1]
    return max(distances, default=-rows * max(stride, channels))


def _rows_lead(rows: int, stride: int, channels: int, gathered: bool) -> int:
    """Forwards: the output of a row must end before all input that is still to be read."""
    if not gathered:
        return max(row * (channels - stride) + channels for row in (0, rows - 1))
    distances = [row * (channels - stride) for row in (1, rows - 1) if rows > 1]
    return max(distances, default=-(rows - 1) * stride - rows * channels)


@dataclass(frozen=True)
class _Axis:
    """Output positions along one axis. Each reads the input from ``first`` to ``last``, both within the input."""

    size: int
    count: int
    stride: int
    pad: int
    reach: int  # from the first tap to the last

    def first(self, position: int) -> int:
        return min(max(position * self.stride - self.pad, 0), self.size - 1)

    def last(self, position: int) -> int:
        return min(max(position * self.stride - self.pad + self.reach, 0), self.size - 1)

    def corners(self) -> set[int]:
        """The positions between which ``first`` and ``last`` are linear, and the neighbours of both ends."""
        bends = (edge - far for edge in (self.pad, self.size - 1 + self.pad) for far in (0, self.reach))
        around = {bend // self.stride + step for bend in bends for step in (0, 1)}
        return {p for p in (0, 1, self.count - 2, self.count - 1, *around) if 0 <= p < self.count}


def _axes(window: dict[str, int]) -> tuple[_Axis, _Axis]:
    """The axes of the rows and of the columns."""

    def axis(name: str) -> _Axis:
        return _Axis(
            window[f"input_{name}"], window[f"output_{name}"], window[f"stride_{name}"], window[f"pad_{name}"],
            (window[f"kernel_{name}"] - 1) * window[f"dilation_{name}"],
        )  # fmt: skip

    return axis("height"), axis("width")


def _window_lead(window: dict[str, int], gathered: bool) -> int:
    """Forwards: the output at a position must end before all input that is still to be read."""
    rows, columns = _axes(window)
    depth, channels, width = window["input_channels"], window["output_channels"], window["input_width"]
    last = columns.count - 1
    distances = []
    for row in rows.corners():
        # The first input still to be read lies in the window of the position itself, or at the start of the next row.
        leasts = [(row, column, rows.first(row) * width + columns.first(column)) for column in columns.corners()]
        if row and last:
            leasts.append((row - 1, last, rows.first(row) * width + columns.first(0)))
        for y, x, least in leasts:
            position = y * columns.count + x
            if not gathered:
                distances.append((position + 1) * channels - least * depth)
            elif position:
                distances.append(position * channels - least * depth)
    furthest = rows.first(rows.count - 1) * width + columns.first(last)
    return max(distances, default=-furthest * depth - rows.count * columns.count * channels)


def _window_lag(window: dict[str, int]) -> int:
    """Backwards: the output at a position must start behind all input that is still to be read."""
    rows, columns = _axes(window)
    depth, channels, width = window["input_channels"], window["output_channels"], window["input_width"]
    distances = []
    for row in rows.corners():
        # The last input still to be read lies in the window of the position itself, or at the end of the row before.
        mosts = [(row, column, rows.last(row) * width + columns.last(column)) for column in columns.corners()]
        if row + 1 < rows.count:
            mosts.append((row + 1, 0, rows.last(row) * width + columns.last(columns.count - 1)))
        distances += [(most + 1) * depth - (y * columns.count + x) * channels for y, x, most in mosts]
    return max(distances)
