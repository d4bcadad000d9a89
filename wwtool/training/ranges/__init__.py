"""Where a quantized layer's range begins: one method a file, all of them in the registry here.

A member is given what a layer puts out on many windows, (values,), and the zero point of its format. It returns the
range that 8 bits shall hold, low and high.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from wwtool.base.registry import Registry
from wwtool.training.ranges.entropy import entropy
from wwtool.training.ranges.least_error import least_error
from wwtool.training.ranges.tails import min_max, percentile

RANGES: Registry[Callable[[Tensor, int], tuple[float, float]]] = Registry(
    "train.quantization.ranges",
    {"percentile": percentile, "min_max": min_max, "mse": least_error, "entropy": entropy},
)
