"""How weights are averaged over steps: one method a file, all of them in the registry here.

A member brings the average up to date, in place, after a step. The average is all that it may remember.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from wwtool.base.registry import Registry
from wwtool.training.averaging.ema import ema, ema_power
from wwtool.training.averaging.swa import swa
from wwtool.training.course import Course

AVERAGING: Registry[Callable[[nn.Module, nn.Module, Course], None]] = Registry(
    "train.averaging", {"ema": ema, "ema_power": ema_power, "swa": swa}
)
