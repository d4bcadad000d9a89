"""Reads a .tflite as a Graph. Reports everything that can be wrong with a file in one sentence."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from wwtool.base.file_kinds import HEAD_BYTES, describe_mismatch, kind_of
from wwtool.errors import InputError
from wwtool.tflite import limits
from wwtool.tflite.constant_values import FOLDS, SHAPE_FOLDS
from wwtool.tflite.folding import with_shapes
from wwtool.tflite.front_end import FRONT_END, front_end_in
from wwtool.tflite.graph import (
    ITEM_BYTES,
    MAX_DIMENSIONS,
    Graph,
    Operator,
    Quantization,
    Tensor,
    Variable,
    VariableKey,
    variable_key,
)

_OPERATOR_NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
_OPTION_NAMES = {v: k for k, v in vars(schema.BuiltinOptions).items() if isinstance(v, int)}
_TYPE_NAMES = {v: k.lower() for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
_MAX_INPUTS = 1000

_WINDOW = ("padding", "strideH", "strideW")
_MANY = -1  # at least one output
# For each operator: least and most inputs, number of outputs, and options that must be present.
_FORMS: dict[str, tuple[int, int, int, tuple[str, ...]]] = {
    "CONV_2D": (2, 3, 1, _WINDOW),
    "DEPTHWISE_CONV_2D": (2, 3, 1, _WINDOW),
    "FULLY_CONNECTED": (2, 3, 1, ()),
    "AVERAGE_POOL_2D": (1, 1, 1, (*_WINDOW, "filterHeight", "filterWidth")),
    "MAX_POOL_2D": (1, 1, 1, (*_WINDOW, "filterHeight", "filterWidth")),
    "TRANSPOSE_CONV": (3, 4, 1, _WINDOW),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), (2, 2, 1, ("alignCorners", "halfPixelCenters"))),
    "CAST": (1, 1, 1, ()),
    **dict.fromkeys(("ELU", "EXP", "GELU", "LOG", "SQRT", "RSQRT", "L2_NORMALIZATION", "LOGICAL_NOT"), (1, 1, 1, ())),
    **dict.fromkeys(
        ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "LOGICAL_AND", "LOGICAL_OR"),
        (2, 2, 1, ()),
    ),
    **dict.fromkeys(("SQUARED_DIFFERENCE", "BATCH_MATMUL"), (2, 2, 1, ())),
    **dict.fromkeys(("SELECT", "SELECT_V2"), (3, 3, 1, ())),
    **dict.fromkeys(
        ("SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"), (2, 2, 1, ("keepDims",))
    ),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN", "TILE", "BROADCAST_TO", "REVERSE_V2", "FILL"), (2, 2, 1, ())),
    "GATHER": (2, 2, 1, ("axis",)),
    "MIRROR_PAD": (2, 2, 1, ("mode",)),
    **dict.fromkeys(("SPACE_TO_DEPTH", "DEPTH_TO_SPACE"), (1, 1, 1, ("blockSize",))),
    **dict.fromkeys(("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"), (3, 3, 1, ())),
    "MEAN": (2, 2, 1, ("keepDims",)),
    "SOFTMAX": (1, 1, 1, ("beta",)),
    **dict.fromkeys(
        (
            "LOGISTIC",
            "TANH",
            "RELU",
            "RELU6",
            "RELU_N1_TO_1",
            "RELU_0_TO_1",
            "HARD_SWISH",
            "ABS",
            "NEG",
            "QUANTIZE",
            "DEQUANTIZE",
            "LOG_SOFTMAX",
        ),
        (1, 1, 1, ()),
    ),
    "LEAKY_RELU": (1, 1, 1, ("alpha",)),
    **dict.fromkeys(("ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"), (2, 2, 1, ())),
    "CONCATENATION": (1, _MAX_INPUTS, 1, ("axis",)),
    "PACK": (1, _MAX_INPUTS, 1, ("axis",)),
    "SPLIT": (2, 2, _MANY, ()),
    "SPLIT_V": (3, 3, _MANY, ()),
    "UNPACK": (1, 1, _MANY, ("axis",)),
    "SLICE": (3, 3, 1, ()),
    "STRIDED_SLICE": (4, 4, 1, ("beginMask", "endMask")),
    "TRANSPOSE": (2, 2, 1, ()),
    "PAD": (2, 2, 1, ()),
    "PADV2": (3, 3, 1, ()),
    "RESHAPE": (1, 2, 1, ()),
    "EXPAND_DIMS": (2, 2, 1, ()),
    "SQUEEZE": (1, 1, 1, ()),
    "CALL_ONCE": (0, 0, 0, ("initSubgraphIndex",)),
    "VAR_HANDLE": (0, 0, 1, ("sharedName",)),
    "READ_VARIABLE": (1, 1, 1, ()),
    "ASSIGN_VARIABLE": (2, 2, 0, ()),
    "SVDF": (5, 5, 1, ("rank", "fusedActivationFunction")),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (20, 24, 1, ("fusedActivationFunction", "cellClip", "projClip", "timeMajor")),
}
for _kind in (*FOLDS, *SHAPE_FOLDS):
    _inputs = FOLDS[_kind].inputs if _kind in FOLDS else 1
    _FORMS.setdefault(_kind, (_inputs, _inputs, 1, ()))
# Which of the required inputs may be -1, for a missing tensor.
_OPTIONAL_INPUTS = {"SVDF": (3,), "UNIDIRECTIONAL_SEQUENCE_LSTM": (1, 5, 9, 10, 11, 12, 16, 17)}
_OPTIONAL_LAST = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def read_model(path: Path) -> Graph:
    """Reads the file ``path``.

    Raises:
        InputError: the file is missing, truncated, not a .tflite, or inconsistent.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limits.MODEL_BYTES + 1)  # a device file may be endless
    except OSError as error:
        raise InputError(f"cannot read the model {path}: {error.strerror}") from error
    return parse_model(content, str(path))


