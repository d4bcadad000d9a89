"""Fits the analytic model of budgets to dry builds, and writes platforms/estimates/BOARD.json.

    python bench/budget_fit.py [PLATFORM...] [--models 14] [--seed 1] [--base]

It compiles random networks and random single operators for each platform. An emulated core counts the instructions of
every kernel call, the linker gives the size of each kernel, and firmware with the networks runs on the emulated board.
Run it again when kernels or compilers change; it takes some minutes for each platform. After a change in the code of a
board or of the core, ``--base`` is enough: it measures again, in seconds, what does not depend on the model.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from operator_samples import samples
from scipy.optimize import nnls

from wwtool.base.assets import asset_dir
from wwtool.base.files import write_json
from wwtool.budget import estimate
from wwtool.budget.dry_build import measure_cost, random_model
from wwtool.budget.result import Cost, within
from wwtool.compiler.package import COMPILER_FLAG, CompiledModel, kernel_dir
from wwtool.config import BudgetConfig
from wwtool.engines.machines import emulated
from wwtool.engines.native import count_instructions
from wwtool.engines.random_rows import random_rows
from wwtool.firmware.link_map import CONSOLE, FRONT_END, MODEL_CODE, REST, entries
from wwtool.firmware.toolchains import Toolchain, find_toolchain
from wwtool.models.architecture import Architecture
from wwtool.models.temporal import TemporalArchitecture
from wwtool.models.zoo import ZOO
from wwtool.packages.bare_metal.audio_block import REFERENCE_BLOCK, audio_block_of
from wwtool.packages.compiling import compile_for
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform
from wwtool.tflite.reader import parse_model

PHRASE = "wake word"
_ROWS = 4
_STRUCTS = (
    "dense", "depthwise_taps", "conv_2d", "depthwise_conv_2d", "average_pool_2d", "max_pool_2d", "svdf", "lstm", "add",
    "mul", "extreme", "prelu", "mean", "softmax", "quantize", "dequantize", "rescale", "strided_copy", "dense_packed",
    "conv_2d_packed", "depthwise_packed", "add_packed", "mul_packed",
)  # fmt: skip

Sample = tuple[tuple[float, ...], float]


@click.command()
@click.argument("names", nargs=-1)
@click.option("--models", default=14, show_default=True, help="Random networks a platform.")
@click.option("--seed", default=1, show_default=True)
@click.option("--base", is_flag=True, help="Only what no model changes; the rest stays as it is.")
def main(names: tuple[str, ...], models: int, seed: int, base: bool) -> None:
    for name in names or ("pico", "nano33ble", "esp32s3"):
        path = asset_dir("platforms") / "estimates" / f"{name}.json"
        platform = load_platform(name)
        old = estimate.constants_of_board(platform) if base else None
        constants = rebased(platform, old) if old else fit(platform, models, np.random.default_rng(seed))
        write_json(path, constants.model_dump())
        print(f"{path.name} is written")


def random_architecture(generator: np.random.Generator) -> Architecture:
    """A network like the zoo's first family, of other sizes."""
    stride = int(generator.integers(1, 5))
    return TemporalArchitecture(
        first_channels=int(generator.choice([8, 12, 16, 24, 30, 32, 40])),
        width=int(generator.choice([12, 16, 24, 30, 32, 48, 64, 80])),
        first_kernel=stride + int(generator.integers(0, 4)),
        stride=stride,
        kernels=tuple(int(k) for k in generator.choice([3, 5, 7, 9, 13, 17, 21, 25], int(generator.integers(2, 6)))),
        head_steps=int(generator.integers(1, 7)),
    )


def fit(platform: Platform, models: int, generator: np.random.Generator) -> estimate.Constants:
    """The constants of a platform's board."""
    toolchain = find_toolchain(platform)
    counted: dict[str, list[Sample]] = defaultdict(list)
    for content in samples(generator):
        for optimize in ("speed", "size"):
            variant = platform.model_copy(update={"optimize": optimize})
            _count(compile_for(variant, parse_model(content), "sample"), counted)
    built = [_build(platform, toolchain, next(iter(ZOO.values())))]
    built += [_build(platform, toolchain, random_architecture(generator)) for _ in range(models)]
    for compiled, _, _ in built:
        _count(compiled, counted)
        _count(compile_for(platform.model_copy(update={"optimize": "size"}), compiled.program.graph, "size"), counted)
    instructions = {name: nonnegative(rows) for name, rows in sorted(counted.items())}
    instructions[estimate.ANY_KERNEL] = nonnegative([row for rows in counted.values() for row in rows])
    kernels = kernel_sections(toolchain, sorted(counted), built[0][2])
    constants = estimate.Constants(
        made_by=f"python bench/budget_fit.py {platform.name}",
        **base_constants(platform, toolchain, [cost for _, cost, _ in built]),
        sections={name: nbytes for sizes in kernels.values() for name, nbytes in sorted(sizes.items())},
        kernels={name: tuple(sorted(sizes)) for name, sizes in kernels.items()},
        structs=struct_bytes(toolchain),
        call_code=(),
        instructions=instructions,
        cycles=(),
    )
    code, cycles = [], []
    for compiled, cost, _ in built:
        part = next(part for part in cost.sizes.parts if part.name == MODEL_CODE)
        code.append((estimate.code_features(compiled), part.flash - estimate.kernel_bytes(constants, compiled.program)))
        calls = estimate.call_instructions(constants, compiled.program)
        assert cost.cycles is not None
        cycles.append((estimate.cycle_features(compiled.program, calls), cost.cycles.invoke))
    return constants.model_copy(update={"call_code": nonnegative(code), "cycles": nonnegative(cycles)})


