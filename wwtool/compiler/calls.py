"""What lowering produces: kernel calls on tensors, and the constants they need. Still no C text and no addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Constant:
    """A const array in flash, emitted as ``static const <ctype> <name>[]``; ``weights`` tells it from tables.

    ``shared``: it may lie where an equal one lies. Not for arrays whose few values are equal by chance now and then:
    sizes are not to depend on what a model has learned.
    """

    name: str
    ctype: str
    values: npt.NDArray[Any]
    weights: bool = True
    shared: bool = True

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes)


@dataclass(frozen=True)
class Span:
    """``nbytes`` bytes of tensor ``tensor``'s memory, from ``offset`` on."""

    tensor: int
    offset: int = 0


@dataclass(frozen=True)
class Scratch:
    """Memory of the arena that only this call uses; its contents are lost afterwards."""

    nbytes: int


# A field of a parameter struct: a number, the address of a constant, an array, or a nested struct.
Field = int | float | Constant | tuple[int, ...] | dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One kernel call: ``function(&parameters, arguments...)``.

    ``struct`` names the parameter struct ("" if the kernel takes none); an argument is memory of a tensor,
    scratch memory, a constant or a number. ``in_place``: the kernel gives the same bytes when its output is its first
    input's memory.
    """

    operator: int
    kind: str
    function: str
    arguments: tuple[Span | Scratch | Constant | int, ...]
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    struct: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    macs: int = 0
    in_place: bool = False

    @property
    def scratch_bytes(self) -> int:
        return sum(a.nbytes for a in self.arguments if isinstance(a, Scratch))

    def constants(self) -> list[Constant]:
        """Every constant the call refers to, each once."""
        by_name: dict[str, Constant] = {}

        def visit(value: object) -> None:
            if isinstance(value, Constant):
                by_name[value.name] = value
            elif isinstance(value, dict):
                for inner in value.values():
                    visit(inner)

        visit(self.fields)
        for argument in self.arguments:
            visit(argument)
        return list(by_name.values())


def int32_array(name: str, values: npt.ArrayLike) -> Constant:
    return Constant(name, "int32_t", np.asarray(values, np.int32).ravel())


def int8_array(name: str, values: npt.ArrayLike) -> Constant:
    return Constant(name, "int8_t", np.asarray(values, np.int8).ravel())


def int16_array(name: str, values: npt.ArrayLike) -> Constant:
    return Constant(name, "int16_t", np.asarray(values, np.int16).ravel())


def kernel_name(name: str, dtype: str) -> str:
    """The kernel of an operator for a type; those for int8 bear the plain names."""
    return name if dtype == "int8" else f"{name}_{dtype}"
