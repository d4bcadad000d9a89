"""Lowers a graph to a straight line of kernel calls, and decides which tensors share memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wwtool.compiler.calls import Call, Span
from wwtool.compiler.channels.idle import Idle, without_idle_channels
from wwtool.compiler.constants import constants_in_flash, shared_constants
from wwtool.compiler.operators.casts import lower_cast
from wwtool.compiler.operators.conversions import lower_dequantize, lower_quantize
from wwtool.compiler.operators.convolutions import (
    lower_conv_2d,
    lower_depthwise_conv_2d,
    lower_fully_connected,
)
from wwtool.compiler.operators.elementwise import lower_binary, lower_unary
from wwtool.compiler.operators.functions import lower_function, lower_l2_normalization
from wwtool.compiler.operators.int16_functions import lower_softmax_int16, lower_unary_int16
from wwtool.compiler.operators.movements import MOVEMENTS
from wwtool.compiler.operators.pairs import (
    RELATIONS,
    lower_batch_matmul,
    lower_comparison,
    lower_logic,
    lower_select,
    lower_squared_difference,
)
from wwtool.compiler.operators.pooling import lower_mean, lower_pool_2d
from wwtool.compiler.operators.recurrent import lower_lstm, lower_svdf
from wwtool.compiler.operators.reductions import lower_arg_extreme, lower_reduce_extreme, lower_reduce_prod, lower_sum
from wwtool.compiler.operators.resize import lower_resize_bilinear
from wwtool.compiler.operators.softmax import lower_log_softmax, lower_softmax
from wwtool.compiler.operators.state import copy_state, find_states, find_windows
from wwtool.compiler.operators.transposed import lower_transpose_conv
from wwtool.compiler.operators.typed_convolutions import (
    lower_typed_conv_2d,
    lower_typed_fully_connected,
    lower_typed_transpose_conv,
)
from wwtool.compiler.precision import require_integers
from wwtool.compiler.program import Program
from wwtool.errors import InputError
from wwtool.tflite import limits
from wwtool.tflite.folding import folded
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.unary import TABLES
from wwtool.tflite.operators.variables import variable_tensors

Lowering = Callable[[Graph, Operator], list[Call]]

_INTERFACE_TYPES = ("int8", "uint8", "int16", "int32", "int64", "float32", "bool")


@np.errstate(all="ignore")  # scales far apart give multipliers that no float holds; checks refuse these
def lower(graph: Graph, leave_out: Idle = "idle") -> Program:
    """Lowers every operator, without the channels that carry nothing, or without those of them that ``leave_out`` says.

    Raises:
        InputError: an operator, or the way it is used, is not supported; the message names the operator and its index.
    """
    graph = folded(graph)
    require_integers(graph)
    limits.require_few_constants(graph)
    _check_inputs(graph)
    _check_operators(graph)
    thinned = without_idle_channels(graph, leave_out)
    program = Program(thinned.graph, graph, thinned.channels)
    graph = thinned.graph
    program.add_variables(variable_tensors(graph))
    find_windows(program)
    find_states(program)
    tables = 0
    for op in graph.operators:
        before = len(program.calls)
        if op.index in program.replaced or op.kind == "VAR_HANDLE":
            continue
        if op.kind in MOVEMENTS:
            program.calls += MOVEMENTS[op.kind](program, op)
        elif (key := graph.variable(op)) is not None:
            program.calls += copy_state(program, op, key)
        elif op.kind in LOWERINGS:
            program.calls += LOWERINGS[op.kind](graph, op)
        else:
            raise InputError(
                f"{op.where()} is not supported; the supported operators are {', '.join(supported_operators())}"
            )
        if len(program.calls) > limits.CALLS:
            raise InputError(
                f"{op.where()} and those before it need more than {limits.CALLS} kernel calls; use a smaller model"
            )
        tables += sum(c.nbytes for call in program.calls[before:] for c in call.constants() if not c.weights)
        if tables > limits.TABLE_BYTES:
            raise InputError(f"{op.where()} and those before it need more than {limits.TABLE_BYTES} bytes of tables")
    _check_reads(program)
    calls = constants_in_flash(graph, program.calls)
    program.calls = shared_constants([_in_place_if_alone(program, call) for call in calls])
    return program


def supported_operators() -> list[str]:
    """The names of all operators that can be compiled."""
    return sorted({"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", *MOVEMENTS, *LOWERINGS})


def _check_inputs(graph: Graph) -> None:
    if len(set(graph.inputs)) != len(graph.inputs):
        raise InputError("the model lists one tensor twice among its inputs; export it again")
    for index in (*graph.inputs, *graph.outputs):
        t = graph.tensor(index)
        if t.dtype not in _INTERFACE_TYPES or t.data is not None:
            raise InputError(
                f"tensor {index} ({t.name}) is an input or output of type {t.dtype}, or a constant; "
                f"only computed tensors of the types {', '.join(_INTERFACE_TYPES)} are supported"
            )


def _check_operators(graph: Graph) -> None:
    supported = set(supported_operators())
    for op in graph.operators:
        if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE") and graph.variable(op) is None:
            raise InputError(f"{op.where()} names no variable; its first input must come from a VAR_HANDLE")
        if op.kind in supported and any(graph.tensor(index).open for index in op.outputs):
            raise InputError(
                f"{op.where()} has an output whose shape the model leaves open; export the model with fixed shapes"
            )


def _check_reads(program: Program) -> None:
    """Checks that no kernel reads the handle of a variable, which has no value."""
    for call in program.calls:
        for index in call.reads:
            if index >= 0 and program.graph.tensor(index).dtype == "resource":
                raise InputError(f"operator {call.operator} ({call.kind}) reads the handle of a variable as a value")


def _in_place_if_alone(program: Program, call: Call) -> Call:
    """Returns the call, in place only if it does not read the memory of its first input as another input as well."""
    if not call.in_place:
        return call
    spans = [a for a in call.arguments if isinstance(a, Span) and a.tensor in call.reads]
    roots = [program.place(span.tensor).tensor for span in spans]
    alone = bool(call.reads) and len(set(roots)) == len(roots) and spans[0].tensor == call.reads[0]
    return call if alone else replace(call, in_place=False)


def _by_type(common: Lowering, slot: int = 0, **others: Lowering) -> Lowering:
    """Makes a lowering that depends on the type of input ``slot``: one of ``others`` by its name, or ``common``."""

    def lowered(graph: Graph, op: Operator) -> list[Call]:
        return others.get(graph.tensor(op.inputs[slot]).dtype, common)(graph, op)

    return lowered


def _layer(int8: Lowering, others: Lowering, slot: int = 0) -> Lowering:
    return _by_type(int8, slot, uint8=others, int16=others)


_UNARY = _by_type(lower_unary, int16=lower_unary_int16)

LOWERINGS: dict[str, Lowering] = {
    "CONV_2D": _layer(lower_conv_2d, lower_typed_conv_2d),
    "DEPTHWISE_CONV_2D": _layer(lower_depthwise_conv_2d, lower_typed_conv_2d),
    "FULLY_CONNECTED": _layer(lower_fully_connected, lower_typed_fully_connected),
    "TRANSPOSE_CONV": _layer(lower_transpose_conv, lower_typed_transpose_conv, 2),
    "RESIZE_BILINEAR": lower_resize_bilinear,
    "CAST": lower_cast,
    **dict.fromkeys(("REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY", "REDUCE_ALL"), lower_reduce_extreme),
    **dict.fromkeys(TABLES, lower_function),
    "L2_NORMALIZATION": lower_l2_normalization,
    **dict.fromkeys(RELATIONS, lower_comparison),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"), lower_logic),
    **dict.fromkeys(("SELECT", "SELECT_V2"), lower_select),
    "SQUARED_DIFFERENCE": lower_squared_difference,
    "BATCH_MATMUL": lower_batch_matmul,
    "SUM": lower_sum,
    "REDUCE_PROD": lower_reduce_prod,
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), lower_arg_extreme),
    "AVERAGE_POOL_2D": lower_pool_2d,
    "MAX_POOL_2D": lower_pool_2d,
    "MEAN": lower_mean,
    "QUANTIZE": lower_quantize,
    "DEQUANTIZE": lower_dequantize,
    "SOFTMAX": _by_type(lower_softmax, int16=lower_softmax_int16),
    "LOG_SOFTMAX": lower_log_softmax,
    "SVDF": lower_svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lower_lstm,
    **dict.fromkeys(("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"), _UNARY),
    **dict.fromkeys(("LEAKY_RELU", "HARD_SWISH", "ABS", "NEG"), _UNARY),
    **dict.fromkeys(("ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"), lower_binary),
}
