"""What has and has not been seen of a board on a real chip: a table in its profile, for terminal, report and docs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Function = Literal[
    "boot",
    "clock",
    "console",
    "usb",
    "microphone",
    "indicator",
    "watchdog",
    "flash_write",
    "ram_start",
    "model",
    "vector_unit",
]
State = Literal["seen", "emulated", "not tried"]


class Check(BaseModel):
    """A function of a board, and how far it has been checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: Function
    which: str = Field("", max_length=40, description="which one, where a board has several")
    state: State = Field(description="seen: on a real chip; emulated: only there; not tried: neither")
    by: str = Field(min_length=8, max_length=300, description="what checked it, or what stands in its way")

    @property
    def name(self) -> str:
        """The function for people: ``flash write``, ``microphone (I2S)``."""
        words = self.function.replace("_", " ")
        return f"{words} ({self.which})" if self.which else words


def _one_of_each(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    if twice := [name for name, count in Counter(check.name for check in checks).items() if count > 1]:
        raise ValueError(f"{twice[0]} stands there twice; keep one")
    return checks


Checks = Annotated[tuple[Check, ...], AfterValidator(_one_of_each)]


def count_seen(checks: Sequence[Check]) -> str:
    """How many of the functions have been seen on a real chip.

    >>> count_seen([Check(function="boot", state="emulated", by="an emulator")])
    '0 of 1'
    """
    return f"{sum(check.state == 'seen' for check in checks)} of {len(checks)}" if checks else ""


def sentence(checks: Sequence[Check]) -> str:
    """The table in a sentence; nothing for an empty one."""
    if not checks:
        return ""
    names = {state: [check.name for check in checks if check.state == state] for state in ("seen", "emulated")}
    rest = len(checks) - len(names["seen"]) - len(names["emulated"])
    others = f"{len(names['emulated'])} of its {len(checks)} functions are emulated, {rest} not tried."
    if not names["seen"]:
        return f"Nothing of this image has been seen on silicon; {others}"
    return f"Seen on silicon: {', '.join(names['seen'])}; {others}"