def parse_model(content: bytes, name: str = "model") -> Graph:
    """Reads a model from the bytes of a file; ``name`` stands for it in messages.

    Raises:
        InputError: as for read_model.
    """
    if len(content) < 16 or content[4:8] != b"TFL3":
        expected = "a .tflite file (the identifier TFL3 is missing)"
        raise InputError(
            f"{name} {describe_mismatch(kind_of(content[:HEAD_BYTES]), expected, 'export the model again')}"
        )
    if len(content) > limits.MODEL_BYTES:
        raise InputError(
            f"{name} is larger than {limits.MODEL_BYTES} bytes, which no microcontroller holds; use a smaller model"
        )
    try:
        return _convert(_File(schema.Model.GetRootAs(content), content, name))
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{name} is truncated or damaged ({type(error).__name__}); export the model again") from error


class _File:
    """A FlatBuffers model, read piece by piece. A damaged file takes no more time than a valid one of its size."""

    def __init__(self, model: Any, content: bytes, name: str) -> None:
        self.model, self.content, self.name = model, content, name
        self._left = len(content) // 4
        self._numbers = len(content)
        self._buffers: dict[int, npt.NDArray[np.uint8] | None] = {}
        if model.Version() != 3 or not model.SubgraphsLength():
            raise InputError(f"{name} has schema version {model.Version()}, only version 3 can be read")
        subgraphs = self.all(model, "Subgraphs")
        self.tensors = [self.all(subgraph, "Tensors") for subgraph in subgraphs]
        self.operators = [self.all(subgraph, "Operators") for subgraph in subgraphs]
        self.codes = self.all(model, "OperatorCodes")
        self.main = subgraphs[0]
        for what, tables, most in (
            ("operators", self.operators, limits.OPERATORS),
            ("tensors", self.tensors, limits.TENSORS),
        ):
            count = sum(map(len, tables))
            if count > most:
                raise InputError(
                    f"{name} has {count} {what}, more than the {most} that are supported; use a smaller model"
                )

    def all(self, parent: Any, field: str) -> list[Any]:
        """The tables of a vector; nothing in them is read yet."""
        count = getattr(parent, f"{field}Length")()
        # Every entry takes up space in the file, so more entries than that can only be repetitions.
        self._left -= count
        if self._left < 0:
            raise InputError(f"{self.name} is damaged: it lists more {field} than it can hold; export the model again")
        return [getattr(parent, field)(i) for i in range(count)]

    def numbers(self, parent: Any, field: str) -> tuple[int, ...]:
        """The integers of a vector. Several tables may share a vector, but only within the size of the file."""
        count = getattr(parent, f"{field}Length")()
        self._numbers -= count
        if self._numbers < 0:
            raise InputError(f"{self.name} is damaged: it lists more numbers than it can hold; export the model again")
        return tuple(getattr(parent, f"{field}AsNumpy")().tolist()) if count else ()

    def note(self, name: str) -> bytes | None:
        """An entry of the file's metadata; None if there is none."""
        entry = next((e for e in self.all(self.model, "Metadata") if e.Name() == name.encode()), None)
        content = None if entry is None else self.buffer(entry.Buffer())
        return None if content is None else content.tobytes()

    def buffer(self, index: int) -> npt.NDArray[np.uint8] | None:
        """The bytes of a buffer, which several tensors may share; None if it is empty."""
        if index >= self.model.BuffersLength():
            raise InputError(f"{self.name} names buffer {index}, which does not exist; export the model again")
        if index not in self._buffers:
            buffer = self.model.Buffers(index)
            self._buffers[index] = buffer.DataAsNumpy() if buffer.DataLength() else None
        return self._buffers[index]


