"""Mutants of models by number: changes of what a file means, and of its bytes. Not a test.

``mutant(number)`` is the same file every time, so that a number is all that is needed to replay a failure.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from seeds import seeds

from wwtool.compiler.lowering import supported_operators
from wwtool.tflite.constant_values import FOLDS, SHAPE_FOLDS

_EVERY_KIND = [name for name, value in sorted(vars(schema.BuiltinOperator).items()) if isinstance(value, int)]
_NUMBERS = (0, 1, -1, 2, 3, 5, 7, 8, 255, 256, -128, 2**15, 2**16, 2**20, 2**26, 2**28, 2**31 - 1, -(2**31))
_SCALES = (0.0, 1e-45, 1e-40, 1e-38, 1e-20, 1e-3, 0.1, 1.0, 1e3, 1e20, 3e38, -1.0, float("inf"), float("nan"))
_NAMES = ("", "x\nerror: fake", "\x1b[31mred", "*/ int x; /*", "a\0b", "?" + "?/", "n" * 5000, "\N{RIGHT-TO-LEFT MARK}")

Random = random.Random
Change = Callable[[Any, Random], None]


def mutant(number: int) -> bytes:
    """The mutant of a number."""
    dice = random.Random(number)
    return mutated(dice.choice(seeds()), dice)


def mutated(content: bytes, dice: Random) -> bytes:
    """A model with a few changes of what it means or of its bytes, or of both."""
    if dice.random() < 0.85:
        content = _changed(content, dice)
    if dice.random() < 0.2:
        content = _damaged(content, dice)
    return content


def _changed(content: bytes, dice: Random) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5))):
        with suppress(IndexError, TypeError, ValueError):  # nothing is left to be changed in this way
            dice.choice(_CHANGES)(model, dice)
    builder = flatbuffers.Builder(1 << 14)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except Exception:  # what no file can hold
        return content
    return bytes(builder.Output())


def _damaged(content: bytes, dice: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        at = dice.randrange(len(changed))
        way = dice.randrange(4)
        if way == 0:
            changed[at] = dice.choice((0, 1, 2, 127, 128, 255, dice.randrange(256)))
        elif way == 1:
            changed[at : at + 4] = dice.choice(_NUMBERS).to_bytes(4, "little", signed=True)[: len(changed) - at]
        elif way == 2:
            source = dice.randrange(len(changed))
            changed[at : at + 8] = changed[source : source + 8]
        elif dice.random() < 0.2:
            del changed[max(at, 1) :]
    return bytes(changed)


def _number(dice: Random) -> int:
    return dice.choice(_NUMBERS) if dice.random() < 0.6 else dice.randrange(-8, 40)


def _graph(model: Any, dice: Random) -> Any:
    return model.subgraphs[0 if dice.random() < 0.85 else dice.randrange(len(model.subgraphs))]


def _tensor(model: Any, dice: Random) -> Any:
    return dice.choice(_graph(model, dice).tensors)


def _operator(model: Any, dice: Random) -> Any:
    operators = _graph(model, dice).operators or model.subgraphs[0].operators
    return dice.choice(operators) if len(operators) else schema.OperatorT()


def _shape(model: Any, dice: Random) -> None:
    tensor = _tensor(model, dice)
    shape = [int(n) for n in tensor.shape] if tensor.shape is not None else []
    way = dice.randrange(6)
    if way == 0 and shape:
        shape.pop(dice.randrange(len(shape)))
    elif way == 1:
        shape.insert(dice.randrange(len(shape) + 1), dice.choice((1, 1, 2, 0)))
    elif way == 2:
        dice.shuffle(shape)
    elif way == 3:
        tensor.shapeSignature = np.asarray([dice.choice((-1, n)) for n in shape], np.int32)
        shape = [1 if n < 0 else n for n in tensor.shapeSignature.tolist()]
    elif shape:
        shape[dice.randrange(len(shape))] = _number(dice)
    tensor.shape = np.asarray(shape, np.int32)


def _same_shapes(model: Any, dice: Random) -> None:
    """One dimension of all tensors: what a larger model would be."""
    new = dice.choice((1, 2, 3, 16, 256, 2**14, 2**20, 2**26))
    graph = model.subgraphs[0]
    old = dice.choice([int(n) for t in graph.tensors if t.shape is not None for n in t.shape] or [1])
    for tensor in graph.tensors:
        if tensor.shape is not None and not _has_data(model, tensor):
            tensor.shape = np.asarray([new if n == old else n for n in tensor.shape], np.int32)


def _has_data(model: Any, tensor: Any) -> bool:
    return tensor.buffer < len(model.buffers) and model.buffers[tensor.buffer].data is not None


def _type(model: Any, dice: Random) -> None:
    _tensor(model, dice).type = dice.randrange(19)


def _quantization(model: Any, dice: Random) -> None:
    tensor = _tensor(model, dice)
    q = tensor.quantization or schema.QuantizationParametersT()
    tensor.quantization = dice.choice((q, q, q, q, q, None))
    count = dice.choice((1, 1, 1, 0, 2, 3, 4, 60))
    way = dice.randrange(4)
    if way in (0, 3):
        q.scale = np.asarray([dice.choice(_SCALES) for _ in range(count)], np.float32)
    if way in (1, 3):
        q.zeroPoint = np.asarray([_number(dice) for _ in range(count)], np.int64)
    if way == 2:
        q.quantizedDimension = _number(dice)


def _options(model: Any, dice: Random) -> None:
    op = _operator(model, dice)
    fields = sorted(vars(op.builtinOptions)) if op.builtinOptions is not None else []
    if not fields or dice.random() < 0.1:
        op.builtinOptions, op.builtinOptionsType = None, 0
        return
    field = dice.choice(fields)
    value = getattr(op.builtinOptions, field)
    if isinstance(value, bool):
        setattr(op.builtinOptions, field, not value)
    elif isinstance(value, int):
        setattr(op.builtinOptions, field, dice.choice((0, 1, 2, 3, 4, _number(dice))))
    elif isinstance(value, float):
        setattr(op.builtinOptions, field, dice.choice(_SCALES))
    elif isinstance(value, (str, bytes)):
        setattr(op.builtinOptions, field, dice.choice(_NAMES))


def _ends(model: Any, dice: Random) -> None:
    """Inputs and outputs of an operator or of the graph."""
    graph = _graph(model, dice)
    owner = _operator(model, dice) if dice.random() < 0.8 else graph
    field = dice.choice(("inputs", "inputs", "outputs"))
    ends = [] if getattr(owner, field) is None else [int(i) for i in getattr(owner, field)]
    way = dice.randrange(5)
    if way == 0 and ends:
        ends.pop(dice.randrange(len(ends)))
    elif way == 1:
        ends.insert(dice.randrange(len(ends) + 1), dice.randrange(len(graph.tensors) + 1))
    elif way == 2:
        dice.shuffle(ends)
    elif ends:
        ends[dice.randrange(len(ends))] = dice.choice((-1, _number(dice), *[dice.randrange(len(graph.tensors))] * 6))
    setattr(owner, field, np.asarray(ends, np.int32))


def _operators(model: Any, dice: Random) -> None:
    operators = _graph(model, dice).operators
    if operators:
        way, at = dice.randrange(4), dice.randrange(len(operators))
        if way == 0:
            operators.pop(at)
        elif way == 1:
            operators.insert(dice.randrange(len(operators)), operators[at])
        elif way == 2:
            other = dice.randrange(len(operators))
            operators[at], operators[other] = operators[other], operators[at]
        else:
            operators[at].opcodeIndex = dice.choice((dice.randrange(len(model.operatorCodes)), _number(dice) & 0xFFFF))


def _kind(model: Any, dice: Random) -> None:
    code = dice.choice(model.operatorCodes) if model.operatorCodes else schema.OperatorCodeT()
    known = (*supported_operators(), *FOLDS, *SHAPE_FOLDS)
    code.builtinCode = getattr(schema.BuiltinOperator, dice.choice(known if dice.random() < 0.8 else _EVERY_KIND))
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _data(model: Any, dice: Random) -> None:
    with_data = [buffer for buffer in model.buffers if buffer.data is not None and len(buffer.data)]
    if not with_data:
        return
    buffer = dice.choice(with_data)
    data, way = np.asarray(buffer.data, np.uint8).copy(), dice.randrange(5)
    if way == 0:
        data[:] = dice.choice((0, 1, 127, 128, 129, 255))
    elif way == 1:
        data = data[: dice.randrange(len(data))]
    elif way == 2 and len(data) >= 4:
        at = 4 * dice.randrange(len(data) // 4)
        data[at : at + 4] = np.frombuffer(_number(dice).to_bytes(4, "little", signed=True), np.uint8)
    elif way == 3:
        _tensor(model, dice).buffer = model.buffers.index(buffer)
    else:
        data[:] = [dice.randrange(256) for _ in range(len(data))]
    buffer.data = data


def _names(model: Any, dice: Random) -> None:
    _tensor(model, dice).name = dice.choice(_NAMES)


def _flags(model: Any, dice: Random) -> None:
    tensor = _tensor(model, dice)
    way = dice.randrange(4)
    if way == 0:
        tensor.isVariable = not tensor.isVariable
    elif way == 1:
        tensor.buffer = _number(dice) & 0xFFFF
    elif way == 2:
        model.version = _number(dice) & 0xFF
    else:
        _graph(model, dice).tensors.append(tensor)


_CHANGES: tuple[Change, ...] = (
    _shape, _shape, _same_shapes, _type, _quantization, _quantization, _options, _options, _ends, _operators, _kind,
    _data, _names, _flags,
)  # fmt: skip
