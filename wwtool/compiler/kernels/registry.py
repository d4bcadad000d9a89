"""The kernels: the sets that cores choose from, and every kernel's descriptor by the name of its function."""

from __future__ import annotations

from dataclasses import replace

from wwtool.compiler.calls import Call, Scratch
from wwtool.compiler.constants import shared_constants
from wwtool.compiler.kernels import dsp, lanes, pie, portable
from wwtool.compiler.kernels.kernel import Kernel, Reach
from wwtool.compiler.program import Program

# Every core runs the portable kernels; those of a set stand beside them, the preferred ones first.
KERNEL_SETS: dict[str, tuple[Kernel, ...]] = {
    "": (),
    "dsp": dsp.KERNELS,
    "lanes": lanes.KERNELS,
    "pie": (*pie.KERNELS, *lanes.KERNELS),
}

SLIDE = "ww_slide"  # of every set: blocks of words


def kernel_of(function: str) -> Kernel:
    """The descriptor of a C function; a function without one reads and writes apart and has a file of its name.

    >>> kernel_of("ww_dense_round_once").file, kernel_of("ww_lstm").reach
    ('ww_dense.c', None)
    """
    sets = (portable.KERNELS, *KERNEL_SETS.values())
    return next((kernel for kernels in sets for kernel in kernels if kernel.function == function), Kernel(function))


def reach_of(call: Call) -> Reach | None:
    """How far a call reads ahead, from its first input to its first output; None if they must be kept apart."""
    if call.in_place:
        return Reach(0)
    reach = kernel_of(call.function).reach
    return reach(call) if reach is not None else None


def specialize(program: Program, kernel_set: str, same_sizes: bool = False) -> None:
    """Puts the kernels of a set in the place of portable ones; a call that none of them fits stays as it is.

    ``same_sizes`` keeps channels whose output is constant. Then code and weights of an architecture take the same
    bytes whatever it has learned, and a dry build measures what the trained model takes.
    """
    kernels = KERNEL_SETS[kernel_set]
    if kernels:
        program.slide = SLIDE
        program.calls = shared_constants([_faster(call, kernels, not same_sizes) for call in program.calls])


def _faster(call: Call, kernels: tuple[Kernel, ...], leave_out_constants: bool) -> Call:
    for kernel in kernels:
        fit = kernel.fit(call, leave_out_constants) if kernel.fit and call.function in kernel.replaces else None
        if fit is not None:
            scratch = (Scratch(fit.scratch_bytes),) if fit.scratch_bytes else ()
            arguments = (*call.arguments, *scratch)
            return replace(call, function=kernel.function, struct=kernel.struct, fields=fit.fields, arguments=arguments)
    return call
