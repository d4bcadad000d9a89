"""A lowered model: kernel calls in order, and which tensors share whose memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from wwtool.compiler.calls import Call, Span
from wwtool.compiler.graph import Graph, Tensor


@dataclass(frozen=True)
class SlidingWindow:
    """A state kept as [old frames | new frames]: after an inference it moves down by the new frames' bytes."""

    variable: str
    tensor: int  # the concatenation, the whole window
    keep_bytes: int
    new_bytes: int
    initial: npt.NDArray[Any]


@dataclass(frozen=True)
class CopiedState:
    """A variable kept in memory of its own."""

    variable: str
    nbytes: int
    initial: npt.NDArray[Any]


@dataclass
class Program:
    """Calls in order, and how tensors share memory: ``alias[t] = (root, byte offset)``.

    ``parts[t]`` are the tensors that make up ``t`` without a call: what a reshape reads, what a window is joined of.
    ``replaced`` are the operators that windows stand for.
    """

    graph: Graph
    calls: list[Call] = field(default_factory=list)
    alias: dict[int, Span] = field(default_factory=dict)
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    windows: list[SlidingWindow] = field(default_factory=list)
    replaced: set[int] = field(default_factory=set)
    states: list[CopiedState] = field(default_factory=list)
    variables: list[Tensor] = field(default_factory=list)  # which operators update themselves

    def place(self, tensor: int) -> Span:
        """The region and offset that tensor's memory lies at."""
        offset = 0
        while tensor in self.alias:
            step = self.alias[tensor]
            tensor, offset = step.tensor, offset + step.offset
        return Span(tensor, offset)

    def is_state(self, tensor: int) -> bool:
        """Whether the tensor lies in memory that is kept between inferences."""
        root = self.place(tensor).tensor
        return root < 0 or any(w.tensor == root for w in self.windows) or any(v.index == root for v in self.variables)
