"""The cores that models are compiled for, and which kernels each of them gets."""

from __future__ import annotations

from typing import Literal

Target = Literal["host", "cortex-m0plus", "cortex-m4", "xtensa", "xtensa-pie"]
Optimize = Literal["speed", "size"]

# By the names of kernels.registry.KERNEL_SETS. Every core also runs the portable kernels.
_FAST_KERNELS: dict[Target, str] = {
    "host": "",
    "cortex-m0plus": "lanes",
    "cortex-m4": "dsp",
    "xtensa": "lanes",
    "xtensa-pie": "pie",  # the ESP32-S3 with its vector unit
}
TARGETS: tuple[Target, ...] = tuple(_FAST_KERNELS)


def kernel_set(target: Target, optimize: Optimize) -> str:
    """The fast kernels that a core uses: "dsp" (dual 16-bit multiplies), "lanes" (two weights a word), "pie" (16
    products an instruction), "" (none).

    >>> kernel_set("cortex-m4", "speed"), kernel_set("cortex-m4", "size")
    ('dsp', '')
    """
    return _FAST_KERNELS[target] if optimize == "speed" else ""
