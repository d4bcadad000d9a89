"""The figures of a compiled model, as plain data: JSON, terminal and HTML print these and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from wwtool.compiler.channels.layers import LAYERS
from wwtool.compiler.emit.c_text import float_literal, interfaces
from wwtool.compiler.memory.planner import aligned
from wwtool.compiler.package import CompiledModel
from wwtool.compiler.targets import Optimize, Target
from wwtool.tflite.graph import variable_name

Kind = Literal["input", "output", "tensor", "scratch"]


@dataclass(frozen=True)
class CodeSize:
    """Code and read-only data of one object file."""

    file: str
    nbytes: int


@dataclass(frozen=True)
class Measured:
    """Measurements by the target's compiler and emulator. ``note`` says why a measurement is None.

    ``instructions``: one count for each kernel call, and one for the code after the last call.
    """

    instructions: tuple[int, ...] | None = None
    code: tuple[CodeSize, ...] | None = None
    note: str = ""


@dataclass(frozen=True)
class Layer:
    """One kernel call. ``operator`` and ``kind`` are those of the .tflite; ``live_bytes`` is the arena in use."""

    operator: int
    kind: str
    kernel: str
    output_shape: tuple[int, ...]
    macs: int
    weight_bytes: int
    live_bytes: int
    instructions: int | None

    @property
    def shape_text(self) -> str:
        return "x".join(map(str, self.output_shape)) or "state"

    @property
    def instructions_per_mac(self) -> float | None:
        return self.instructions / self.macs if self.instructions is not None and self.macs else None


@dataclass(frozen=True)
class ArenaRegion:
    """Bytes ``offset`` to ``offset + nbytes`` of the arena, in use from step ``first`` to ``last``, both included.

    A step is a kernel call; the step after the last call is the time until the next inference.
    """

    name: str
    kind: Kind
    nbytes: int
    offset: int
    first: int
    last: int


@dataclass(frozen=True)
class StateRegion:
    """Bytes kept from one inference to the next."""

    name: str
    nbytes: int
    offset: int


@dataclass(frozen=True)
class Port:
    """An input or output as a C programmer sees it."""

    accessor: str
    ctype: str
    shape_text: str
    scale: str
    zero_point: int


@dataclass(frozen=True)
class Report:
    """All figures of a compiled model."""

    name: str
    target: Target
    optimize: Optimize
    model_sha256: str
    ports: tuple[Port, ...]
    layers: tuple[Layer, ...]
    regions: tuple[ArenaRegion, ...]
    states: tuple[StateRegion, ...]
    tflite_weight_bytes: int
    idle_channels: int
    weight_bytes: int
    table_bytes: int
    arena_bytes: int
    lower_bound_bytes: int
    state_bytes: int
    kernels: tuple[str, ...]
    code: tuple[CodeSize, ...] | None
    instructions: int | None
    instructions_after: int | None
    note: str

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def code_bytes(self) -> int | None:
        return None if self.code is None else sum(size.nbytes for size in self.code)

    @property
    def instructions_per_mac(self) -> float | None:
        return self.instructions / self.macs if self.instructions is not None and self.macs else None

    @cached_property
    def peak(self) -> int | None:
        """The step that uses most of the arena; None without steps."""
        steps = range(len(self.layers))
        return max(steps, key=lambda step: self.layers[step].live_bytes) if self.layers else None


def make_report(model: CompiledModel, measured: Measured | None = None) -> Report:
    """Collects the figures of ``model``, and its measurements if there are any."""
    measured = measured or Measured()
    counts = measured.instructions
    regions = _regions(model)
    return Report(
        name=model.name,
        target=model.target,
        optimize=model.optimize,
        model_sha256=model.program.graph.sha256,
        ports=_ports(model),
        layers=_layers(model, regions, counts),
        regions=regions,
        states=_states(model),
        tflite_weight_bytes=_tflite_weight_bytes(model),
        idle_channels=_idle_channels(model),
        weight_bytes=model.weight_bytes,
        table_bytes=model.table_bytes,
        arena_bytes=model.memory.arena_bytes,
        lower_bound_bytes=model.memory.layout.lower_bound,
        state_bytes=model.memory.state_bytes,
        kernels=model.kernels,
        code=measured.code,
        instructions=None if counts is None else sum(counts),
        instructions_after=None if counts is None else counts[-1],
        note=measured.note,
    )


def live_bytes(regions: Sequence[ArenaRegion], steps: int) -> list[int]:
    """The bytes of the arena in use at each step; memory that regions share counts once."""
    begins, ends = _by_step(regions, "first"), _by_step(regions, "last")
    union = _Union({edge for r in regions for edge in _extent(r)})
    result = []
    for step in range(steps):
        for region in begins.get(step, ()):
            union.add(*_extent(region), 1)
        result.append(union.length)
        for region in ends.get(step, ()):
            union.add(*_extent(region), -1)
    return result


def handovers(regions: Sequence[ArenaRegion]) -> list[tuple[ArenaRegion, ArenaRegion]]:
    """Pairs of regions where a kernel writes the second over the first, which it reads for the last time."""
    begins = _by_step(regions, "first")
    return [
        (source, target)
        for source in regions
        for target in begins.get(source.last, ())
        if source is not target
        and source.first < target.last
        and source.offset < target.offset + target.nbytes
        and target.offset < source.offset + source.nbytes
    ]


def _by_step(regions: Sequence[ArenaRegion], end: Literal["first", "last"]) -> dict[int, list[ArenaRegion]]:
    result: dict[int, list[ArenaRegion]] = {}
    for region in regions:
        result.setdefault(getattr(region, end), []).append(region)
    return result


def _extent(region: ArenaRegion) -> tuple[int, int]:
    return region.offset, region.offset + aligned(region.nbytes)


class _Union:
    """The length of the union of intervals that come and go: a binary tree over all their edges."""

    def __init__(self, edges: set[int]) -> None:
        self._edges = sorted(edges)
        self._place = {edge: n for n, edge in enumerate(self._edges)}
        self._leaves = 1 << max(len(self._edges) - 2, 0).bit_length()
        self._whole = [0] * (2 * self._leaves)  # how many intervals cover a whole node
        self._covered = [0] * (2 * self._leaves)  # the covered length of a node

    @property
    def length(self) -> int:
        return self._covered[1]

    def add(self, start: int, end: int, count: int) -> None:
        if start < end:
            self._add(self._place[start], self._place[end], count, 1, 0, self._leaves)

    def _add(self, start: int, end: int, count: int, node: int, low: int, high: int) -> None:
        if start <= low and high <= end:
            self._whole[node] += count
        else:
            middle = (low + high) // 2
            if start < middle:
                self._add(start, end, count, 2 * node, low, middle)
            if middle < end:
                self._add(start, end, count, 2 * node + 1, middle, high)
        if self._whole[node]:
            last = len(self._edges) - 1
            self._covered[node] = self._edges[min(high, last)] - self._edges[min(low, last)]
        elif node < self._leaves:
            self._covered[node] = self._covered[2 * node] + self._covered[2 * node + 1]
        else:
            self._covered[node] = 0


def _layers(
    model: CompiledModel, regions: tuple[ArenaRegion, ...], counts: tuple[int, ...] | None
) -> tuple[Layer, ...]:
    graph = model.program.graph
    live = live_bytes(regions, len(model.program.calls))
    return tuple(
        Layer(
            operator=call.operator,
            kind=call.kind,
            kernel=call.function,
            output_shape=graph.tensor(call.writes[0]).shape if call.writes and call.writes[0] >= 0 else (),
            macs=call.macs,
            weight_bytes=sum(constant.nbytes for constant in call.constants()),
            live_bytes=live[step],
            instructions=None if counts is None else counts[step],
        )
        for step, call in enumerate(model.program.calls)
    )


def _regions(model: CompiledModel) -> tuple[ArenaRegion, ...]:
    program, memory = model.program, model.memory
    graph = program.graph
    inputs = {program.place(tensor).tensor for tensor in graph.inputs}
    outputs = {program.place(tensor).tensor for tensor in graph.outputs}

    def named(key: int) -> tuple[str, Kind]:
        if key >= len(graph.tensors):
            call = program.calls[key - len(graph.tensors)]
            return f"scratch of operator {call.operator}", "scratch"
        kind: Kind = "input" if key in inputs else "output" if key in outputs else "tensor"
        return graph.tensor(key).name or f"tensor {key}", kind

    result = [
        ArenaRegion(*named(r.key), r.nbytes, memory.layout.offsets[r.key], r.first, r.last) for r in memory.regions
    ]
    return tuple(sorted(result, key=lambda r: (r.first, r.offset, r.last)))


def _states(model: CompiledModel) -> tuple[StateRegion, ...]:
    program, offsets = model.program, model.memory.state_offsets
    regions = [(w.variable, w.keep_bytes + w.new_bytes, offsets[w.tensor]) for w in program.windows]
    regions += [(s.variable, s.nbytes, offsets[program.regions[s.variable]]) for s in program.states]
    result = [StateRegion(variable_name(key), nbytes, offset) for key, nbytes, offset in regions]
    result += [StateRegion(t.name or f"tensor {t.index}", t.nbytes, offsets[t.index]) for t in program.variables]
    return tuple(sorted(result, key=lambda s: s.offset))


def _tflite_weight_bytes(model: CompiledModel) -> int:
    """Weights and biases as the .tflite stores them: the constant tensors of all layers that have weights in C."""
    graph = model.program.whole
    operators = {c.operator for c in model.program.calls if any(constant.weights for constant in c.constants())}
    tensors = {i for op in graph.operators if op.index in operators for i in op.inputs if i >= 0}
    return sum(graph.tensor(i).nbytes for i in tensors if graph.tensor(i).data is not None)


def _idle_channels(model: CompiledModel) -> int:
    """How many outputs layers have lost."""
    whole, channels = model.program.whole, model.program.channels
    outputs = {op.outputs[0] for op in whole.operators if op.kind in LAYERS}
    return sum(whole.tensor(t).shape[-1] - len(kept) for t, kept in channels.items() if t in outputs)


def _ports(model: CompiledModel) -> tuple[Port, ...]:
    return tuple(
        Port(
            io.accessor,
            io.ctype,
            "x".join(map(str, io.tensor.shape)),
            float_literal(io.tensor.scale),
            io.tensor.zero_point,
        )
        for io in interfaces(model.program, model.memory, model.names)
    )
