"""Where code and constants of a hop lie: in flash, or copied to RAM, where they do not wait for it.

Where code lies in RAM anyhow, it is the model's weights alone.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from wwtool.base.files import write_text
from wwtool.compiler.package import CompiledModel
from wwtool.platforms.profile import Platform

_OF_A_HOP = re.compile(r"/\* hop: (.+) \*/")  # in a linker script: what else is a comment


def hop_in_ram(platform: Platform, *models: CompiledModel) -> bool:
    """Whether the profile wants a hop in RAM, and its budgets of RAM and flash hold all models with what they need.

    Flash counts as well: it keeps what is copied to RAM, and there are smaller weights and code for less of it.
    """
    budget = platform.budget
    memory = sum(model.memory.arena_bytes + model.memory.state_bytes for model in models)
    constants = sum(model.weight_bytes + model.table_bytes for model in models)
    return 0 < platform.memory.hop_bytes <= min(budget.ram_bytes - memory, budget.flash_bytes) - constants


def reread_bytes(platform: Platform, model: CompiledModel) -> int:
    """The most bytes of constants that an inference reads from flash again, as the cache has lost them.

    A kernel reads a call's constants for each position of its output. They stay in the cache from one to the next where
    it keeps them wherever they lie; if not, they are taken to be lost each time.
    """
    cache = platform.chip.flash_cache
    if cache is None:
        return 0
    graph = model.program.graph
    again = 0
    for call in model.program.calls:
        sizes = [constant.nbytes for constant in call.constants()]
        shapes = [graph.tensor(tensor).shape for tensor in call.writes if tensor >= 0]
        positions = max((math.prod(shape[:-1]) for shape in shapes), default=1)
        again += 0 if cache.keeps(sizes) else (positions - 1) * sum(sizes)
    return again


def place_hop(script: Path) -> None:
    """Makes a linker script put a hop in RAM."""
    write_text(script, _OF_A_HOP.sub(r"\1", script.read_text(encoding="utf-8")))
