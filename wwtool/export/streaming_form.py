"""Brings a finished INT8 .tflite to the form that firmware runs: new slices of features in, one probability out.

A model that reads a whole window gets a variable with the slices of the past: READ_VARIABLE, CONCATENATION with the
new ones, STRIDED_SLICE of the newest, ASSIGN_VARIABLE. Of several outputs, one is cut out. Nothing else changes, so
that every value in the model stays what it was.
"""

from __future__ import annotations

import json

import numpy as np

from wwtool.base.text import counted
from wwtool.errors import InputError
from wwtool.export.builder import ModelBuilder, SubgraphBuilder
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.quantized import INPUT_SCALE, Scale
from wwtool.tflite.front_end import FRONT_END
from wwtool.tflite.graph import Graph, Tensor
from wwtool.tflite.reader import parse_model

_VARIABLE = "wwtool/window"


def streaming_form(
    content: bytes, name: str, front_end: FrontEnd | None = None, slices: int | None = None,
    output: tuple[int, int] | None = None,
) -> bytes:  # fmt: skip
    """The model in the form that firmware runs; ``content`` itself if there is nothing to change.

    Args:
        content: an INT8 model; ``name`` stands for it in messages.
        front_end: the features that it reads; None: the file says it, or they are of the micro front end.
        slices: new slices of features for each inference, for a model that reads a whole window.
        output: which of how many outputs is the probability of the wake word; None: there is one.

    Raises:
        InputError: the model does not read such a window, or has other outputs.
    """
    graph = parse_model(content, name)
    if front_end is None and slices is None and output is None:
        return content
    _require_one_of_each(graph, name)
    builder = ModelBuilder.of(content)
    main = builder.existing(0)
    source, result = graph.inputs[0], graph.outputs[0]
    if front_end is not None:
        front_end = front_end.for_input(graph.tensor(source).scale, graph.tensor(source).zero_point)
    if front_end is not None and front_end != DEFAULT_FRONT_END:
        builder.metadata(FRONT_END, json.dumps(front_end.as_dict()).encode())
    if slices is not None:
        channels = (front_end or graph.front_end).geometry.channels
        source = _with_past(builder, main, graph, slices, channels, name)
    if output is not None:
        result = _cut_out(main, graph.tensor(result), *output, name)
    main.interface([source], [result])
    made = builder.pack()
    parse_model(made, name)
    return made


def _require_one_of_each(graph: Graph, name: str) -> None:
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(
            f"{name} has {counted(len(graph.inputs), 'input')} and {counted(len(graph.outputs), 'output')}; export it "
            "with one of each"
        )


def _with_past(
    builder: ModelBuilder, main: SubgraphBuilder, graph: Graph, slices: int, channels: int, name: str
) -> int:  # fmt: skip
    """Puts a window that moves on before the model; returns the new input."""
    window = graph.tensor(graph.inputs[0])
    length = _length(window, channels, name)
    if graph.variables or any(t.is_variable for t in graph.tensors):
        raise InputError(
            f"{name} keeps a state between inferences, so it reads new slices and no window; leave inference_step_size "
            "out"
        )
    if slices > length:
        raise InputError(
            f"{name} reads {counted(length, 'slice')} at once, and inference_step_size is {slices}; let an inference "
            "follow before the window has passed"
        )
    scale = Scale(window.scale, window.zero_point)
    with main.first():
        new = main.activation("wwtool/features", (1, slices, channels), scale)
        whole = new if slices == length else _joined(builder, main, new, scale, length - slices, slices, channels)
        shape = np.asarray(window.shape, np.int32)
        dims = main.constant("wwtool/window/shape", shape)
        main.operator("RESHAPE", [whole, dims], [window.index], "ReshapeOptions", newShape=shape)
    return new


def _joined(
    builder: ModelBuilder, main: SubgraphBuilder, new: int, scale: Scale, past: int, slices: int, channels: int
) -> int:
    """The window of the ``past`` slices and the new ones; the variable then holds the newest."""
    main.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=_silence(builder, scale, past, channels))
    handle = main.variable(_VARIABLE)
    old = main.activation("wwtool/past", (1, past, channels), scale)
    main.operator("READ_VARIABLE", [handle], [old], "ReadVariableOptions")
    whole = main.activation("wwtool/window", (1, past + slices, channels), scale)
    main.operator("CONCATENATION", [old, new], [whole], "ConcatenationOptions", axis=1)
    newest = main.activation("wwtool/newest", (1, past, channels), scale)
    _slice(main, whole, newest, [0, slices, 0], [1, past + slices, channels])
    main.operator("ASSIGN_VARIABLE", [handle, newest], [], "AssignVariableOptions")
    return whole


def _silence(builder: ModelBuilder, scale: Scale, past: int, channels: int) -> int:
    """The subgraph that fills the window before the first sound; returns its index."""
    initial = builder.subgraph("wwtool/initial")
    least = np.full((1, past, channels), INPUT_SCALE.zero_point, np.int8)
    start = initial.constant("wwtool/silence", least, scale.scale, zero_point=scale.zero_point)
    initial.operator("ASSIGN_VARIABLE", [initial.variable(_VARIABLE), start], [], "AssignVariableOptions")
    return initial.index


def _length(window: Tensor, channels: int, name: str) -> int:
    """How many slices of features the input of a model holds."""
    shape = tuple(size for size in window.shape if size != 1)
    length = window.size // channels
    if window.dtype != "int8" or shape not in ((length, channels), (length * channels,)) or window.quantization is None:
        raise InputError(
            f"{name} reads {window.dtype} {list(window.shape)}, and a window is int8 [1, slices, {channels}], "
            f"[1, slices, {channels}, 1] or [1, slices x {channels}]; train it on features of {channels} channels"
        )
    return length


def _cut_out(main: SubgraphBuilder, scores: Tensor, wanted: int, count: int, name: str) -> int:
    """Adds what takes one of ``count`` scores; returns its tensor, of shape (1, 1)."""
    if scores.size != count or scores.shape[-1] != count:
        raise InputError(
            f"{name} gives {scores.dtype} {list(scores.shape)}, and labels has {counted(count, 'name')}; list one for "
            "each output, in order"
        )
    scale, index = Scale(scores.scale, scores.zero_point), scores.index
    if len(scores.shape) != 2:
        flat = main.activation("wwtool/scores", (1, count), scale, scores.dtype)
        shape = np.asarray((1, count), np.int32)
        dims = main.constant("wwtool/scores/shape", shape)
        main.operator("RESHAPE", [index, dims], [flat], "ReshapeOptions", newShape=shape)
        index = flat
    result = main.activation("wwtool/probability", (1, 1), scale, scores.dtype)
    _slice(main, index, result, [0, wanted], [1, wanted + 1])
    return result


def _slice(main: SubgraphBuilder, x: int, y: int, begin: list[int], end: list[int]) -> None:
    bounds = [np.asarray(values, np.int32) for values in (begin, end, [1] * len(begin))]
    constants = [main.constant("wwtool/bounds", values) for values in bounds]
    main.operator("STRIDED_SLICE", [x, *constants], [y], "StridedSliceOptions", beginMask=0, endMask=0)
