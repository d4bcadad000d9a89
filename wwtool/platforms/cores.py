"""The processor cores that firmware is built for: what builds for each, with which flags, and what code it shares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Core:
    """A processor core, as ``chip.core`` of a profile names it.

    Attributes:
        name: the word in the profile.
        toolchain: what builds for it, as ``toolchain`` of a profile names it.
        target: the target of ``wwtool compile``, which decides on the kernels.
        flags: GCC's flags that select it.
        shared_code: folders of ``firmware_templates/boards`` that its boards share.
        runs_linux: the firmware is a Linux program.
        is_this_machine: the program runs on the machine that builds it.
    """

    name: str
    toolchain: str
    target: str
    flags: tuple[str, ...] = ()
    shared_code: tuple[str, ...] = ("bare",)
    runs_linux: bool = False
    is_this_machine: bool = False


def _cortex_m(name: str, target: str, fpu: str = "") -> Core:
    """An Arm Cortex-M. The letter f at the end says that it has an FPU; GCC names the core without it."""
    cpu = name.removesuffix("f")
    floats = (f"-mfpu={fpu}", "-mfloat-abi=hard") if fpu else ()
    return Core(name, "arm-none-eabi", target, (f"-mcpu={cpu}", "-mthumb", *floats), ("bare", "cortex_m"))


CORES: dict[str, Core] = {
    core.name: core
    for core in (
        _cortex_m("cortex-m0", "cortex-m0plus"),
        _cortex_m("cortex-m0plus", "cortex-m0plus"),
        _cortex_m("cortex-m3", "cortex-m0plus"),  # it has no DSP extension either
        _cortex_m("cortex-m4f", "cortex-m4", fpu="fpv4-sp-d16"),
        _cortex_m("cortex-m7f", "cortex-m4", fpu="fpv5-sp-d16"),
        _cortex_m("cortex-m33f", "cortex-m4", fpu="fpv5-sp-d16"),
        # GCC for the ESP8266's core: its call0 code is a subset of what the LX7 runs.
        Core("xtensa-lx7", "xtensa-lx106", "xtensa", ("-mtext-section-literals",)),
        # The same with the ESP32-S3's vector unit, which start.S enables.
        Core("xtensa-lx7-pie", "xtensa-lx106", "xtensa-pie", ("-mtext-section-literals", "-DWW_VECTOR_UNIT")),
        # The BCM2835 of the Raspberry Pi Zero. It has the dual 16-bit instructions of the Cortex-M4.
        Core(
            "armv6", "arm-linux-gnueabi", "cortex-m4", ("-march=armv6", "-mtune=arm1176jzf-s", "-marm"), ("linux",),
            runs_linux=True,
        ),
        Core("host", "host", "host", shared_code=("linux",), runs_linux=True, is_this_machine=True),
    )
}  # fmt: skip
