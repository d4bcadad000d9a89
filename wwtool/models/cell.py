"""A recurrent cell as plain data: what happens in one step of time, as a list of operators.

Every operator exists in INT8 in TFLite, in ESPHome and in the compiler. There is no TANH in ESPHome, so a cell squashes
by logistic(x) - 1/2, which is tanh(x / 2) / 2: weights take up the factors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from wwtool.int8.activations import Format

LOGISTIC: Format = (1.0 / 256.0, -128)
"""TFLite's only format of LOGISTIC: 0 to 255/256."""
CENTRED: Format = (1.0 / 256.0, 0)
"""The same steps around zero."""


@dataclass(frozen=True)
class Dense:
    """Weights and a bias of a state; ``bias`` is what every output's bias begins with."""

    name: str
    source: str
    outputs: int
    bias: tuple[float, ...] = ()
    format: Format | str | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Part:
    """``count`` channels of ``source`` from ``begin`` on."""

    name: str
    source: str
    begin: int
    count: int

    @property
    def format(self) -> str:
        return self.source

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class Logistic:
    name: str
    source: str
    format: Format = LOGISTIC

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.source,)


@dataclass(frozen=True)
class _Pair:
    name: str
    a: str
    b: str | float
    format: Format | str | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.a, self.b) if isinstance(self.b, str) else (self.a,)


class Plus(_Pair):
    """``a`` plus the value ``b``, or plus a constant."""


class Times(_Pair):
    """``a`` times the value ``b``, or times a constant."""


Step = Dense | Part | Logistic | Plus | Times
INPUT = "input"
"""What the layer before the cell gives in a step of time."""


@dataclass(frozen=True)
class Cell:
    """``steps`` in order. A step reads ``INPUT``, a state, or an earlier step.

    ``inputs``: the channels of ``INPUT``. ``states``: for every state the step that gives its next value and its
    format; a state begins with 0. ``output``: the step whose value leaves the cell. The format of a step is fixed, that
    of another step, or None: learned. The product of two values has the format of a factor, or a fixed one, and its
    other factor is a logistic.
    """

    width: int
    inputs: int
    steps: tuple[Step, ...]
    states: Mapping[str, str] = field(hash=False)
    output: str

    @property
    def dense(self) -> tuple[Dense, ...]:
        return tuple(step for step in self.steps if isinstance(step, Dense))

    @property
    def weights(self) -> int:
        return sum(self.width * dense.outputs for dense in self.dense)

    @property
    def learned(self) -> tuple[str, ...]:
        """The steps whose format training learns."""
        return tuple(step.name for step in self.steps if step.format is None)

    def formats(self) -> dict[str, Format | str]:
        """The format of every step and state: a fixed one, or the step for which it is learned, or ``INPUT``."""
        own: dict[str, Format | str] = {step.name: step.format or step.name for step in self.steps}
        own |= {INPUT: INPUT, **self.states}

        def resolved(name: str) -> Format | str:
            format = own[name]
            return format if format == name or not isinstance(format, str) else resolved(format)

        return {name: resolved(name) for name in own}

    def channels_of(self, name: str) -> int:
        """How many channels a step, a state or the input has."""
        step = next((step for step in self.steps if step.name == name), None)
        if step is None:
            return self.inputs if name == INPUT else self.width
        if isinstance(step, Dense):
            return step.outputs
        return step.count if isinstance(step, Part) else self.channels_of(step.sources[0])


Multiply = Callable[[Dense, Tensor], Tensor]
Hold = Callable[[Step, Tensor], Tensor]


def unroll(
    cell: Cell, x: Tensor, multiply: Multiply, hold: Hold | None = None, also: Sequence[str] = ()
) -> dict[str, Tensor]:
    """Runs a cell over (batch, channels, steps, 1): its output and the values ``also``, (batch, channels, steps, 1).

    ``multiply`` applies a dense step's weights; ``hold``, where given, rounds what a step has computed.
    """
    states = {state: x.new_zeros((len(x), cell.width)) for state in cell.states}
    kept: dict[str, list[Tensor]] = {name: [] for name in (cell.output, *also)}
    for now in x[..., 0].unbind(2):
        values = {INPUT: now, **states}
        for step in cell.steps:
            y = _value(step, values, multiply)
            values[step.name] = y if hold is None else hold(step, y)
        for name, parts in kept.items():
            parts.append(values[name])
        states = {state: values[step] for state, step in cell.states.items()}
    return {name: torch.stack(parts, 2).unsqueeze(-1) for name, parts in kept.items()}


def _value(step: Step, values: Mapping[str, Tensor], multiply: Multiply) -> Tensor:
    if isinstance(step, Dense):
        return multiply(step, values[step.source])
    if isinstance(step, Part):
        return values[step.source][:, step.begin : step.begin + step.count]
    if isinstance(step, Logistic):
        return torch.sigmoid(values[step.source])
    other = values[step.b] if isinstance(step.b, str) else step.b
    return values[step.a] + other if isinstance(step, Plus) else values[step.a] * other
