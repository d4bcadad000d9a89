"""Instructions of a feature frame of the micro front end on emulated cores: every stage, plain and fast.

    python bench/frontend.py [--core cortex-m4]

QEMU counts the instructions (`-icount`). The audio is noise of changing level; the features are held to those of
pymicro-features. `whole` adds to the stages what copies samples.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from wwtool.base.assets import asset_dir
from wwtool.base.temporary import TemporaryFolder
from wwtool.compiler.targets import Target, kernel_set
from wwtool.engines.machines import emulated
from wwtool.frontend.registry import DEFAULT_FRONT_END

STAGES = ("window", "transform", "channels", "levels", "whole", "empty")
FRAMES = 200
ROW = "{:<15}{:<10}" + "{:>11}" * 5


@click.command()
@click.option("--core", "cores", multiple=True, default=("cortex-m4", "cortex-m0plus", "xtensa"))
def main(cores: tuple[Target, ...]) -> None:
    print(ROW.format("core", "version", *STAGES[:5]))
    for core in cores:
        for version in dict.fromkeys(("", kernel_set(core, "speed"))):
            counts = measure(core, version)
            print(ROW.format(core, version or "plain", *(f"{counts[stage]:,}" for stage in STAGES[:5])))


def audio() -> np.ndarray:
    random = np.random.default_rng(0)
    level = np.repeat(10.0 ** random.uniform(0.5, 4.0, FRAMES // 10 + 1), 1600)
    return np.clip(random.normal(0, level), -32768, 32767).astype(np.int16)


def measure(core: Target, version: str) -> dict[str, int]:
    """Instructions of every stage of a frame and of the whole, the mean over all frames."""
    machine = emulated(core)
    folder = asset_dir("firmware_templates") / "core"
    names = DEFAULT_FRONT_END.c_sources(version)
    pcm = audio()
    expected = DEFAULT_FRONT_END.features(pcm)
    with TemporaryFolder("frontend") as work:
        program = work / "program"
        sources = [Path(__file__).with_name("frontend_stages.c"), *(folder / name for name in names)]
        machine.compile(sources, program, ("-O2", f"-I{folder}"))
        raw = machine.run(program, pcm.tobytes())
    features = np.frombuffer(raw[: -4 * len(STAGES)], "<u2").reshape(-1, 40)
    np.testing.assert_array_equal(features, expected)
    ticks = np.frombuffer(raw[-4 * len(STAGES) :], "<u4").astype(np.int64)
    each = ticks * machine.instructions_a_tick // len(features)
    return dict(zip(STAGES, (int(n - each[-1]) for n in each), strict=True))


if __name__ == "__main__":
    main()
