"""Leaves pruned channels out of a .tflite, so that every runtime has the smaller model, ESPHome's and TFLM's too."""

from __future__ import annotations

import numpy as np

from wwtool.compiler.channels.idle import without_idle_channels
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.random_rows import random_rows
from wwtool.errors import InputError
from wwtool.export.builder import ModelBuilder
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model

_ROWS = 32  # on which both models must agree


def without_pruned_channels(content: bytes) -> bytes:
    """The file without the channels whose weights are all zero.

    It is ``content`` itself if there are none, or if operators share the constants that would change.

    Raises:
        InputError: LiteRT does not run the model, or an output of the smaller one is another.
    """
    whole = parse_model(content)
    thinned = without_idle_channels(whole, "pruned")
    if not thinned.channels or not _can_change(whole, thinned.graph):
        return content
    made = _rewritten(content, whole, thinned.graph)
    rows = random_rows(whole, _ROWS, 0)
    before, after = (LiteRtEngine(model).run_all(rows) for model in (content, made))
    if not all(map(np.array_equal, before, after)):
        raise InputError("export: the model without its pruned channels has other outputs; the model was not written")
    return made


def _can_change(whole: Graph, thinned: Graph) -> bool:
    """Whether every constant that changes is there, and one operator alone reads it."""
    for old, new in zip(whole.operators, thinned.operators, strict=True):
        if new is old:
            continue
        changed = [a for a, b in zip(old.inputs, new.inputs, strict=False) if a != b]
        if new.kind == "RESHAPE":
            changed += old.inputs[1:2] or (-1,)
        if len(new.inputs) > len(old.inputs):
            changed.append(-1)
        if any(i < 0 or whole.tensor(i).data is None or len(whole.consumers(i)) > 1 for i in changed):
            return False
    return True


def _rewritten(content: bytes, whole: Graph, thinned: Graph) -> bytes:
    builder = ModelBuilder.of(content)
    main = builder.existing(0)
    for t in thinned.tensors[: len(whole.tensors)]:
        if t.shape != whole.tensor(t.index).shape:
            main.resize(t.index, t.shape)
    for old, new in zip(whole.operators, thinned.operators, strict=True):
        if new is not old and new.kind == "RESHAPE":
            main.fill(old.inputs[1], new.options["newShape"])
            main.change(new.index, newShape=new.options["newShape"])
        for there, index in zip(old.inputs, new.inputs, strict=False):
            if there != index:
                constant = thinned.tensor(index)
                assert constant.data is not None
                main.fill(there, constant.data, None if constant.quantization is None else constant.quantization.scale)
    for key, variable in thinned.variables.items():
        if variable is not whole.variables[key]:
            builder.begin_with(key, variable.initial)
    return builder.pack()
