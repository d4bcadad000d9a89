"""A lowered model: kernel calls in order, and which tensors share memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Span
from wwtool.tflite.graph import Graph, Tensor, VariableKey


@dataclass(frozen=True)
class SlidingWindow:
    """A state kept as [old frames | new frames]; after each inference it moves down by the size of the new frames."""

    variable: VariableKey
    tensor: int  # the concatenation, the whole window
    keep_bytes: int
    new_bytes: int
    initial: npt.NDArray[Any]


@dataclass(frozen=True)
class CopiedState:
    """A variable that has its own memory and is copied."""

    variable: VariableKey
    nbytes: int
    initial: npt.NDArray[Any]


@dataclass
class Program:
    """Calls in order, and how tensors share memory: ``alias[t] = (root, byte offset)``.

    ``parts[t]`` are the tensors that make up ``t`` without a call, as the input of a reshape or the frames of a window.
    ``whole`` is the model before channels were left out, and ``channels[t]`` are the numbers of those that ``t`` still
    has. ``replaced`` are the operators that sliding windows replace. ``slide`` is the kernel that moves the windows, by
    default that of the C library.
    """

    graph: Graph
    whole: Graph
    channels: dict[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    alias: dict[int, Span] = field(default_factory=dict)
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    windows: list[SlidingWindow] = field(default_factory=list)
    replaced: set[int] = field(default_factory=set)
    slide: str = ""
    states: list[CopiedState] = field(default_factory=list)
    regions: dict[VariableKey, int] = field(default_factory=dict)  # -1, -2, ... stand for the states' tensors
    variables: list[Tensor] = field(default_factory=list)  # operators update these in place
    kept: set[int] = field(default_factory=set)  # windows and variables, as tensors

    def add_window(self, window: SlidingWindow) -> None:
        self.windows.append(window)
        self.kept.add(window.tensor)

    def add_state(self, state: CopiedState) -> None:
        self.states.append(state)
        self.regions[state.variable] = -len(self.states)

    def add_variables(self, tensors: list[Tensor]) -> None:
        self.variables += tensors
        self.kept |= {t.index for t in tensors}

    @property
    def functions(self) -> set[str]:
        """The kernels that the program calls."""
        moving = {self.slide} if self.slide and self.windows else set()
        return {call.function for call in self.calls} | moving

    def place(self, tensor: int) -> Span:
        """The region and offset of a tensor's memory."""
        passed: list[int] = []
        root = tensor
        while root in self.alias:
            passed.append(root)
            root = self.alias[root].tensor
        offset = 0
        for step in reversed(passed):  # shortens the chain for the next call
            offset += self.alias[step].offset
            self.alias[step] = Span(root, offset)
        return Span(root, offset)

    def is_state(self, tensor: int) -> bool:
        """Whether a tensor lies in memory that is kept between inferences."""
        root = self.place(tensor).tensor
        return root < 0 or root in self.kept
