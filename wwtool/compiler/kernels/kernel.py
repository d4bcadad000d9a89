"""The descriptor of a kernel: all that the compiler knows of one C function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wwtool.compiler.calls import Call, Field


@dataclass(frozen=True)
class Reach:
    """How far a kernel reads ahead of what it writes, in bytes (see planner.Overlap).

    The output may start ``lead`` bytes before the input. ``lag`` is for kernels that can also run from the end to the
    start: the output may start that many bytes behind the input.
    """

    lead: int
    lag: int | None = None


@dataclass(frozen=True)
class Fit:
    """How a kernel computes a call: its parameter struct's fields and the scratch memory that it needs."""

    fields: dict[str, Field]
    scratch_bytes: int = 0


@dataclass(frozen=True)
class Kernel:
    """A C function, and what the compiler has to know of it.

    Attributes:
        function: its name in C.
        struct: its parameter struct, for a kernel that stands in for others.
        source: the file that holds it; by default the file of its name.
        reach: for a call of it, how far it reads ahead of what it writes from the first input to the first output.
            None: the two must be kept apart.
        replaces: the portable functions in whose place it can stand.
        fit: gives a call of one of these functions the kernel's own parameters, or None where the kernel cannot compute
            the call or would not be faster. The second argument says whether channels whose output is constant are left
            out, which makes the size of the weights depend on what the model has learned.

    >>> Kernel("ww_dense_round_once", source="ww_dense.c").file, Kernel("ww_mul").file
    ('ww_dense.c', 'ww_mul.c')
    """

    function: str
    struct: str = ""
    source: str = ""
    reach: Callable[[Call], Reach] | None = None
    replaces: tuple[str, ...] = ()
    fit: Callable[[Call, bool], Fit | None] | None = None

    @property
    def file(self) -> str:
        return self.source or f"{self.function}.c"
