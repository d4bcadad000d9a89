"""What speed costs in flash: code of the model ``tcn64`` and of the front end, against what it was before."""

from __future__ import annotations

from pathlib import Path

import pytest

from wwtool.base.assets import asset_dir
from wwtool.budget.dry_build import random_tflite
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target, kernel_set
from wwtool.engines.machines import emulated
from wwtool.engines.measure import code_sizes, text_sizes
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
    folder = asset_dir("firmware_templates") / "core"
    sources = [str(folder / name) for name in DEFAULT_FRONT_END.c_sources(kernel_set(core, "speed"))]
    front_end = text_sizes(sources, machine, tmp_path, "-O2", f"-I{folder}")
    now = sum(size.nbytes for size in code_sizes(model, machine)) + sum(front_end.values())
    print(core, now - BEFORE[core])
    assert now - BEFORE[core] <= MOST
