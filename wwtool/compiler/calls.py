"""The result of lowering: kernel calls on tensors, and their constants. There is no C text yet, and no addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Constant:
    """A const array in flash, emitted as ``static const <ctype> <name>[]``; ``weights`` is False for tables.

    ``shared``: equal arrays may share one place in flash. False for short arrays, which can be equal by chance: sizes
    must not depend on what a model has learned. ``alignment``: its address is a multiple of that, in bytes; 0: what the
    type asks for.
    """

    name: str
    ctype: str
    values: npt.NDArray[Any]
    weights: bool = True
    shared: bool = True
    alignment: int = 0

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes)


@dataclass(frozen=True)
class Span:
    """The memory of a tensor from byte ``offset`` on; a negative number stands for a copied state."""

    tensor: int
    offset: int = 0


@dataclass(frozen=True)
class Scratch:
    """Memory of the arena that only one call uses; its contents are lost afterwards."""

    nbytes: int


# A field of a parameter struct: a number, the address of a constant, an array, or a nested struct.
Field = int | float | Constant | tuple[int, ...] | dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One kernel call: ``function(&parameters, arguments...)``.

    ``struct`` names the parameter struct ("" for a kernel without one). An argument is memory of a tensor, scratch
    memory, a constant or a number. ``in_place``: the kernel still works if its output lies in the memory of its first
    input.
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
        """Every constant that the call refers to, each once."""
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
    """The kernel of an operator for a type.

    >>> kernel_name("ww_mean", "int8"), kernel_name("ww_mean", "int16")
    ('ww_mean', 'ww_mean_int16')
    """
    return name if dtype == "int8" else f"{name}_{dtype}"
