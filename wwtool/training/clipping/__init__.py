"""How gradients that are too long are shortened: one method a file, all of them in the registry here.

A member shortens the parameters' gradients in place and returns their length before, a scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from wwtool.base.registry import Registry
from wwtool.training.clipping.median import median
from wwtool.training.clipping.norm import norm
from wwtool.training.course import Course

CLIPPING: Registry[Callable[[Sequence[nn.Parameter], Course], Tensor]] = Registry(
    "train.optimization.clipping", {"norm": norm, "median": median}
)