def _convert(file: _File) -> Graph:
    inputs, outputs = file.numbers(file.main, "Inputs"), file.numbers(file.main, "Outputs")
    used, fed = _read_or_written(file), set(inputs)
    tensors = tuple(_tensor(file, 0, i, i in used, i not in fed) for i in range(len(file.tensors[0])))
    operators: list[Operator] = []
    initial: dict[int, dict[VariableKey, Variable]] = {}  # by subgraph
    for i in range(len(file.operators[0])):
        op = _operator(file, 0, i)
        if op.kind == "CALL_ONCE":
            index = int(op.options["initSubgraphIndex"])
            if index not in initial:  # LiteRT also runs each of them once
                initial[index] = _initial_values(file, index)
        else:
            operators.append(op)
    variables = {key: variable for values in initial.values() for key, variable in values.items()}
    graph = Graph(
        tensors, tuple(operators), inputs, outputs, variables, hashlib.sha256(file.content).hexdigest(),
        front_end_in(file.note(FRONT_END), file.name),
    )  # fmt: skip
    _check_order(graph, file.name)
    return with_shapes(graph)


def _read_or_written(file: _File) -> set[int]:
    """The tensors of the main subgraph that operators read or write.

    Intermediate tensors are not among them: only their quantization matters, and converters give them no elements.
    """
    tables = [*file.operators[0], file.main]
    return {i for table in tables for field in ("Inputs", "Outputs") for i in file.numbers(table, field)}


def _tensor(file: _File, subgraph: int, index: int, used: bool = True, computed: bool = False) -> Tensor:
    """Reads one tensor.

    ``used``: the subgraph reads or writes it. ``computed``: it is not an input, so the file may leave its shape open.
    """
    t, name = file.tensors[subgraph][index], file.name
    dtype = _TYPE_NAMES.get(t.Type(), str(t.Type()))
    label = (t.Name() or b"").decode("utf-8", "replace")[: limits.NAME_LENGTH] or f"tensor_{index}"
    shape = file.numbers(t, "Shape")
    left_open = computed and (min((*shape, *file.numbers(t, "ShapeSignature")), default=0) < 0)
    if left_open:
        shape = tuple(max(d, 1) for d in shape)
    if dtype not in ITEM_BYTES:
        raise InputError(f"{name}: tensor {index} ({label}) has type {dtype}, which is not supported")
    if any(d < (1 if used else 0) for d in shape):
        raise InputError(f"{name}: tensor {index} ({label}) has the shape {list(shape)}; every dimension must be known")
    if len(shape) > MAX_DIMENSIONS:
        raise InputError(f"{name}: tensor {index} ({label}) has {len(shape)} dimensions, more than {MAX_DIMENSIONS}")
    item = ITEM_BYTES[dtype]
    nbytes = math.prod(shape) * item
    if nbytes > limits.TENSOR_BYTES:
        raise InputError(f"{name}: tensor {index} ({label}) takes {nbytes} bytes, more than any supported device has")
    data = None
    raw = file.buffer(t.Buffer())
    if raw is not None:
        if len(raw) != nbytes:
            raise InputError(
                f"{name}: the data of tensor {index} ({label}) is {len(raw)} bytes, "
                f"its shape {list(shape)} needs {nbytes}"
            )
        data = np.require(raw.view(np.dtype(dtype)) if dtype != "bool" else raw != 0, requirements="A").reshape(shape)
    variable = bool(t.IsVariable())
    if variable and data is not None:
        raise InputError(f"{name}: tensor {index} ({label}) is a variable and has data; export the model again")
    quantization = _quantization(file, t, index, label, dtype)
    return Tensor(index, label, shape, dtype, quantization, data, variable, left_open and data is None)


def _quantization(file: _File, t: Any, index: int, label: str, dtype: str) -> Quantization | None:
    q = t.Quantization()
    if q is None or not q.ScaleLength():
        return None
    scale = np.asarray(q.ScaleAsNumpy(), np.float32)
    zero = np.asarray(file.numbers(q, "ZeroPoint") or (0,) * len(scale), np.int64)
    low, high = {"int8": (-128, 127), "uint8": (0, 255)}.get(dtype, (-(2**31), 2**31 - 1))
    if (
        len(zero) != len(scale)
        or not np.all(np.isfinite(scale))
        or np.any(scale <= 0)
        or np.any((zero < low) | (zero > high))
    ):
        raise InputError(f"{file.name}: the quantization of tensor {index} ({label}) is not valid")
    return Quantization(scale, zero, int(q.QuantizedDimension()))


