"""The Raspberry Pi Pico SDK: a project for the RP2040 and the RP2350."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wwtool.base.text import for_shell
from wwtool.packages.compiling import for_core
from wwtool.packages.framework import BoardFramework
from wwtool.packages.library import write_library
from wwtool.packages.package_format import Advice, Content
from wwtool.packages.sdk import Sdk

# The library's folders, by the core that each is for. CMake takes one: "dsp" for the Cortex-M33 of an RP2350, "src" for
# the RP2040 and for the RISC-V cores of an RP2350, where it is plain C.
_CORES = {"src": "cortex-m0plus", "dsp": "cortex-m33f"}


class PicoSdk(BoardFramework):
    """Consoles on USB and UART; a microphone at the ADC, or one that speaks I2S, by PIO."""

    name = "pico-sdk"
    library = "wakeword"
    products = ("build/*",)
    sdk = Sdk("Pico SDK", "PICO_SDK_PATH", "pico_sdk_version.cmake", "1.5.0")

    def values(self, content: Content) -> dict[str, Any]:
        return {"board": self.sdk_board(content.platform).board, "oldest": self.sdk.oldest}

    def write_sources(self, folder: Path, content: Content) -> list[str]:
        """Writes the library once for each core; returns the paths of those to compile, of all cores."""
        sources = []
        for name, core in _CORES.items():
            sources += [f"{name}/{source}" for source in write_library(folder / name, for_core(content, core))]
        return sources

    def compile(self, sdk: Sdk, project: Path, build: Path, content: Content) -> dict[str, Path]:
        sdk.run(["cmake", "-S", project, "-B", build, "-DCMAKE_BUILD_TYPE=Release"], project)
        sdk.run(["cmake", "--build", build, "-j", "2"], project)
        return {kind: build / f"{content.name}.{kind}" for kind in ("uf2", "elf")}

    def use(self, project: Path) -> list[Advice]:
        folder, build = for_shell(project), for_shell(project / "build")
        return [
            Advice("build it", f"cmake -S {folder} -B {build} && cmake --build {build}"),
            Advice("flash", f"hold BOOTSEL, plug the board in, and copy {build}/*.uf2 to its drive"),
        ]
