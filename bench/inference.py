"""What an inference costs on an emulated Pico, for the zoo and for any streaming .tflite that you name.

    python bench/inference.py [MODEL.tflite ...]

Prints flash, RAM and cycles of the whole firmware with each model. Cycles are counted by the emulated core (Cortex-M0+
timings, no waits for flash), so they do not depend on the machine that runs this.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from wwtool.budget.dry_build import count_cycles, random_model
from wwtool.compiler.package import CompiledModel
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.image import build_image
from wwtool.packages.bare_metal.project import write_project
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import read_model

_ROW = "{:<24}{:>9}{:>9}{:>7}{:>7}{:>8}{:>8}{:>10}{:>7}"


def main(paths: list[Path]) -> None:
    platform = load_platform("pico")
    models = [random_model(platform, architecture, name) for name, architecture in ZOO.items()]
    models += [compile_for(platform, read_model(path), path.stem) for path in paths]
    print(_ROW.format("model", "MACs", "weights", "arena", "state", "flash", "RAM", "cycles", "a MAC"))
    for model in models:
        measure(platform, model)


def measure(platform: Platform, model: CompiledModel) -> None:
    toolchain = find_toolchain(platform)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = write_project(folder / "firmware", platform, toolchain, model, "bench", DetectorConfig())
        image = build_image(project, platform, toolchain, folder / "objects", folder / "image", "bench")
        cycles = count_cycles(platform, image.files, model)
    invoke = cycles.invoke if cycles else 0
    memory, sizes = model.memory, image.sizes
    figures = (model.macs, model.weight_bytes, memory.arena_bytes, memory.state_bytes, sizes.flash, sizes.ram, invoke)
    print(_ROW.format(model.name, *(f"{figure:,}" for figure in figures), f"{invoke / model.macs:.1f}"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="*")
    main(parser.parse_args().models)
