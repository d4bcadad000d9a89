"""How a step's operators are run: one way a file, all of them in the registry here.

A member is given a ``Forward`` and returns a function of the same tensors with the same results, but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from wwtool.base.registry import Registry
from wwtool.training.execution.compiled import compiled
from wwtool.training.execution.forward import Forward
from wwtool.training.execution.graphs import graphs
from wwtool.training.execution.plain import plain

EXECUTION: Registry[Callable[[Forward], Callable[..., tuple[Tensor, Tensor]]]] = Registry(
    "train.execution", {"plain": plain, "compiled": compiled, "graphs": graphs}
)
