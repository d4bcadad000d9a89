"""Graph to a straight line of kernel calls over memory regions: which kernel, which tensor shares whose memory.

A streaming model's state is recognised here. Where READ_VARIABLE, CONCATENATION, STRIDED_SLICE and ASSIGN_VARIABLE
form a sliding window, the concatenation becomes a persistent region that new frames are written straight into; after
the inference it is shifted by the new frames. Any other use of variables is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.arithmetic import MAX_MULTIPLIER, logistic_table, requantize_table
from wwtool.compiler.calls import Call, Constant, Span
from wwtool.compiler.convolutions import (
    lower_average_pool_2d,
    lower_conv_2d,
    lower_depthwise_conv_2d,
    lower_fully_connected,
)
from wwtool.compiler.graph import ITEM_BYTES, Graph, Operator, Tensor
from wwtool.compiler.reader import variable_name
from wwtool.compiler.recurrent import lower_lstm, lower_svdf, variable_tensors
from wwtool.errors import InputError

Lowering = Callable[[Graph, Operator], list[Call]]


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
    """Calls in order, and how tensors share memory: ``alias[t] = (root, byte offset)``."""

    graph: Graph
    calls: list[Call] = field(default_factory=list)
    alias: dict[int, Span] = field(default_factory=dict)
    windows: list[SlidingWindow] = field(default_factory=list)
    states: list[CopiedState] = field(default_factory=list)
    variables: list[Tensor] = field(default_factory=list)  # variable tensors, which operators update themselves

    def place(self, tensor: int) -> Span:
        """The region and offset that tensor's memory lies at."""
        offset = 0
        while tensor in self.alias:
            step = self.alias[tensor]
            tensor, offset = step.tensor, offset + step.offset
        return Span(tensor, offset)


def state_region(program: Program, variable: str) -> int:
    """Copied states have no tensor; they are numbered -1, -2, ... as regions."""
    return -1 - next(i for i, s in enumerate(program.states) if s.variable == variable)


def lower(graph: Graph) -> Program:
    """Lowers every operator.

    Raises:
        InputError: an operator, or a use of one, is not supported; the message names it and its index.
    """
    program = Program(graph)
    _check_inputs(graph)
    _check_variables(graph)
    program.variables = variable_tensors(graph)
    skipped = _find_windows(program)
    handles = {op.outputs[0]: variable_name(op) for op in graph.operators if op.kind == "VAR_HANDLE"}
    _find_states(program, handles)
    for op in graph.operators:
        if op.index in skipped or op.kind == "VAR_HANDLE":
            continue
        if op.kind in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE"):
            _alias_reshape(program, op)
        elif op.kind == "READ_VARIABLE":
            program.calls.append(_copy_state(program, op, handles[op.inputs[0]], op.outputs[0], read=True))
        elif op.kind == "ASSIGN_VARIABLE":
            if not _is_read(graph, handles[op.inputs[0]]):
                continue  # nothing depends on it
            program.calls.append(_copy_state(program, op, handles[op.inputs[0]], op.inputs[1], read=False))
        elif op.kind in LOWERINGS:
            program.calls += LOWERINGS[op.kind](graph, op)
        else:
            raise InputError(f"{op.where()} is not supported; supported are {', '.join(supported_operators())}")
    _check_reads(program)
    return program


