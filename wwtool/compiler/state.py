"""The state of streaming models: sliding windows kept in place, and variables that are copied.

Where READ_VARIABLE, CONCATENATION, STRIDED_SLICE and ASSIGN_VARIABLE form a sliding window, the concatenation becomes
a persistent region that new frames are written straight into; after the inference it is shifted by the new frames.
Any other use of variables is copied.
"""

from __future__ import annotations

from wwtool.compiler.calls import Call, Span
from wwtool.compiler.graph import Graph, Operator
from wwtool.compiler.movement import check_join
from wwtool.compiler.program import CopiedState, Program, SlidingWindow
from wwtool.compiler.reader import variable_name
from wwtool.compiler.slices import strided_cut
from wwtool.errors import InputError


def state_region(program: Program, variable: str) -> int:
    """Copied states have no tensor; they are numbered -1, -2, ... as regions."""
    return -1 - next(i for i, s in enumerate(program.states) if s.variable == variable)


def find_windows(program: Program) -> None:
    """Finds the sliding windows, and records them and the operators they replace."""
    graph = program.graph
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
        program.parts[window.tensor] = (cat.inputs[1],)
        program.replaced |= replaced


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
        if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE") and variable_of(graph, op) == name
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
    check_join(graph, cat)
    taken, shape = strided_cut(graph, cut)
    newest = (0,) * axis + (whole.shape[axis] - old.shape[axis],) + (0,) * (len(whole.shape) - axis - 1)
    if (taken.begin, taken.count, set(taken.step)) != (newest, old.shape, {1}) or shape != old.shape:
        return None
    window = SlidingWindow(name, whole.index, old.nbytes, new.nbytes, initial)
    return window, {read.index, cat.index, cut.index, assigns[0].index}


def variable_of(graph: Graph, op: Operator) -> str:
    handle = graph.producer(op.inputs[0])
    return variable_name(handle) if handle is not None and handle.kind == "VAR_HANDLE" else ""


def find_states(program: Program, handles: dict[int, str]) -> None:
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


def copy_state(program: Program, op: Operator, variable: str, tensor: int, read: bool) -> Call:
    t = program.graph.tensor(tensor)
    if not any(s.variable == variable and s.nbytes == t.nbytes for s in program.states):
        raise InputError(f"{op.where()} assigns the variable '{variable}', which is never read at that size")
    region = state_region(program, variable)
    target, source = (tensor, region) if read else (region, tensor)
    arguments = (Span(target), t.nbytes, Span(source), t.nbytes, t.nbytes, 1)
    return Call(op.index, op.kind, "ww_copy_rows", arguments, (source,), (target,))