def _operator(file: _File, subgraph: int, index: int) -> Operator:
    op, name = file.operators[subgraph][index], file.name
    if op.OpcodeIndex() >= len(file.codes):
        raise InputError(f"{name}: operator {index} has the code {op.OpcodeIndex()}, which the model does not declare")
    code = file.codes[op.OpcodeIndex()]
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = _OPERATOR_NAMES.get(number, f"operator code {number}")
    if kind == "CUSTOM":
        kind = f"custom operator {(code.CustomCode() or b'?').decode('utf-8', 'replace')}"
    inputs, outputs, intermediates = (file.numbers(op, field) for field in ("Inputs", "Outputs", "Intermediates"))
    count = len(file.tensors[subgraph])
    if any(not -1 <= i < count for i in (*inputs, *intermediates)) or any(not 0 <= i < count for i in outputs):
        raise InputError(f"{name}: operator {index} ({kind}) names a tensor that does not exist")
    is_supported = kind in _FORMS  # the options of other operators are not read
    table = schema.BuiltinOptionsCreator(op.BuiltinOptionsType(), op.BuiltinOptions()) if is_supported else None
    options, options_table = ({}, "") if table is None else (dict(vars(table)), _OPTION_NAMES[op.BuiltinOptionsType()])
    result = Operator(index, kind, inputs, outputs, options, intermediates, options_table)
    _check_form(result, name)
    return result


def _check_form(op: Operator, name: str) -> None:
    """Checks that an operator has the inputs, outputs and options that other rooms rely on."""
    if op.kind not in _FORMS:
        return
    least, most, outputs, options = _FORMS[op.kind]
    may_miss = _OPTIONAL_INPUTS.get(op.kind, ())
    present = sum(i >= 0 or n in may_miss for n, i in enumerate(op.inputs[:least]))
    optional = op.kind in _OPTIONAL_LAST or op.kind in _OPTIONAL_INPUTS
    wrong = len(op.outputs) != outputs if outputs != _MANY else not op.outputs
    if present < least or len(op.inputs) > most or (not optional and -1 in op.inputs) or wrong:
        raise InputError(
            f"{name}: {op.where()} has inputs {list(op.inputs)} and outputs {list(op.outputs)}, which is not valid"
        )
    missing = [option for option in options if option not in op.options]
    if missing:
        raise InputError(f"{name}: {op.where()} has no option {missing[0]}; export the model again")


def _initial_values(file: _File, subgraph: int) -> dict[VariableKey, Variable]:
    """Runs the initialisation subgraph, which may only assign constants to variables."""
    if not 0 < subgraph < len(file.tensors):
        raise InputError(f"{file.name}: CALL_ONCE names subgraph {subgraph}, which does not exist")
    tensors = [_tensor(file, subgraph, i) for i in range(len(file.tensors[subgraph]))]
    handles: dict[int, VariableKey] = {}
    values: dict[VariableKey, Variable] = {}
    for i in range(len(file.operators[subgraph])):
        op = _operator(file, subgraph, i)
        data = tensors[op.inputs[1]].data if op.kind == "ASSIGN_VARIABLE" else None
        if op.kind == "VAR_HANDLE":
            handles[op.outputs[0]] = variable_key(op)
        elif data is not None and op.inputs[0] in handles:
            values[handles[op.inputs[0]]] = Variable(handles[op.inputs[0]], data)
        else:
            raise InputError(
                f"{file.name}: {op.where()} is not allowed in the initialisation subgraph; "
                "only constants are assigned there"
            )
    return values


def _check_order(graph: Graph, name: str) -> None:
    """Checks that every tensor is written once, before it is read. So there are no cycles and no undefined tensors."""
    for index in (*graph.inputs, *graph.outputs):
        if not 0 <= index < len(graph.tensors):
            raise InputError(f"{name}: tensor {index} is an input or output but does not exist")
    written = {t.index for t in graph.tensors if t.data is not None or t.is_variable} | set(graph.inputs)
    for op in graph.operators:
        missing = [i for i in op.inputs if i >= 0 and i not in written]
        if missing:
            raise InputError(f"{name}: {op.where()} reads tensor {missing[0]} before anything has written it")
        twice = [i for i in op.outputs if i in written]
        if twice:
            raise InputError(f"{name}: {op.where()} writes tensor {twice[0]}, which already has a value")
        written |= set(op.outputs)
    undefined = [i for i in graph.outputs if i not in written]
    if undefined:
        raise InputError(f"{name}: output tensor {undefined[0]} is never written")
    if not graph.inputs or not graph.outputs:
        raise InputError(f"{name} has no input or no output")
