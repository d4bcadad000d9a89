"""Variable tensors, in which SVDF and the LSTM keep their state."""

from __future__ import annotations

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Tensor

# Which inputs of an operator are variable tensors.
_STATES = {"SVDF": (4,), "UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19)}


def variable_tensors(graph: Graph) -> list[Tensor]:
    """The variable tensors in which operators keep their state.

    Raises:
        InputError: a variable tensor is used as something other than a state, or a state is not a variable tensor.
    """
    variables: dict[int, Tensor] = {}
    for op in graph.operators:
        slots = _STATES.get(op.kind, ())
        for slot, index in enumerate(op.inputs):
            t = graph.tensor(index) if index >= 0 else None
            if t is not None and t.is_variable and slot not in slots:
                raise InputError(
                    f"{op.where()} reads the variable tensor {index} ({t.name}); only {', '.join(_STATES)} have such "
                    "tensors, for their states"
                )
            if slot in slots:
                if t is None or not t.is_variable:
                    raise InputError(f"{op.where()} needs a variable tensor for its state as input {slot}")
                variables[index] = t
    for index in (*graph.inputs, *graph.outputs):
        if graph.tensor(index).is_variable:
            raise InputError(
                f"tensor {index} is an input or output of the model and a variable, which is not supported"
            )
    return list(variables.values())


def initial_value(variable: Tensor) -> int:
    """The initial value of every element of a variable tensor: 0, or the zero point for int8."""
    return variable.zero_point if variable.dtype == "int8" else 0
