"""Gives every tensor of a lowered program its address: in the arena, or in the state kept between inferences."""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.compiler.calls import Call
from wwtool.compiler.kernels.registry import reach_of
from wwtool.compiler.memory.planner import Layout, Overlap, Region, aligned, plan
from wwtool.compiler.program import Program
from wwtool.errors import InputError
from wwtool.tflite import limits


@dataclass(frozen=True)
class Address:
    """``area`` is "arena" or "state"."""

    area: str
    offset: int


@dataclass(frozen=True)
class Memory:
    """Where everything lies."""

    layout: Layout
    state_offsets: dict[int, int]
    state_bytes: int
    program: Program
    regions: tuple[Region, ...]  # of the arena; their keys are those of the layout
    overlaps: dict[int, Overlap]  # by the number of the call

    @property
    def arena_bytes(self) -> int:
        return self.layout.total

    def scratch(self, step: int) -> Address:
        """The scratch memory of call ``step``."""
        return Address("arena", self.layout.offsets[_scratch_key(self.program, step)])

    def backwards(self, step: int) -> bool:
        """Whether call ``step`` has to run backwards: its output lies over input that it would read last."""
        overlap = self.overlaps.get(step)
        if overlap is None or overlap.lag is None:
            return False
        return self.layout.offsets[overlap.target] > self.layout.offsets[overlap.source] - overlap.lead

    def address(self, tensor: int, offset: int = 0) -> Address:
        """The address of byte ``offset`` of a tensor, or of a copied state's region."""
        place = self.program.place(tensor)
        if place.tensor in self.state_offsets:
            return Address("state", self.state_offsets[place.tensor] + place.offset + offset)
        return Address("arena", self.layout.offsets[place.tensor] + place.offset + offset)


def assign(program: Program) -> Memory:
    """Lays out state and arena. Model inputs keep their memory during an inference, outputs until the next one.

    Raises:
        InputError: state and arena are larger than 32-bit offsets reach.
    """
    graph = program.graph
    state_offsets: dict[int, int] = {}
    position = 0
    for window in program.windows:
        state_offsets[window.tensor] = position
        position += aligned(window.keep_bytes + window.new_bytes)
    for i, state in enumerate(program.states):
        state_offsets[-1 - i] = position
        position += aligned(state.nbytes)
    for variable in program.variables:
        state_offsets[variable.index] = position
        position += aligned(variable.nbytes)
    last_step = len(program.calls)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    size: dict[int, int] = {}

    def touch(tensor: int, step: int) -> None:
        root = program.place(tensor).tensor
        if root in state_offsets:
            return
        first[root] = min(first.get(root, step), step)
        last[root] = max(last.get(root, step), step)
        size[root] = graph.tensor(root).nbytes

    for tensor in graph.inputs:
        touch(tensor, 0)
        touch(tensor, last_step)
    for step, call in enumerate(program.calls):
        for tensor in (*call.reads, *call.writes):
            touch(tensor, step)
    for tensor in graph.outputs:
        touch(tensor, last_step)
    regions = [Region(root, size[root], first[root], last[root]) for root in sorted(first)]
    for step, call in enumerate(program.calls):
        if call.scratch_bytes:
            regions.append(Region(_scratch_key(program, step), call.scratch_bytes, step, step))
    overlaps = {
        step: overlap
        for step, call in enumerate(program.calls)
        if (overlap := _overlap(program, call, step, first, last)) is not None
    }
    layout = plan(regions, overlaps.values())
    if layout.total + position > limits.MEMORY_BYTES:
        raise InputError(
            f"the model needs {layout.total} bytes of arena and {position} of state, "
            f"more than the {limits.MEMORY_BYTES} that 32-bit offsets reach; use a smaller model"
        )
    return Memory(layout, state_offsets, position, program, tuple(regions), overlaps)


def _overlap(program: Program, call: Call, step: int, first: dict[int, int], last: dict[int, int]) -> Overlap | None:
    """The memory that the first input and the output of a call may share.

    None unless the call is the last to read the input and the first to write the output.
    """
    reach = reach_of(call)
    if reach is None or not call.reads or not call.writes:
        return None
    source, target = program.place(call.reads[0]), program.place(call.writes[0])
    others = {program.place(t).tensor for t in (*call.reads[1:], *call.writes[1:])}
    if source.tensor == target.tensor or {source.tensor, target.tensor} & others:
        return None
    if last.get(source.tensor) != step or first.get(target.tensor) != step:
        return None
    distance = target.offset - source.offset
    lag = None if reach.lag is None else reach.lag - distance
    return Overlap(source.tensor, target.tensor, reach.lead + distance, lag)


def _scratch_key(program: Program, step: int) -> int:
    """The key of a call's scratch memory; these follow the keys of the tensors."""
    return len(program.graph.tensors) + step
