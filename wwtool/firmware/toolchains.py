"""Cross compilers: what they are called, their flags for each core, and how to get them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from wwtool.engines.machines import XTENSA_PACKAGES, host_compiler, picolibc
from wwtool.errors import ToolError
from wwtool.platforms.profile import Platform


@dataclass(frozen=True)
class Toolchain:
    """A GCC-like compiler and its binutils; ``flags`` select the core, for compiling and linking alike."""

    name: str
    compiler: str
    objcopy: str
    size: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    libraries: tuple[str, ...]
    hosted: bool

    def version(self) -> str:
        """The compiler's version line, "" if it cannot be run."""
        result = subprocess.run(
            [self.compiler, "--version"], capture_output=True, text=True, errors="surrogateescape", check=False
        )
        return result.stdout.splitlines()[0] if result.returncode == 0 and result.stdout else ""


_CORE_FLAGS: dict[str, tuple[str, ...]] = {
    "cortex-m0": ("-mcpu=cortex-m0", "-mthumb"),
    "cortex-m0plus": ("-mcpu=cortex-m0plus", "-mthumb"),
    "cortex-m3": ("-mcpu=cortex-m3", "-mthumb"),
    "cortex-m4f": ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    "cortex-m7f": ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    "cortex-m33f": ("-mcpu=cortex-m33", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
}
_SECTIONS = ("-ffunction-sections", "-fdata-sections")
APT_PACKAGES = {
    "arm-linux-gnueabi": "gcc-arm-linux-gnueabi libc6-dev-armel-cross",
    "arm-none-eabi": "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "host": "gcc",
    "xtensa-lx106": XTENSA_PACKAGES,
}


def find_toolchain(platform: Platform) -> Toolchain:
    """The toolchain of a platform.

    Raises:
        ToolError: it is not installed, or wwtool cannot build for this platform yet.
    """
    if platform.toolchain == "host":
        hosted = (*_SECTIONS, "-g")
        return Toolchain("host", host_compiler(), "objcopy", "size", hosted, ("-Wl,--gc-sections",), (), hosted=True)
    if platform.toolchain == "xtensa-lx106":
        return _xtensa()
    if platform.toolchain == "arm-linux-gnueabi":
        return _arm_linux()
    if platform.toolchain != "arm-none-eabi" or platform.chip.core not in _CORE_FLAGS:
        raise ToolError(f"wwtool has no toolchain for {platform.name} yet; 'wwtool platforms' shows what it can build")
    prefix = "arm-none-eabi-"
    if shutil.which(prefix + "gcc") is None:
        raise ToolError(
            f"the compiler {prefix}gcc was not found; get it with: apt-get install {APT_PACKAGES['arm-none-eabi']}"
        )
    flags = (*_CORE_FLAGS[platform.chip.core], *_SECTIONS, "-ffreestanding", "-fno-common", "-g")
    link = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--fatal-warnings")
    return Toolchain(
        "arm-none-eabi", f"{prefix}gcc", f"{prefix}objcopy", f"{prefix}size", flags, link, ("-lgcc",), False
    )


def _arm_linux() -> Toolchain:
    """GCC for Debian's armel, whose C library is built for Armv5TE: that of armhf is for Armv7, which no Pi Zero runs.

    Linked statically, as Raspberry Pi OS has the other C library. Neither core nor model calculates with floats.
    """
    prefix = "arm-linux-gnueabi-"
    found = shutil.which(prefix + "gcc")
    if found is None or not Path(_printed(found, "-print-file-name=libc.a")).is_absolute():
        raise ToolError(
            f"the compiler {prefix}gcc or its C library was not found; get them with: "
            f"apt-get install {APT_PACKAGES['arm-linux-gnueabi']}"
        )
    flags = ("-march=armv6", "-mtune=arm1176jzf-s", "-marm", *_SECTIONS, "-g")
    link = ("-static", "-Wl,--gc-sections", "-Wl,--fatal-warnings")
    return Toolchain("arm-linux-gnueabi", f"{prefix}gcc", f"{prefix}objcopy", f"{prefix}size", flags, link, (), True)


def _printed(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False).stdout.strip()


def _xtensa() -> Toolchain:
    """GCC for the ESP8266's core: its call0 code is a part of what the LX7 runs."""
    prefix = "xtensa-lx106-elf-"
    if shutil.which(prefix + "gcc") is None or not picolibc():
        raise ToolError(
            f"the compiler {prefix}gcc or its C library was not found; get them with: "
            f"apt-get install {APT_PACKAGES['xtensa-lx106']}"
        )
    core = ("-mlongcalls", "-mtext-section-literals")
    flags = (*picolibc(), *core, *_SECTIONS, "-ffreestanding", "-fno-common", "-g")
    link = ("-nostartfiles", "-nostdlib", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments", "-Wl,--fatal-warnings")
    return Toolchain(
        "xtensa-lx106", f"{prefix}gcc", f"{prefix}objcopy", f"{prefix}size", flags, link, ("-lc", "-lgcc"), False
    )


def first_error(text: str) -> str:
    """The first line of a compiler's output that says what is wrong."""
    said = [line.strip() for line in text.splitlines() if not line.startswith("collect2:")]
    lines = [line for line in said if re.search(r"error|undefined|overflow|will not fit|cannot", line)]
    return (lines or text.strip().splitlines() or ["no message"])[0][:300]
