"""Random inputs of a model, on which engines and boards are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.engines.interface import Port, ports
from wwtool.tflite.graph import Graph


def random_rows(graph: Graph, count: int, seed: int = 0) -> list[npt.NDArray[Any]]:
    """Random rows of every input: integers uniform over their type, floats normal with a standard deviation of 4."""
    generator = np.random.default_rng(seed)
    return [_random(generator, port, count) for port in ports(graph, graph.inputs)]


def _random(generator: np.random.Generator, port: Port, count: int) -> npt.NDArray[Any]:
    shape = (count, *port.row)
    if port.dtype == "float32":
        return (4 * generator.standard_normal(shape)).astype(np.float32)
    if port.dtype == "bool":
        return generator.integers(0, 2, shape).astype(np.bool_)
    if np.dtype(port.dtype).itemsize == 1:
        return generator.integers(0, 256, shape, np.uint8).view(np.dtype(port.dtype))
    limits = np.iinfo(port.dtype)
    return generator.integers(limits.min, limits.max, shape, np.dtype(port.dtype), endpoint=True)
