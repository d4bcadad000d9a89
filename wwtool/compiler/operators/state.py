"""The state of streaming models: sliding windows that stay in place, and variables that are copied.

READ_VARIABLE, CONCATENATION, STRIDED_SLICE and ASSIGN_VARIABLE can form a sliding window. Then the concatenation
becomes a persistent region: new frames are written straight into it, and after the inference it moves by their size.
All other variables are copied.
"""

from __future__ import annotations

from wwtool.compiler.calls import Call, Span
from wwtool.compiler.program import CopiedState, Program, SlidingWindow
from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator, VariableKey, variable_name
from wwtool.tflite.operators.checks import format_of
from wwtool.tflite.operators.joins import check_join
from wwtool.tflite.operators.slices import strided_cut


def find_windows(program: Program) -> None:
    """Finds the sliding windows, and records them and the operators that they replace."""
    graph = program.graph
    for cat in graph.operators:
        if cat.kind != "CONCATENATION" or len(cat.inputs) != 2:
            continue
        match = _match_window(graph, cat)
        if match is None:
            continue
        window, replaced = match
        new = _reshape_root(graph, cat.inputs[1])
        has_place = new in program.alias or new in program.kept
        if has_place or graph.tensor(new).data is not None or new == cat.inputs[0]:
            continue
        program.add_window(window)
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
    key = graph.variable(read)
    if (
        key is None
        or key not in graph.variables
        or whole.index in graph.output_set
        or int(cat.options.get("fusedActivationFunction", 0))
    ):
        return None
    uses = graph.uses(key)
    assigns = [op for op in uses if op.kind == "ASSIGN_VARIABLE"]
    if len(uses) != 2 or len(assigns) != 1 or len(graph.consumers(read.outputs[0])) != 1:
        return None
    initial = graph.variables[key].initial
    cut = graph.producer(assigns[0].inputs[1])
    old, new = graph.tensor(cat.inputs[0]), graph.tensor(cat.inputs[1])
    if (
        cut is None
        or cut.kind != "STRIDED_SLICE"
        or cut.inputs[0] != whole.index
        or len(graph.consumers(cut.outputs[0])) != 1
        or graph.output_set & {read.outputs[0], cut.outputs[0]}
        or initial.nbytes != old.nbytes
    ):
        return None
    check_join(graph, cat)
    if any(format_of(t) != format_of(whole) for t in (old, new)):
        return None
    kept, shape = strided_cut(graph, cut)
    newest = (0,) * axis + (whole.shape[axis] - old.shape[axis],) + (0,) * (len(whole.shape) - axis - 1)
    if (kept.begin, kept.count, set(kept.step)) != (newest, old.shape, {1}) or shape != old.shape:
        return None
    window = SlidingWindow(key, whole.index, old.nbytes, new.nbytes, initial)
    return window, {read.index, cat.index, cut.index, assigns[0].index}


def find_states(program: Program) -> None:
    """Finds the variables that are read and are not windows. Each has memory of its own.

    Raises:
        InputError: a variable has no initial value of the size that is read.
    """
    graph = program.graph
    windowed = {w.variable for w in program.windows}
    for op in graph.operators:
        key = graph.variable(op) if op.kind == "READ_VARIABLE" else None
        if key is None or key in windowed or key in program.regions:
            continue
        t, variable = graph.tensor(op.outputs[0]), graph.variables.get(key)
        if variable is None or variable.initial.nbytes != t.nbytes:
            raise InputError(
                f"{op.where()} reads the variable '{variable_name(key)}', "
                "which no CALL_ONCE subgraph sets to a value of its size"
            )
        program.add_state(CopiedState(key, t.nbytes, variable.initial))


def copy_state(program: Program, op: Operator, key: VariableKey) -> list[Call]:
    """READ_VARIABLE and ASSIGN_VARIABLE of a variable that is not a window; no calls if no operator reads it."""
    read = op.kind == "READ_VARIABLE"
    t = program.graph.tensor(op.outputs[0] if read else op.inputs[1])
    if not read and all(use.kind == "ASSIGN_VARIABLE" for use in program.graph.uses(key)):
        return []
    region = program.regions.get(key)
    if region is None or program.states[-1 - region].nbytes != t.nbytes:
        raise InputError(f"{op.where()} assigns the variable '{variable_name(key)}', which is never read at that size")
    target, source = (t.index, region) if read else (region, t.index)
    arguments = (Span(target), t.nbytes, Span(source), t.nbytes, t.nbytes, 1)
    return [Call(op.index, op.kind, "ww_copy_rows", arguments, (source,), (target,))]
