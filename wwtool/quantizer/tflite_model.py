"""A quantized .tflite as a model of integers, in LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import Real
from wwtool.quantizer.float_model import plain_name
from wwtool.quantizer.integer_model import IntegerModel, Key, Slot, Snapshot
from wwtool.quantizer.observing import stepped
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.reader import parse_model

_INTEGERS = ("int8", "uint8", "int16")
_WEIGHTS = {
    "CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1, "SVDF": 1,
}  # fmt: skip


class TfliteModel(IntegerModel):
    """The file ``content``, called ``name``, quantized from the float model ``source``.

    Raises:
        InputError: it cannot be read, computes in floats, or reads something else than the float model.
    """

    def __init__(self, content: bytes, name: str, source: Graph) -> None:
        self.name, self.content = name, content
        self.graph = parse_model(content, name)
        self.slots: Mapping[Key, Slot] = dict(_slots(self.graph))
        if not any(i in self.slots for op in self.graph.operators for i in op.outputs):
            raise InputError(f"{name} computes in floats, so there are no formats to compare; give a quantized model")
        self._inputs = [self.graph.tensor(index) for index in _in_order(self.graph, source, name)]

    def stepped(self, stream: Sequence[npt.NDArray[Any]]) -> Iterator[Snapshot]:
        by_index = {t.index: self._stored(rows, t) for t, rows in zip(self._inputs, stream, strict=True)}
        for engine in stepped(self.content, [by_index[index] for index in self.graph.inputs]):
            yield lambda key, engine=engine: engine.tensor(int(key))  # type: ignore[misc]

    def _stored(self, rows: npt.NDArray[Any], t: Tensor) -> npt.NDArray[Any]:
        """Rows as the input reads them, of its own shape."""
        rows = rows.reshape(len(rows), *t.shape)
        return self.slots[t.index].stored(rows).astype(t.dtype) if t.index in self.slots else rows.astype(t.dtype)


def _slots(graph: Graph) -> Iterator[tuple[Key, Slot]]:
    makers = {index: op for op in graph.operators for index in op.outputs}
    for index in dict.fromkeys((*graph.inputs, *(i for op in graph.operators for i in (*op.inputs, *op.outputs)))):
        t = graph.tensor(index) if index >= 0 else None
        if t is None or t.data is not None or t.dtype not in _INTEGERS or t.quantization is None:
            continue
        scale = Scale(t.scale, t.zero_point)
        yield index, Slot(index, t.name, t.shape, t.dtype, scale, _weights(graph, makers.get(index)))


def _weights(graph: Graph, op: Operator | None) -> Real | None:
    if op is None or op.kind not in _WEIGHTS:
        return None
    form = graph.tensor(op.inputs[_WEIGHTS[op.kind]]).quantization
    return None if form is None else np.asarray(form.scale, np.float32)


def _in_order(graph: Graph, source: Graph, name: str) -> list[int]:
    """The inputs in the order of those of the float model: by their names, if these are the same."""
    wanted = [plain_name(source.tensor(index).name) for index in source.inputs]
    by_name = {plain_name(graph.tensor(index).name): index for index in graph.inputs}
    order = [by_name[key] for key in wanted] if sorted(by_name) == sorted(wanted) else list(graph.inputs)
    if [graph.tensor(index).size for index in order] != [source.tensor(index).size for index in source.inputs]:
        raise InputError(f"{name} reads {_shapes(graph)}, and the float model {_shapes(source)}; they are two models")
    return order


def _shapes(graph: Graph) -> str:
    return ", ".join(str(list(graph.tensor(index).shape)) for index in graph.inputs)
