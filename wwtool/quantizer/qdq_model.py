"""A QDQ ONNX model as a model of integers: what its QuantizeLinear nodes give, in onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.text import one_line
from wwtool.base.tools import missing
from wwtool.errors import InputError
from wwtool.export.onnx_graph import INSTALL, import_onnx
from wwtool.export.onnx_proof import runtime, session_of
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import Real
from wwtool.quantizer.float_model import plain_name
from wwtool.quantizer.integer_model import IntegerModel, Key, Slot, Snapshot
from wwtool.quantizer.onnx_file import inputs_of, read_onnx, sizes_of
from wwtool.tflite.graph import Graph

_WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_BETWEEN = ("Relu", "Clip", "Add", "LeakyRelu", "Sigmoid", "HardSwish")  # a layer's bias and activation
_MOST_BETWEEN = 3
_TYPES = {"int8": "INT8", "uint8": "UINT8", "int16": "INT16"}


class QdqModel(IntegerModel):
    """The file ``content``, called ``name``, quantized from the float model ``source``.

    Raises:
        InputError: it cannot be read, has no QuantizeLinear, or reads something else than the float model.
        ToolError: onnx or onnxruntime is missing.
    """

    def __init__(self, content: bytes, name: str, source: Graph) -> None:
        if runtime() is None:
            raise missing("onnxruntime", INSTALL)
        self.name = name
        model = read_onnx(content, name)
        found = {slot.key: slot for slot in _slots(model)}
        if not found:
            raise InputError(
                f"{name} has no QuantizeLinear, so there are no formats to compare; give a quantized model"
            )
        self._inputs = _in_order(model, source, name)
        del model.graph.output[:]
        onnx = import_onnx()
        for key, slot in found.items():
            kind = getattr(onnx.TensorProto, _TYPES[slot.dtype])
            model.graph.output.append(onnx.helper.make_tensor_value_info(key, kind, None))
        try:
            self._session = session_of(model.SerializeToString())
            first = self._run(
                [np.zeros(source.tensor(index).shape, np.float32) for index in source.inputs], list(found)
            )
        except Exception as error:  # onnxruntime's have no common class
            raise InputError(f"onnxruntime cannot run {name}: {one_line(str(error))[:200]}; export it again") from error
        self.slots: Mapping[Key, Slot] = {
            key: Slot(key, slot.name, first[key].shape, slot.dtype, slot.scale, slot.weights)
            for key, slot in found.items()
        }

    def stepped(self, stream: Sequence[npt.NDArray[Any]]) -> Iterator[Snapshot]:
        keys = list(self.slots)
        for row in zip(*stream, strict=True):
            yield self._run(row, keys).__getitem__

    def _run(self, row: Sequence[npt.NDArray[Any]], keys: Sequence[Key]) -> dict[Key, npt.NDArray[Any]]:
        feeds = {
            name: values.reshape([size or values.shape[axis] for axis, size in enumerate(sizes)])
            for (name, sizes), values in zip(self._inputs, row, strict=True)
        }
        return dict(zip(keys, self._session.run(list(keys), feeds), strict=True))


def _slots(model: Any) -> Iterator[Slot]:
    numpy_helper = import_onnx().numpy_helper
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    makers = {output: node for node in model.graph.node for output in node.output}
    for node in model.graph.node:
        if node.op_type != "QuantizeLinear" or node.input[0] in constants or node.input[1] not in constants:
            continue
        scale = np.asarray(constants[node.input[1]]).ravel()
        zero = constants.get(node.input[2]) if len(node.input) > 2 else np.zeros(1, np.uint8)
        if scale.size != 1 or zero is None or zero.dtype.name not in _TYPES:
            continue
        form = Scale(float(scale[0]), int(np.ravel(zero)[0]))
        yield Slot(node.output[0], node.output[0], (), zero.dtype.name, form, _weights(node, makers, constants))


def _weights(node: Any, makers: Mapping[str, Any], constants: Mapping[str, Any]) -> Real | None:
    """The scales of the weights of the layer whose result a node quantizes."""
    maker = makers.get(node.input[0])
    for _ in range(_MOST_BETWEEN):
        if maker is None or maker.op_type not in _BETWEEN:
            break
        maker = makers.get(maker.input[0])
    if maker is None or maker.op_type not in _WEIGHTED:
        return None
    stored = makers.get(maker.input[1])
    if stored is None or stored.op_type != "DequantizeLinear" or stored.input[1] not in constants:
        return None
    return np.asarray(constants[stored.input[1]], np.float32).ravel()


def _in_order(model: Any, source: Graph, name: str) -> list[tuple[str, list[int]]]:
    """Names and sizes of the inputs in the order of those of the float model: by their names, if these are the same."""
    wanted = [source.tensor(index) for index in source.inputs]
    found = {value.name: sizes_of(value) for value in inputs_of(model)}
    names = [plain_name(t.name) for t in wanted]
    order = names if sorted(names) == sorted(found) else list(found)
    fits = len(order) == len(wanted) and all(
        len(found[key]) == len(t.shape) and all(a in (0, b) for a, b in zip(found[key], t.shape, strict=True))
        for key, t in zip(order, wanted, strict=True)
    )
    if not fits:
        theirs, ours = (", ".join(map(str, sizes)) for sizes in (found.values(), (list(t.shape) for t in wanted)))
        raise InputError(f"{name} reads {theirs} (0: any), and the float model {ours}; they are two models")
    return [(key, found[key]) for key in order]
