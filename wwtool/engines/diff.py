"""Layer-by-layer comparison of LiteRT's reference kernels, exact PyTorch and the generated C."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.engines.interface import Rows, as_inputs, ports
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.machines import Machine
from wwtool.engines.native import NativeEngine
from wwtool.engines.torch_engine import TorchEngine
from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Tensor
from wwtool.tflite.reader import parse_model


@dataclass
class LayerDiff:
    """One tensor: how many elements were compared, and for each engine how many differ, and by how much at most."""

    tensor: Tensor
    operator: str
    compared: int = 0
    differing: dict[str, int] = field(default_factory=lambda: {"torch": 0, "c": 0})
    largest: dict[str, int] = field(default_factory=lambda: {"torch": 0, "c": 0})
    in_c: bool = True

    @property
    def equal(self) -> bool:
        return not any(self.differing.values())


def compare(
    content: bytes, rows: Rows, flags: tuple[str, ...] = ("-O2",), machine: Machine | None = None
) -> list[LayerDiff]:
    """Runs all three engines on the same rows and compares every tensor, in the order of computation.

    ``flags`` are for the C compiler. ``machine`` runs the C; by default it is this computer.
    """
    graph = parse_model(content)
    _require_reference(graph)
    layers = _layers(graph)
    torch, litert = TorchEngine(content), LiteRtEngine(content, keep_tensors=True)
    with NativeEngine(content, trace=True, flags=flags, machine=machine) as native:
        traces = native.trace(rows)
    inputs = as_inputs(ports(graph, graph.inputs), rows)
    for *row, trace in zip(*inputs, traces, strict=True):
        litert.step(row)
        torch.step(row)
        for layer in layers:
            reference = litert.tensor(layer.tensor.index)
            layer.compared += reference.size
            _add(layer, "torch", reference, torch.tensor(layer.tensor.index))
            value = trace.get(layer.tensor.index)
            layer.in_c = value is not None
            if value is not None:
                kept = native.model.program.channels.get(layer.tensor.index)
                _add(layer, "c", reference if kept is None else reference[..., kept], value)
    return layers


def _require_reference(graph: Graph) -> None:
    """Refuses models that LiteRT misreads: an int8 state of SVDF as int16, and an int8 operand of SUM as uint8."""
    for op in graph.operators:
        if op.kind == "SUM" and graph.tensor(op.inputs[0]).dtype == "int8":
            raise InputError(
                f"{op.where()} works on int8, which LiteRT's reference kernel reads as uint8, "
                "so there is nothing to compare with; "
                "use MEAN and a larger scale to compare the rest"
            )
        if op.kind == "SVDF" and graph.tensor(op.inputs[4]).dtype == "int8":
            raise InputError(
                f"{op.where()} has an int8 state, which only TensorFlow Lite for Microcontrollers has; "
                "LiteRT has nothing to compare with"
            )


def first_difference(layers: list[LayerDiff]) -> LayerDiff | None:
    return next((layer for layer in layers if not layer.equal), None)


def _layers(graph: Graph) -> list[LayerDiff]:
    result = []
    for op in graph.operators:
        states = [i for i in op.inputs if i >= 0 and graph.tensor(i).is_variable]
        for index in (*op.outputs, *states):
            tensor = graph.tensor(index)
            if tensor.dtype != "resource":
                result.append(LayerDiff(tensor, f"{op.index} {op.kind}"))
    passed = [i for i in dict.fromkeys(graph.outputs) if i in graph.inputs]
    return result + [LayerDiff(graph.tensor(i), "none, an input") for i in passed]


def _add(layer: LayerDiff, engine: str, reference: npt.NDArray[Any], value: npt.NDArray[Any]) -> None:
    a, b = reference.ravel(), value.ravel()
    if reference.dtype == np.float32:  # floats differ by steps between neighbouring floats
        a, b = _ordered(a), _ordered(b)
    distance = np.abs(a.astype(np.int64) - b.astype(np.int64))
    layer.differing[engine] += int(np.count_nonzero(distance))
    layer.largest[engine] = max(layer.largest[engine], int(distance.max(initial=0)))


def _ordered(x: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Maps floats to integers in the same order; both zeros become 0."""
    bits = np.ascontiguousarray(x, np.float32).view(np.int32).astype(np.int64)
    return np.asarray(np.where(bits < 0, -(bits & 0x7FFFFFFF), bits))
