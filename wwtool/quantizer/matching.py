"""Which tensor of a quantized model stands for which tensor of the float one.

Both models get the same rows. A tensor of integers stands for a float one if it has the same name and as many values,
or else if its numbers are nearest to that one's, and no other float tensor is much nearer to them. Axes may be in
another order, as ONNX has channels before the picture and TFLite behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.quantizer.integer_model import Counterpart, IntegerModel, Pair, Slot
from wwtool.quantizer.material import Stream
from wwtool.quantizer.observing import computed, stepped
from wwtool.quantizer.real_model import ENDLESS
from wwtool.tflite.graph import Graph

_ROWS = 16  # that both see, of streams that lie apart
_VALUES = 1 << 24  # of all tensors together
_LEAST = 0.5  # the share of the variance of a float tensor that its counterpart has to explain: noise of -3 dB
_SLACK = 1.5  # another float tensor may have so much less noise
_EQUAL = 1e-6
_MOST_AXES = 4

Array = npt.NDArray[Any]


def matched(content: bytes, graph: Graph, model: IntegerModel, streams: Sequence[Stream]) -> Counterpart:
    """Finds the tensors of a model that stand for those of the float one.

    Args:
        content, graph: the float model.
        model: the quantized model.
        streams: rows of the inputs, of which both models get some.
    """
    tensors = [graph.tensor(index) for index in computed(graph)]
    size = sum(t.size for t in tensors) + sum(max(1, int(np.prod(slot.shape))) for slot in model.slots.values())
    most = max(1, min(_ROWS, _VALUES // max(1, size)))
    real: dict[int, list[Array]] = {t.index: [] for t in tensors}
    stored: dict[Any, list[Array]] = {key: [] for key in model.slots}
    for stream in _some(streams, most):
        for engine, snapshot in zip(stepped(content, stream), model.stepped(stream), strict=True):
            for index, values in real.items():
                values.append(engine.tensor(index).astype(np.float32).ravel())
            for key, values in stored.items():
                values.append(model.slots[key].real(snapshot(key).ravel()))
    floats = [Seen(t.index, t.name, t.shape, np.stack(real[t.index])) for t in tensors]
    return Counterpart(model, pairs_of(floats, {key: np.stack(rows) for key, rows in stored.items()}, model))


def _some(streams: Sequence[Stream], most: int) -> list[Stream]:
    """The first rows of streams that lie apart, as many rows as there are to be."""
    count = min(len(streams), most)
    chosen = [streams[number * len(streams) // count] for number in range(count)]
    return [[rows[: max(1, most // count)] for rows in stream] for stream in chosen]


@dataclass(frozen=True)
class Seen:
    """What a tensor of the float model has held: ``values`` (rows, size)."""

    index: int
    name: str
    shape: tuple[int, ...]
    values: Array


def pairs_of(floats: Sequence[Seen], stored: Mapping[Any, Array], model: IntegerModel) -> dict[int, Pair]:
    """The tensor of integers for each float tensor that has one.

    Args:
        floats: the tensors of the float model.
        stored: the real numbers of those of integers, (rows, size), by key.
        model: whose they are.
    """
    near: dict[tuple[int, Any], tuple[float, tuple[int, ...] | None]] = {}
    for of in floats:
        for key, values in stored.items():
            if values.shape == of.values.shape:
                near[of.index, key] = _nearest(of, model.slots[key], values)
    pairs = {}
    for of in floats:
        here = {key: near[of.index, key] for key in stored if (of.index, key) in near}
        same = next((key for key in here if model.slots[key].name == of.name), None)
        key = same if same is not None else max(here, key=lambda key: here[key][0], default=None)
        if key is None:
            continue
        nearest = max(nearness for (_, other), (nearness, _) in near.items() if other == key)
        is_its_own = here[key][0] >= _LEAST and 1.0 - here[key][0] <= _SLACK * (1.0 - nearest) + _EQUAL
        if same is not None or is_its_own:
            pairs[of.index] = Pair(model.slots[key], here[key][1])
    return pairs


def _nearest(of: Seen, slot: Slot, values: Array) -> tuple[float, tuple[int, ...] | None]:
    """How near integers are to a float tensor, in the order of axes in which they are nearest."""
    want, have = ([size for size in shape if size != 1] for shape in (of.shape, slot.shape))
    best, order = _nearness_of(of.values, values), None
    if len(want) != len(have) or not 2 <= len(have) <= _MOST_AXES:
        return best, order
    picture = values.reshape(len(values), *have)
    for axes in list(permutations(range(len(have))))[1:]:
        if [have[axis] for axis in axes] == want:
            turned = picture.transpose(0, *(axis + 1 for axis in axes)).reshape(values.shape)
            nearness = _nearness_of(of.values, turned)
            if nearness > best + _EQUAL:
                best, order = nearness, axes
    return best, order


def _nearness_of(real: Array, stored: Array) -> float:
    """The share of a float tensor's variance that is not noise, 1 at most; 0 where nothing varies."""
    usable = np.isfinite(real) & (np.abs(real) < ENDLESS)
    x, y = real[usable].astype(np.float64), stored[usable].astype(np.float64)
    signal = float(np.square(x - x.mean()).sum()) if x.size else 0.0
    return 1.0 - float(np.square(x - y).sum()) / signal if signal > 0.0 else 0.0
