"""Where code and constants of a hop lie: in flash, or copied to RAM, where they do not wait for it."""

from __future__ import annotations

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


def place_hop(script: Path) -> None:
    """Makes a linker script put a hop in RAM."""
    write_text(script, _OF_A_HOP.sub(r"\1", script.read_text(encoding="utf-8")))