def supported_operators() -> list[str]:
    """The names of all operators that can be compiled."""
    structural = {"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "RESHAPE", "EXPAND_DIMS", "SQUEEZE"}
    return sorted(structural | set(LOWERINGS))


def _check_inputs(graph: Graph) -> None:
    if len(set(graph.inputs)) != len(graph.inputs):
        raise InputError("the model has one tensor twice among its inputs; export it again")
    for index in (*graph.inputs, *graph.outputs):
        t = graph.tensor(index)
        if t.dtype not in ("int8", "uint8") or t.data is not None:
            raise InputError(
                f"tensor {index} ({t.name}) is an input or output of type {t.dtype}; only int8 and uint8 are supported"
            )


def _check_variables(graph: Graph) -> None:
    for op in graph.operators:
        if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
            handle = graph.producer(op.inputs[0])
            if handle is None or handle.kind != "VAR_HANDLE":
                raise InputError(f"{op.where()} names no variable; its first input must come from a VAR_HANDLE")


def _check_reads(program: Program) -> None:
    """Kernels read memory; a constant has none, and handles of variables hold nothing."""
    for call in program.calls:
        for index in call.reads:
            t = program.graph.tensor(index) if index >= 0 else None
            if t is not None and (t.data is not None or t.dtype == "resource"):
                raise InputError(
                    f"operator {call.operator} ({call.kind}) reads tensor {index} ({t.name}), a constant or a handle, "
                    "where only a computed tensor is supported"
                )


def _is_read(graph: Graph, variable: str) -> bool:
    return any(op.kind == "READ_VARIABLE" and _variable_of(graph, op) == variable for op in graph.operators)


def _alias_reshape(program: Program, op: Operator) -> None:
    source, target = program.graph.tensor(op.inputs[0]), program.graph.tensor(op.outputs[0])
    if source.size != target.size:
        raise InputError(f"{op.where()} changes the number of elements from {source.size} to {target.size}")
    if source.data is not None or source.dtype != target.dtype or source.dtype == "resource":
        raise InputError(f"{op.where()} works on a constant or changes the type, which is not supported")
    program.alias[target.index] = Span(source.index)


def _find_windows(program: Program) -> set[int]:
    """Finds the sliding windows, records them, and returns the operators they replace."""
    graph, skipped = program.graph, set[int]()
    for cat in graph.operators:
        if cat.kind != "CONCATENATION" or len(cat.inputs) != 2:
            continue
        found = _match_window(graph, cat)
        if found is None:
            continue
        window, replaced = found
        new = _reshape_root(graph, cat.inputs[1])
        taken = new in program.alias or any(w.tensor == new for w in program.windows)
        if taken or graph.tensor(new).data is not None or new == cat.inputs[0]:
            continue
        program.windows.append(window)
        program.alias[new] = Span(window.tensor, window.keep_bytes)
        skipped |= replaced
    return skipped


def _reshape_root(graph: Graph, tensor: int) -> int:
    producer = graph.producer(tensor)
    while producer is not None and producer.kind in ("RESHAPE", "EXPAND_DIMS", "SQUEEZE"):
        tensor = producer.inputs[0]
        producer = graph.producer(tensor)
    return tensor


def _match_window(graph: Graph, cat: Operator) -> tuple[SlidingWindow, set[int]] | None:
    read = graph.producer(cat.inputs[0])
    whole = graph.tensor(cat.outputs[0])
    axis = int(cat.options.get("axis", 0)) % max(len(whole.shape), 1)
    if read is None or read.kind != "READ_VARIABLE" or any(d != 1 for d in whole.shape[:axis]):
        return None
    handle = graph.producer(read.inputs[0])
    if (
        handle is None
        or handle.kind != "VAR_HANDLE"
        or whole.index in graph.outputs
        or int(cat.options.get("fusedActivationFunction", 0))
    ):
        return None
    name = variable_name(handle)
    uses = [
        op
        for op in graph.operators
        if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE") and _variable_of(graph, op) == name
    ]
    assigns = [op for op in uses if op.kind == "ASSIGN_VARIABLE"]
    if len(uses) != 2 or len(assigns) != 1 or len(graph.consumers(read.outputs[0])) != 1 or name not in graph.variables:
        return None
    initial = graph.variables[name].initial
    cut = graph.producer(assigns[0].inputs[1])
    old, new = graph.tensor(cat.inputs[0]), graph.tensor(cat.inputs[1])
    if (
        cut is None
        or cut.kind != "STRIDED_SLICE"
        or cut.inputs[0] != whole.index
        or len(graph.consumers(cut.outputs[0])) != 1
        or {read.outputs[0], cut.outputs[0]} & set(graph.outputs)
        or initial.nbytes != old.nbytes
    ):
        return None
    # What these refuse is refused here too.
    _lower_concatenation(graph, cat)
    _lower_strided_slice(graph, cut)
    begin, end, strides = slice_bounds(graph, cut)
    full = all(b == 0 and e == d for i, (b, e, d) in enumerate(zip(begin, end, whole.shape, strict=True)) if i != axis)
    last = begin[axis] == whole.shape[axis] - old.shape[axis] and end[axis] == whole.shape[axis]
    if not (full and last and all(s == 1 for s in strides)):
        return None
    window = SlidingWindow(name, whole.index, old.nbytes, new.nbytes, initial)
    return window, {read.index, cat.index, cut.index, assigns[0].index}


def _variable_of(graph: Graph, op: Operator) -> str:
    handle = graph.producer(op.inputs[0])
    return variable_name(handle) if handle is not None and handle.kind == "VAR_HANDLE" else ""


def _find_states(program: Program, handles: dict[int, str]) -> None:
    windowed = {w.variable for w in program.windows}
    for op in program.graph.operators:
        if op.kind != "READ_VARIABLE":
            continue
        name = handles.get(op.inputs[0], "")
        if name in windowed or any(s.variable == name for s in program.states):
            continue
        t = program.graph.tensor(op.outputs[0])
        if name not in program.graph.variables or program.graph.variables[name].initial.nbytes != t.nbytes:
            raise InputError(
                f"{op.where()} reads the variable '{name}', which no CALL_ONCE subgraph sets to a value of its size"
            )
        program.states.append(CopiedState(name, t.nbytes, program.graph.variables[name].initial))


def _copy_state(program: Program, op: Operator, variable: str, tensor: int, read: bool) -> Call:
    t = program.graph.tensor(tensor)
    if not any(s.variable == variable and s.nbytes == t.nbytes for s in program.states):
        raise InputError(f"{op.where()} assigns the variable '{variable}', which is never read at that size")
    region = state_region(program, variable)
    target, source = (tensor, region) if read else (region, tensor)
    arguments = (Span(target), t.nbytes, Span(source), t.nbytes, t.nbytes, 1)
    return Call(op.index, op.kind, "ww_copy_rows", arguments, (source,), (target,))


def _lower_lookup(graph: Graph, op: Operator, table: npt.NDArray[np.int64]) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if x.size != y.size:
        raise InputError(f"{op.where()} changes the number of elements from {x.size} to {y.size}")
    constant = Constant(f"op{op.index}_table", "uint8_t", table.astype(np.int16).astype(np.uint8), weights=False)
    arguments = (constant, Span(x.index), Span(y.index), x.size)
    return [Call(op.index, op.kind, "ww_lookup", arguments, (x.index,), (y.index,), in_place=True)]


def _lower_logistic(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if x.dtype != "int8" or x.quantization is None or y.dtype != "int8" or (y.scale, y.zero_point) != (1 / 256, -128):
        raise InputError(f"{op.where()} must be int8 with output scale 1/256 and zero point -128")
    return _lower_lookup(graph, op, logistic_table(x.scale, x.zero_point))


def _lower_quantize(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    limits = {"int8": (-128, 127), "uint8": (0, 255)}
    if x.dtype != "int8" or y.dtype not in limits or x.quantization is None or y.quantization is None:
        raise InputError(f"{op.where()} turns {x.dtype} into {y.dtype}; only int8 to int8 or uint8 is supported")
    if x.scale / y.scale >= MAX_MULTIPLIER:
        raise InputError(f"{op.where()} has an output scale too small for its input; export it with sane scales")
    return _lower_lookup(graph, op, requantize_table(x.scale, x.zero_point, y.scale, y.zero_point, *limits[y.dtype]))


def _lower_concatenation(graph: Graph, op: Operator) -> list[Call]:
    y = graph.tensor(op.outputs[0])
    axis = int(op.options["axis"]) + len(y.shape) * (int(op.options["axis"]) < 0)
    shapes = [graph.tensor(index).shape for index in op.inputs]
    fits = 0 <= axis < len(y.shape) and all(
        len(s) == len(y.shape) and s[:axis] + s[axis + 1 :] == y.shape[:axis] + y.shape[axis + 1 :] for s in shapes
    )
    if not fits or sum(s[axis] for s in shapes) != y.shape[axis] or int(op.options.get("fusedActivationFunction", 0)):
        raise InputError(f"{op.where()} joins {list(map(list, shapes))} to {list(y.shape)}, which is not supported")
    rows = int(np.prod(y.shape[:axis], dtype=np.int64))
    row_bytes = y.nbytes // rows
    calls, offset = [], 0
    for index in op.inputs:
        x = graph.tensor(index)
        if x.dtype != y.dtype or (x.scale, x.zero_point) != (y.scale, y.zero_point) or x.data is not None:
            raise InputError(
                f"{op.where()} joins tensors of different types or scales, or constants, which is not supported"
            )
        part = x.nbytes // rows
        arguments = (Span(y.index, offset), row_bytes, Span(x.index), part, part, rows)
        calls.append(Call(op.index, op.kind, "ww_copy_rows", arguments, (x.index,), (y.index,)))
        offset += part
    return calls


def slice_bounds(graph: Graph, op: Operator) -> tuple[list[int], list[int], list[int]]:
    """The begin, end and stride of a STRIDED_SLICE along every axis, with its masks applied."""
    x = graph.tensor(op.inputs[0])
    values: list[list[int]] = []
    for index in op.inputs[1:4]:
        data = graph.tensor(index).data
        if data is None or data.size != len(x.shape) or data.dtype.kind != "i":
            raise InputError(f"{op.where()} needs constant bounds, one for every axis")
        values.append([int(v) for v in data.ravel()])
    if any(
        int(op.options.get(mask, 0)) for mask in ("ellipsisMask", "newAxisMask", "shrinkAxisMask")
    ) or op.options.get("offset"):
        raise InputError(f"{op.where()} uses an ellipsis, new-axis or shrink-axis mask, which is not supported")
    begin, end, strides = values
    for axis, size in enumerate(x.shape):
        begin[axis] = 0 if int(op.options["beginMask"]) >> axis & 1 else _clamp(begin[axis], size)
        end[axis] = size if int(op.options["endMask"]) >> axis & 1 else _clamp(end[axis], size)
        if strides[axis] < 1:
            raise InputError(f"{op.where()} has a stride below 1, which is not supported")
    return begin, end, strides


def _clamp(index: int, size: int) -> int:
    return min(max(index + size if index < 0 else index, 0), size)


def _lower_strided_slice(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    begin, end, strides = slice_bounds(graph, op)
    cut = [i for i, size in enumerate(x.shape) if (begin[i], end[i], strides[i]) != (0, size, 1)]
    if len(cut) > 1 or x.data is not None:
        raise InputError(f"{op.where()} cuts along more than one axis, which is not supported")
    axis = cut[0] if cut else 0
    if strides[axis] != 1 and int(np.prod(x.shape[:axis], dtype=np.int64)) != 1:
        raise InputError(f"{op.where()} has a stride along an inner axis, which is not supported")
    inner = int(np.prod(x.shape[axis + 1 :], dtype=np.int64)) * ITEM_BYTES[x.dtype]
    outer = int(np.prod(x.shape[:axis], dtype=np.int64))
    count = len(range(begin[axis], end[axis], strides[axis]))
    if count * inner * outer != y.nbytes or count < 1 or x.dtype != y.dtype:
        raise InputError(f"{op.where()} has an output whose shape does not fit its bounds")
    start = Span(x.index, begin[axis] * inner)
    if strides[axis] == 1:
        arguments = (Span(y.index), count * inner, start, x.shape[axis] * inner, count * inner, outer)
    else:
        arguments = (Span(y.index), inner, start, strides[axis] * inner, inner, count)
    return [Call(op.index, op.kind, "ww_copy_rows", arguments, (x.index,), (y.index,))]


LOWERINGS: dict[str, Lowering] = {
    "CONV_2D": lower_conv_2d,
    "DEPTHWISE_CONV_2D": lower_depthwise_conv_2d,
    "FULLY_CONNECTED": lower_fully_connected,
    "AVERAGE_POOL_2D": lower_average_pool_2d,
    "LOGISTIC": _lower_logistic,
    "QUANTIZE": _lower_quantize,
    "CONCATENATION": _lower_concatenation,
    "STRIDED_SLICE": _lower_strided_slice,
    "SVDF": lower_svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lower_lstm,
}
