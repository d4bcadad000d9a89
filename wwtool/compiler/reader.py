""".tflite to Graph. Everything a file can get wrong is found here and reported in one sentence."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from wwtool.compiler.graph import ITEM_BYTES, Graph, Operator, Quantization, Tensor, Variable
from wwtool.errors import InputError

_OPERATOR_NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
_TYPE_NAMES = {v: k.lower() for k, v in vars(schema.TensorType).items() if isinstance(v, int)}
_MAX_TENSOR_BYTES = 1 << 28


def read_model(path: Path) -> Graph:
    """Reads the file ``path``.

    Raises:
        InputError: the file is missing, truncated, not a .tflite, or inconsistent.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the model {path}: {error.strerror}") from error
    return parse_model(content, str(path))


def parse_model(content: bytes, name: str = "model") -> Graph:
    """As read_model, from the file's bytes; ``name`` is used in messages."""
    if len(content) < 16 or content[4:8] != b"TFL3":
        raise InputError(f"{name} is not a .tflite file (the identifier TFL3 is missing); export the model again")
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        return _convert(model, content, name)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{name} is truncated or damaged ({type(error).__name__}); export the model again") from error


def _convert(model: Any, content: bytes, name: str) -> Graph:
    if model.version != 3 or not model.subgraphs:
        raise InputError(f"{name} has schema version {model.version}, only version 3 can be read")
    main = model.subgraphs[0]
    tensors = tuple(_tensor(model, main, i, name) for i in range(len(main.tensors or [])))
    operators: list[Operator] = []
    variables: dict[str, Variable] = {}
    for i in range(len(main.operators or [])):
        op = _operator(model, main, i, len(tensors), name)
        if op.kind == "CALL_ONCE":
            variables |= _initial_values(model, int(op.options["initSubgraphIndex"]), name)
        else:
            operators.append(op)
    graph = Graph(
        tensors, tuple(operators), _indices(main.inputs), _indices(main.outputs), variables,
        hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    _check_order(graph, name)
    return graph


def _indices(values: Any) -> tuple[int, ...]:
    return tuple(int(v) for v in values) if values is not None else ()


def _tensor(model: Any, subgraph: Any, index: int, name: str) -> Tensor:
    t = subgraph.tensors[index]
    dtype = _TYPE_NAMES.get(t.type, str(t.type))
    label = t.name.decode("utf-8", "replace") if t.name else f"tensor_{index}"
    shape = _indices(t.shape)
    if dtype not in ITEM_BYTES:
        raise InputError(f"{name}: tensor {index} ({label}) has type {dtype}, which is not supported")
    if any(d < 1 for d in shape):
        raise InputError(f"{name}: tensor {index} ({label}) has the shape {list(shape)}; every dimension must be known")
    item = ITEM_BYTES[dtype]
    nbytes = int(np.prod(shape, dtype=object)) * item if shape else item
    if nbytes > _MAX_TENSOR_BYTES:
        raise InputError(f"{name}: tensor {index} ({label}) takes {nbytes} bytes, more than any supported device has")
    data = None
    raw = model.buffers[t.buffer].data
    if raw is not None and len(raw):
        if len(raw) != nbytes:
            raise InputError(
                f"{name}: tensor {index} ({label}) has {len(raw)} bytes of data, its shape {list(shape)} needs {nbytes}"
            )
        data = np.frombuffer(bytes(bytearray(raw)), np.dtype(dtype)).reshape(shape)
    return Tensor(index, label, shape, dtype, _quantization(t, index, label, name), data)


def _quantization(t: Any, index: int, label: str, name: str) -> Quantization | None:
    q = t.quantization
    if q is None or q.scale is None or len(q.scale) == 0:
        return None
    scale = np.asarray(q.scale, np.float32)
    zero = np.zeros(len(scale), np.int64) if q.zeroPoint is None else np.asarray(q.zeroPoint, np.int64)
    if len(zero) != len(scale) or not np.all(np.isfinite(scale)) or np.any(scale <= 0):
        raise InputError(f"{name}: the quantization of tensor {index} ({label}) is not valid")
    return Quantization(scale, zero, int(q.quantizedDimension))


def _operator(model: Any, subgraph: Any, index: int, tensor_count: int, name: str) -> Operator:
    op = subgraph.operators[index]
    code = model.operatorCodes[op.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    kind = _OPERATOR_NAMES.get(number, f"operator code {number}")
    if kind == "CUSTOM":
        kind = f"custom operator {(code.customCode or b'?').decode('utf-8', 'replace')}"
    inputs, outputs = _indices(op.inputs), _indices(op.outputs)
    if any(not -1 <= i < tensor_count for i in inputs) or any(not 0 <= i < tensor_count for i in outputs):
        raise InputError(f"{name}: operator {index} ({kind}) names a tensor that does not exist")
    options = dict(vars(op.builtinOptions)) if op.builtinOptions is not None else {}
    return Operator(index, kind, inputs, outputs, options)


def _initial_values(model: Any, subgraph_index: int, name: str) -> dict[str, Variable]:
    """Runs the initialisation subgraph, which may only assign constants to variables."""
    if not 0 < subgraph_index < len(model.subgraphs):
        raise InputError(f"{name}: CALL_ONCE names subgraph {subgraph_index}, which does not exist")
    subgraph = model.subgraphs[subgraph_index]
    tensors = [_tensor(model, subgraph, i, name) for i in range(len(subgraph.tensors or []))]
    handles: dict[int, str] = {}
    values: dict[str, Variable] = {}
    for i in range(len(subgraph.operators or [])):
        op = _operator(model, subgraph, i, len(tensors), name)
        if op.kind == "VAR_HANDLE":
            handles[op.outputs[0]] = variable_name(op)
        elif op.kind == "ASSIGN_VARIABLE" and op.inputs[0] in handles and tensors[op.inputs[1]].data is not None:
            data = tensors[op.inputs[1]].data
            assert data is not None
            values[handles[op.inputs[0]]] = Variable(handles[op.inputs[0]], data)
        else:
            raise InputError(
                f"{name}: {op.where()} cannot stand in the initialisation subgraph; only constants are assigned there"
            )
    return values


def variable_name(op: Operator) -> str:
    """The name of the variable that a VAR_HANDLE operator refers to."""
    raw = op.options.get("sharedName") or b""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return text or f"variable_{op.index}"


def _check_order(graph: Graph, name: str) -> None:
    """Every tensor is known before it is read, and written once: no cycles, nothing undefined."""
    for index in (*graph.inputs, *graph.outputs):
        if not 0 <= index < len(graph.tensors):
            raise InputError(f"{name}: tensor {index} is an input or output but does not exist")
    known = {t.index for t in graph.tensors if t.data is not None} | set(graph.inputs)
    for op in graph.operators:
        missing = [i for i in op.inputs if i >= 0 and i not in known]
        if missing:
            raise InputError(f"{name}: {op.where()} reads tensor {missing[0]} before anything has written it")
        again = [i for i in op.outputs if i in known]
        if again:
            raise InputError(f"{name}: {op.where()} writes tensor {again[0]}, which already has a value")
        known |= set(op.outputs)
    undefined = [i for i in graph.outputs if i not in known]
    if undefined:
        raise InputError(f"{name}: output tensor {undefined[0]} is never written")
    if not graph.inputs or not graph.outputs:
        raise InputError(f"{name} has no input or no output")


def safe_identifier(text: str) -> str:
    """A C identifier made of ``text``: lower case, [a-z0-9_], not empty, not starting with a digit."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    name = re.sub(r"[^a-z0-9_]+", "_", plain).strip("_")
    if not name and text:  # in another alphabet: still a name of its own
        name = hashlib.sha256(text.encode()).hexdigest()[:8]
    return name if name and not name[0].isdigit() else f"m_{name}"
