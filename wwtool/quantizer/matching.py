"""Which tensor of a quantized model stands for which tensor of the float one.

Both models get the same rows. A tensor of integers stands for a float one if it has the same name and as many values,
or else if it follows its values most closely, and no other float tensor is much nearer to it. Axes may be in another
order, as ONNX has channels before the picture and TFLite behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.quantizer.integer_model import Counterpart, IntegerModel, Pair, Slot
from wwtool.quantizer.material import Stream
from wwtool.quantizer.observing import computed, stepped
from wwtool.quantizer.real_model import ENDLESS
from wwtool.tflite.graph import Graph

_ROWS = 16  # that both see
_VALUES = 1 << 24  # of all tensors together
_LEAST = 0.8  # the correlation of a tensor that has a little more signal than noise
_SLACK = 1.5  # another float tensor may be so much nearer, in what is missing to a correlation of 1
_EQUAL = 1e-6
_MOST_AXES = 4

Array = npt.NDArray[Any]


def matched(content: bytes, graph: Graph, model: IntegerModel, stream: Stream) -> Counterpart:
    """Finds the tensors of a model that stand for those of the float one.

    Args:
        content, graph: the float model.
        model: the quantized model.
        stream: rows of the inputs, the first of which both models get.
    """
    tensors = [graph.tensor(index) for index in computed(graph)]
    size = sum(t.size for t in tensors) + sum(max(1, int(np.prod(slot.shape))) for slot in model.slots.values())
    few = [rows[: max(1, min(_ROWS, _VALUES // max(1, size)))] for rows in stream]
    real: dict[int, list[Array]] = {t.index: [] for t in tensors}
    for engine in stepped(content, few):
        for index, values in real.items():
            values.append(engine.tensor(index).astype(np.float32).ravel())
    stored: dict[Any, list[Array]] = {key: [] for key in model.slots}
    for snapshot in islice(model.stepped(few), len(few[0])):
        for key, values in stored.items():
            values.append(model.slots[key].real(snapshot(key).ravel()))
    floats = [Seen(t.index, t.name, t.shape, np.stack(real[t.index])) for t in tensors]
    return Counterpart(model, pairs_of(floats, {key: np.stack(rows) for key, rows in stored.items()}, model))


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
        nearest = max(correlation for (_, other), (correlation, _) in near.items() if other == key)
        is_its_own = here[key][0] >= _LEAST and 1.0 - here[key][0] <= _SLACK * (1.0 - nearest) + _EQUAL
        if same is not None or is_its_own:
            pairs[of.index] = Pair(model.slots[key], here[key][1])
    return pairs


def _nearest(of: Seen, slot: Slot, values: Array) -> tuple[float, tuple[int, ...] | None]:
    """How closely integers follow a float tensor, in the order of axes in which they do so best."""
    want, have = ([size for size in shape if size != 1] for shape in (of.shape, slot.shape))
    best, order = _correlation(of.values, values), None
    if len(want) != len(have) or not 2 <= len(have) <= _MOST_AXES:
        return best, order
    picture = values.reshape(len(values), *have)
    for axes in list(permutations(range(len(have))))[1:]:
        if [have[axis] for axis in axes] == want:
            turned = picture.transpose(0, *(axis + 1 for axis in axes)).reshape(values.shape)
            correlation = _correlation(of.values, turned)
            if correlation > best + _EQUAL:
                best, order = correlation, axes
    return best, order


def _correlation(a: Array, b: Array) -> float:
    """Of all values of all rows; 0 where one never varies."""
    usable = np.isfinite(a) & (np.abs(a) < ENDLESS)
    x, y = a[usable].astype(np.float64), b[usable].astype(np.float64)
    if not x.size:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    length = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum() / length) if length > 0.0 else 0.0
