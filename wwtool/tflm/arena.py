"""The size of TFLM's arena for a model, to the byte: what ``MicroInterpreter::AllocateTensors`` leaves used.

The arena has two ends. The tail grows downwards with what stays: TFLM's own structures, a node for each operator, what
kernels keep, and the buffers of resource variables. The head has the tensors of an inference, planned so that they
share memory. While TFLM plans, temporary tables lie between the two. Sources: micro_allocator.cc, micro_interpreter.cc
and the ``Prepare`` functions in kernels/ of tensorflow/tflite-micro.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wwtool.errors import InputError
from wwtool.tflm import scratch, structures
from wwtool.tflm.model import Operator, Subgraph, read_subgraphs
from wwtool.tflm.planner import Buffer, planned_bytes
from wwtool.tflm.structures import ESP32, HOST, Abi, align_up

ALIGNMENT = 16
_MOST_REQUESTS = 12  # scratch buffers of one operator, kMaxScratchBuffersPerOp
_PER_BUFFER = 40  # what the planner keeps of a buffer, GreedyMemoryPlanner::per_buffer_size()


@dataclass(frozen=True)
class Runtime:
    """Where TFLM runs.

    Attributes:
        title: for people.
        abi: the processor's.
        kernels: what kernels keep.
        scratch: the scratch buffers that kernels ask for.
        is_python: the interpreter of the Python package: it counts what it gives, is built with compression, and has
            the table of resource variables in the same arena. ESPHome gives that table another.
    """

    title: str
    abi: Abi
    kernels: Mapping[str, str]
    scratch: scratch.Scratch = scratch.reference
    is_python: bool = False


PYTHON = Runtime("tflite-micro in Python", HOST, structures.KERNELS | structures.FOR_COMPRESSION, is_python=True)
ESPHOME_ESP32 = Runtime("ESPHome on an ESP32", ESP32, structures.KERNELS | structures.FOR_ESP_NN)
ESPHOME_ESP32S3 = replace(ESPHOME_ESP32, title="ESPHome on an ESP32-S3", scratch=scratch.esp32s3)
ESPHOME_ESP32S3_NEWER = replace(
    ESPHOME_ESP32S3, title="ESPHome of April 2026 on an ESP32-S3", scratch=scratch.esp32s3_newer
)


@dataclass(frozen=True)
class Arena:
    """Bytes of an arena that begins at an address that is a multiple of 16.

    Attributes:
        head: the tensors and scratch buffers of an inference.
        tail: what stays.
        needed: the smallest arena with which allocation succeeds; tables of planning can make it more than ``used``.
    """

    head: int
    tail: int
    needed: int

    @property
    def used(self) -> int:
        return self.head + self.tail


def predict(content: bytes, runtime: Runtime, name: str = "model") -> Arena:
    """The arena of a model.

    Raises:
        InputError: the model has an operator that is not among those that are known.
    """
    return _Allocation(read_subgraphs(content, name), runtime, name).arena()


class _Allocation:
    """Follows the allocator from its creation to the end of AllocateTensors."""

    def __init__(self, subgraphs: Sequence[Subgraph], runtime: Runtime, name: str) -> None:
        self._subgraphs, self._runtime, self._name = subgraphs, runtime, name
        self._tail = 0  # bytes from the end of the arena
        self._needed = 0
        self._scratch: list[tuple[int, int, int]] = []  # subgraph, operator, bytes
        for graph in subgraphs:
            for op in graph.operators:
                if op.kind not in runtime.kernels and op.kind not in _WITHOUT_KERNEL_DATA:
                    raise InputError(f"{name}: wwtool does not know what TFLM keeps for {op.kind}")

    def arena(self) -> Arena:
        self._create()
        self._start_model()
        self._prepare()
        head = self._plan()
        self._interface()
        self._need(head)
        return Arena(head, self._tail, self._needed)

    # The allocator's two ways to give persistent memory.
    def _struct(self, fields: str, count: int = 1) -> None:
        size, alignment = self._runtime.abi.layout(fields)
        self._tail = align_up(self._tail + size * count, alignment)

    def _persistent(self, nbytes: int) -> None:
        self._tail = align_up(self._tail + nbytes, ALIGNMENT)

    def _need(self, head: int) -> None:
        self._needed = max(self._needed, align_up(self._tail + head, ALIGNMENT))

    def _size(self, fields: str) -> int:
        return self._runtime.abi.layout(fields)[0]

    def _create(self) -> None:
        is_python = self._runtime.is_python
        self._struct(structures.RECORDING_ALLOCATOR if is_python else structures.ALLOCATOR)
        self._struct(structures.PLANNER)
        self._struct(structures.RECORDING_MICRO_ALLOCATOR if is_python else structures.MICRO_ALLOCATOR)
        names = {op.shared_name for op in self._subgraphs[0].operators if op.kind == "VAR_HANDLE"}
        if is_python and names:
            self._persistent(self._size(structures.RESOURCE_VARIABLES))
            self._persistent(self._size(structures.RESOURCE_VARIABLE) * len(names))

    def _start_model(self) -> None:
        self._struct(structures.BUILTIN_DATA_ALLOCATOR)
        fields = structures.COMPRESSED_SUBGRAPH if self._runtime.is_python else structures.SUBGRAPH
        self._struct(fields, len(self._subgraphs))
        for graph in self._subgraphs:
            self._struct(structures.EVAL_TENSOR, len(graph.tensors))
        for graph in self._subgraphs:
            self._struct(structures.NODE, len(graph.operators))
        for graph in self._subgraphs:
            for op in graph.operators:
                if op.kind in structures.OPTIONS:
                    self._struct(structures.OPTIONS[op.kind])
        for graph in self._subgraphs:
            for op in graph.operators:
                if op.kind in self._runtime.kernels:
                    self._persistent(self._size(self._runtime.kernels[op.kind]))

    def _prepare(self) -> None:
        variables: set[object] = set()
        for number, graph in enumerate(self._subgraphs):
            handles = {op.outputs[0]: op.shared_name for op in graph.operators if op.kind == "VAR_HANDLE"}
            for index, op in enumerate(graph.operators):
                for nbytes in _kept_by(op, graph):
                    self._persistent(nbytes)
                if op.kind == "ASSIGN_VARIABLE" and (name := handles.get(op.inputs[0])) not in variables:
                    variables.add(name)
                    self._persistent(graph.tensors[op.inputs[1]].nbytes)
                asked = self._runtime.scratch(op, graph.tensors)
                self._scratch += [(number, index, nbytes) for nbytes in asked if nbytes > 0]
                self._need(self._size(structures.SCRATCH_REQUEST) * (len(self._scratch) + _MOST_REQUESTS))

    def _plan(self) -> int:
        if self._scratch:
            self._struct(structures.SCRATCH_HANDLE, len(self._scratch))
        requests = self._size(structures.SCRATCH_REQUEST) * (len(self._scratch) + _MOST_REQUESTS)
        for graph in self._subgraphs:
            for tensor in graph.tensors:
                if tensor.is_variable:
                    self._persistent(tensor.nbytes)
        buffers = _Lifetimes(self._subgraphs, self._scratch).buffers()
        entries = sum(len(graph.tensors) for graph in self._subgraphs) + len(self._scratch)
        tables = requests + self._runtime.abi.pointer_bytes * len(self._subgraphs)
        tables = align_up(tables, self._runtime.abi.pointer_bytes) + self._size(structures.ALLOCATION) * entries
        self._need(align_up(tables, ALIGNMENT) + _PER_BUFFER * len(buffers))
        return planned_bytes(buffers)

    def _interface(self) -> None:
        main = self._subgraphs[0]
        for tensors in (main.inputs, main.outputs):
            self._persistent(self._runtime.abi.pointer_bytes * len(tensors))
            for index in tensors:
                self._struct(structures.TENSOR)
                channels = main.tensors[index].channels
                if channels:
                    self._struct(structures.QUANTIZATION)
                    self._struct("i", 1 + channels)


_WITHOUT_KERNEL_DATA = frozenset({"RESHAPE", "READ_VARIABLE", "ASSIGN_VARIABLE", "PACK", "SPLIT_V"})


def _kept_by(op: Operator, graph: Subgraph) -> list[int]:
    """Bytes of the multipliers and shifts that a kernel keeps for each channel."""
    if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        axis = 0 if op.kind == "CONV_2D" else 3
        return [4 * graph.tensors[op.inputs[1]].shape[axis]] * 2
    if op.kind == "FULLY_CONNECTED" and (channels := graph.tensors[op.inputs[1]].channels) > 1:
        return [4 * channels] * 2
    return []


class _Lifetimes:
    """When each computed tensor and scratch buffer is in use (micro_allocation_info.cc)."""

    def __init__(self, subgraphs: Sequence[Subgraph], asked: Sequence[tuple[int, int, int]]) -> None:
        self._subgraphs, self._asked = subgraphs, asked
        self._time = 0
        self._first: dict[tuple[int, int], int] = {}
        self._last: dict[tuple[int, int], int] = {}

    def buffers(self) -> list[Buffer]:
        """The buffers to plan, in the planner's order: tensors by subgraph, then scratch."""
        self._visit(0)
        found = []
        for number, graph in enumerate(self._subgraphs):
            for index, tensor in enumerate(graph.tensors):
                if not tensor.is_constant and not tensor.is_variable and tensor.nbytes:
                    found.append(self._buffer((number, index), tensor.nbytes))
        scratch_keys = [(-1 - i, nbytes) for i, (_, _, nbytes) in enumerate(self._asked)]
        return [*found, *(self._buffer((key, 0), nbytes) for key, nbytes in scratch_keys)]

    def _buffer(self, key: tuple[int, int], nbytes: int) -> Buffer:
        return Buffer(align_up(nbytes, ALIGNMENT), self._first.get(key, -1), self._last.get(key, -1))

    def _use(self, key: tuple[int, int], first: int | None = None) -> None:
        self._first.setdefault(key, self._time if first is None else first)
        self._last[key] = self._time

    def _visit(self, number: int) -> None:
        graph = self._subgraphs[number]
        for index in graph.inputs:
            self._use((number, index))
        for position, op in enumerate(graph.operators):
            self._time += 1
            start = self._time
            for index in op.outputs:
                self._first.setdefault((number, index), self._time)
            if op.initial is not None:
                self._time += 1
                self._visit(op.initial)
            for index in op.inputs:
                if index >= 0:
                    self._last[(number, index)] = self._time
            for index in op.outputs:
                self._last[(number, index)] = self._time
            for i, (subgraph, operator, _) in enumerate(self._asked):
                if (subgraph, operator) == (number, position):
                    self._use((-1 - i, 0), start)
        for index in graph.outputs:
            self._use((number, index))