def base_constants(platform: Platform, toolchain: Toolchain, costs: Sequence[Cost]) -> dict[str, Any]:
    """What does not depend on the model, from dry builds."""
    reference, in_flash = costs[0], None
    if platform.memory.hop_bytes:
        without_room = within(platform, BudgetConfig(flash_bytes=platform.memory.hop_bytes))
        in_flash = base_of(_build(without_room, toolchain, next(iter(ZOO.values())))[1])
    shorter, cost, _ = _build(platform, toolchain, TemporalArchitecture(stride=2))
    saved = _ram(base_of(reference)) - _ram(base_of(cost))
    return {
        **base_of(reference).model_dump(),
        "block_sample_bytes": round(saved / (REFERENCE_BLOCK - audio_block_of([shorter]))),
        "in_flash": in_flash,
        "compiler": toolchain.version(),
        "text_bytes": estimate.text_bytes(PHRASE),
        "runs_from_ram": reference.sizes.resident_ram > 0,
        "stack_bytes": max(cost.stack_bytes or 0 for cost in costs),
        "stack_reserved": reference.sizes.stack_reserved,
    }


def _ram(base: estimate.Base) -> int:
    return sum(ram for _, ram, _ in base.parts.values())


def base_of(cost: Cost) -> estimate.Base:
    """What a firmware has beside its model."""
    assert cost.cycles is not None, "the emulator is missing"
    base = [part for part in cost.sizes.parts if part.name in (FRONT_END, CONSOLE, REST)]
    parts = {part.name: (part.flash, part.ram, part.resident) for part in base}
    return estimate.Base(parts=parts, frontend_cycles=cost.cycles.frontend)


def rebased(platform: Platform, old: estimate.Constants) -> estimate.Constants:
    """The constants with a new base."""
    toolchain = find_toolchain(platform)
    costs = [_build(platform, toolchain, architecture)[1] for architecture in ZOO.values()]
    return old.model_copy(update=base_constants(platform, toolchain, costs))


def nonnegative(rows: Sequence[Sample]) -> tuple[float, ...]:
    """Coefficients, none below 0, with the least squares of the relative errors."""
    features = np.asarray([f for f, _ in rows], float)
    target = np.maximum(np.asarray([t for _, t in rows], float), 1.0)
    coefficients, _ = nnls(features / target[:, None], np.ones(len(rows)))
    return tuple(float(f"{value:.5g}") for value in coefficients)


def _count(model: CompiledModel, counted: dict[str, list[Sample]]) -> None:
    """Adds the instructions of every kernel call."""
    counts = count_instructions(model, emulated(model.target), random_rows(model.program.graph, _ROWS), calls=True)
    for call, count in zip(model.program.calls, counts, strict=False):
        counted[call.function].append((estimate.call_features(model.program, call), count))


def _build(
    platform: Platform, toolchain: Toolchain, architecture: Architecture
) -> tuple[CompiledModel, Cost, set[str]]:
    """A dry build, and the names of its sections that belong neither to a kernel nor to a model."""
    with tempfile.TemporaryDirectory(prefix="wwtool-fit-") as name:
        folder = Path(name)
        cost = measure_cost(platform, toolchain, "random", architecture, PHRASE, folder)
        listed = entries(folder / "objects" / "firmware.map")
    sections = {f"{section} {owner}" for _, section, _, owner in listed if not owner.startswith("model_")}
    return random_model(platform, architecture, "random"), cost, sections


def kernel_sections(toolchain: Toolchain, functions: Sequence[str], linked: set[str]) -> dict[str, dict[str, int]]:
    """Bytes of the sections that every function needs, beyond those that are ``linked`` anyway."""
    sizes: dict[str, dict[str, int]] = {}
    flags = [flag for flag in toolchain.flags if flag != "-g"]
    with tempfile.TemporaryDirectory(prefix="wwtool-fit-") as name:
        folder = Path(name)
        sources = sorted(kernel_dir().glob("*.c"))
        _run([toolchain.compiler, *flags, COMPILER_FLAG, "-c", *map(str, sources)], folder)
        for function in functions:
            link = f"-Wl,--gc-sections,-e,{function},--unresolved-symbols=ignore-all,-Ttext=0,-Map={function}.map"
            objects = [f"{source.stem}.o" for source in sources]
            _run([toolchain.compiler, *flags, "-nostdlib", link, "-o", "x.elf", *objects, "-lgcc"], folder)
            sizes[function] = {
                f"{section} {owner}": nbytes
                for output, section, nbytes, owner in entries(folder / f"{function}.map")
                if output in (".text", ".rodata") and nbytes and f"{section} {owner}" not in linked
            }
    return sizes


def struct_bytes(toolchain: Toolchain) -> dict[str, int]:
    """Sizes of the kernels' parameter structs, as the compiler lays them out."""
    text = '#include "ww_kernels_packed.h"\n' + "".join(
        f"char size_of_ww_{name}[sizeof(struct ww_{name})];\n" for name in _STRUCTS
    )
    with tempfile.TemporaryDirectory(prefix="wwtool-fit-") as name:
        folder = Path(name)
        (folder / "sizes.c").write_text(text)
        _run([toolchain.compiler, *toolchain.flags, f"-I{kernel_dir()}", "-c", "sizes.c"], folder)
        lines = _run([toolchain.size[: -len("size")] + "nm", "-S", "sizes.o"], folder).splitlines()
    fields = [line.split() for line in lines if "size_of_" in line]
    return {f[3].removeprefix("size_of_"): int(f[1], 16) for f in fields}


def _run(command: list[str], folder: Path) -> str:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="surrogateescape", check=True
    ).stdout


if __name__ == "__main__":
    main()
