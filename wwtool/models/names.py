"""Models by name. Where the number at the end of a name is a width, any other width makes a name as well: tcn40."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from wwtool.errors import InputError
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.architecture import Architecture
from wwtool.models.zoo import ALL_MODELS, LARGEST_SIZE

_DIGITS = "0123456789"
EXAMPLE = "tcn40"
_MOST_WEIGHTS = 64 << 20  # more than any chip's flash, and what the compiler takes (tflite/limits.py)


def is_model(name: str) -> bool:
    """Whether a name is that of a model, be it of a width that nothing can run."""
    return name in ALL_MODELS or _template_of(name) is not None


def architecture_of(name: str, front_end: FrontEnd = DEFAULT_FRONT_END) -> Architecture:
    """The model of that name for the features of a front end.

    Raises:
        InputError: no model has that name, or its width is more than a compiler takes.
    """
    if name in ALL_MODELS:
        return replace(ALL_MODELS[name], front_end=front_end)
    template = _template_of(name)
    if template is None:
        raise InputError(f"there is no model {name!r}; choose one of {choices()}")
    width = int(name[len(name.rstrip(_DIGITS)) :])
    if not 1 <= width <= LARGEST_SIZE:
        raise InputError(f"model {name}: its width must be 1 to {LARGEST_SIZE}")
    changed: dict[str, Any] = {"width": width, "front_end": front_end}
    architecture = replace(template, **changed)
    if architecture.parameters > _MOST_WEIGHTS:
        raise InputError(
            f"model {name} has {architecture.parameters:,} weights, and wwtool compiles at most {_MOST_WEIGHTS:,}; "
            "choose a smaller width"
        )
    return architecture


def choices() -> str:
    """What a name may be, for messages."""
    return f"{', '.join(ALL_MODELS)}, or another width, such as {EXAMPLE}"


@cache
def _templates() -> dict[str, Architecture]:
    """The widest model of every name that ends in its width, by the rest of the name."""
    made: dict[str, Architecture] = {}
    for name, architecture in ALL_MODELS.items():
        stem = name.rstrip(_DIGITS)
        if name[len(stem) :] == str(getattr(architecture, "width", "")):
            made[stem] = architecture
    return made


def _template_of(name: str) -> Architecture | None:
    stem = name.rstrip(_DIGITS)
    number = name[len(stem) :]
    plain = 0 < len(number) <= 9 and not number.startswith("0")  # one name for one width
    return _templates().get(stem) if plain else None
