"""ONNX files from anybody: read, checked, and given fixed sizes."""

from __future__ import annotations

import re
from typing import Any

from wwtool.base.text import one_line, printable
from wwtool.errors import InputError
from wwtool.export.onnx_graph import import_onnx
from wwtool.tflite import limits

_NAME = re.compile(r"[A-Za-z0-9_][\w.:/-]{0,199}")


def read_onnx(content: bytes, name: str) -> Any:
    """A checked model in one file.

    Raises:
        InputError: it is none.
        ToolError: onnx is missing.
    """
    onnx = import_onnx()
    if len(content) > limits.MODEL_BYTES:
        raise InputError(f"{name} has more than {limits.MODEL_BYTES:,} bytes; use a smaller model")
    try:
        model = onnx.load_model_from_string(content)
        if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
            raise InputError(f"{name} keeps its weights in another file; save it as one file")
        onnx.checker.check_model(model)
    except InputError:
        raise
    except Exception as error:  # protobuf's and the checker's have no common class
        raise InputError(f"{name} is no valid ONNX model: {one_line(str(error))[:200]}; export it again") from error
    for value in inputs_of(model):
        if not _NAME.fullmatch(value.name):
            raise InputError(f"{name} has an input named {printable(value.name, 60)!r}; name it in letters and digits")
    return model


def inputs_of(model: Any) -> list[Any]:
    """The inputs that are no constants, in their order."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def sizes_of(value: Any) -> list[int]:
    """The sizes of an input; 0 for one that is open."""
    return [max(0, size.dim_value) for size in value.type.tensor_type.shape.dim]


def fix_sizes(model: Any, value: Any, sizes: list[int]) -> None:
    """Gives an input these sizes, and lets those of all other tensors follow from them."""
    for size, fixed in zip(value.type.tensor_type.shape.dim, sizes, strict=True):
        size.dim_value = fixed
    for result in model.graph.output:
        for size in result.type.tensor_type.shape.dim:
            if not size.dim_value:
                size.Clear()
    del model.graph.value_info[:]
