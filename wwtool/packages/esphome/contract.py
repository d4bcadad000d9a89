"""What a model must be for ESPHome's ``micro_wake_word`` (esphome/components/micro_wake_word/streaming_model.cpp)."""

from __future__ import annotations

from wwtool.errors import InputError
from wwtool.frontend.geometry import MICRO
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.tflite.graph import Graph, Tensor

OPERATORS = frozenset({
    "CALL_ONCE", "VAR_HANDLE", "RESHAPE", "READ_VARIABLE", "STRIDED_SLICE", "CONCATENATION", "ASSIGN_VARIABLE",
    "CONV_2D", "MUL", "ADD", "MEAN", "FULLY_CONNECTED", "LOGISTIC", "QUANTIZE", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D",
    "MAX_POOL_2D", "PAD", "PACK", "SPLIT_V",
})  # fmt: skip
"""The operators that the component registers."""
MOST_VARIABLES = 20
MOST_STRIDE = 255  # the component keeps it in a uint8


def require_contract(graph: Graph, name: str) -> None:
    """Checks a model.

    Raises:
        InputError: the model breaks a clause, which the message names.
    """
    broken = broken_clause(graph)
    if broken is not None:
        raise InputError(
            f"ESPHome's micro_wake_word cannot run {name}: {broken}; export the model again in its streaming "
            "form, or compile it: wwtool compile"
        )


def broken_clause(graph: Graph) -> str | None:
    """The first clause that a model breaks, as a part of a sentence; None if it keeps them all."""
    foreign = [op for op in graph.operators if op.kind not in OPERATORS]
    if foreign:
        return f"{foreign[0].where()} is not one of the {len(OPERATORS)} operators that it registers"
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return f"it has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs, and may have one of each"
    if graph.front_end != DEFAULT_FRONT_END:
        return f"it reads the features of the front end {graph.front_end.name}, and the component has only micro"
    source, result = graph.tensor(graph.inputs[0]), graph.tensor(graph.outputs[0])
    if not _is_features(source):
        return f"its input is {_form(source)}, and must be int8 [1, stride, {MICRO.channels}]"
    if source.shape[1] > MOST_STRIDE:
        return f"one inference takes {source.shape[1]} feature slices, and may take {MOST_STRIDE}"
    if (result.dtype, result.shape) != ("uint8", (1, 1)):
        return f"its output is {_form(result)}, and must be uint8 [1, 1]"
    if len(graph.variables) > MOST_VARIABLES:
        return f"it has {len(graph.variables)} resource variables, and may have {MOST_VARIABLES}"
    if any(tensor.is_variable for tensor in graph.tensors):
        return "it keeps state in a variable tensor, and must keep it in resource variables"
    return None


def _is_features(tensor: Tensor) -> bool:
    shape = tensor.shape
    return tensor.dtype == "int8" and len(shape) == 3 and (shape[0], shape[2]) == (1, MICRO.channels)


def _form(tensor: Tensor) -> str:
    return f"{tensor.dtype} {list(tensor.shape)}"
