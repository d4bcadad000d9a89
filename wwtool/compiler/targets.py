"""The cores that models are compiled for, and which kernels each of them gets."""

from __future__ import annotations

from typing import Literal

Target = Literal["host", "cortex-m0plus", "cortex-m4", "xtensa"]
Optimize = Literal["speed", "size"]

# Every core runs the portable kernels; the others stand beside them.
_FAST_KERNELS: dict[Target, Literal["", "dsp", "lanes"]] = {
    "host": "",
    "cortex-m0plus": "lanes",
    "cortex-m4": "dsp",
    "xtensa": "lanes",
}
TARGETS: tuple[Target, ...] = tuple(_FAST_KERNELS)


def kernel_set(target: Target, optimize: Optimize) -> Literal["", "dsp", "lanes"]:
    """Which fast kernels are used: "dsp" (dual 16-bit multiplies), "lanes" (two weights a word), "" (none)."""
    return _FAST_KERNELS[target] if optimize == "speed" else ""
