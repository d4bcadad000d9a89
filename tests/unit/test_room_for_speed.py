"""What speed costs in flash: code of the model ``tcn64`` and of the front end, against what it was before."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wwtool.base.assets import asset_dir
from wwtool.budget.dry_build import random_tflite
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target, kernel_set
from wwtool.engines.machines import emulated
from wwtool.engines.measure import code_sizes
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.names import architecture_of
from wwtool.tflite.reader import parse_model

MOST = 4096
# Model and front end before there were fast versions of the front end and the present kernels: GCC 12.2 at -O2.
BEFORE: dict[Target, int] = {"cortex-m4": 4_940 + 4_868, "cortex-m0plus": 3_556 + 5_320, "xtensa": 3_903 + 5_521}


@pytest.mark.parametrize("core", BEFORE)
def test_code_grew_by_less_than_4_kib(core: Target, tmp_path: Path) -> None:
    machine = emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} is missing")
    model = compile_graph(parse_model(random_tflite(architecture_of("tcn64"), "tcn64")), "model", core, "speed")
    now = sum(size.nbytes for size in code_sizes(model, machine))
    folder = asset_dir("firmware_templates") / "core"
    flags = [flag for flag in machine.flags if not flag.startswith("-Wl,")]
    for number, name in enumerate(DEFAULT_FRONT_END.c_sources(kernel_set(core, "speed"))):
        target = tmp_path / f"{number}.o"
        command = [machine.compiler, "-std=c99", *flags, "-O2", f"-I{folder}", "-c", str(folder / name)]
        subprocess.run([*command, "-o", str(target)], check=True, capture_output=True)
        size = machine.compiler.removesuffix("gcc") + "size"
        listing = subprocess.run([size, str(target)], check=True, capture_output=True, text=True).stdout
        now += int(listing.splitlines()[1].split()[0])
    print(core, now - BEFORE[core])
    assert now - BEFORE[core] <= MOST
