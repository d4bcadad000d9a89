"""Instructions of a feature frame of the micro front end on emulated cores: every stage, plain and fast.

    python bench/frontend.py [--core cortex-m4] [--peer pymicro_features-2.0.2.tar.gz]

QEMU counts the instructions (`-icount`). The audio is noise of changing level; the features are held to those of
pymicro-features. `whole` adds to the stages what copies samples.

--peer counts TFLM's own front end beside it, with the same audio and features, on the two Cortex cores (the Xtensa
compiler comes without the C++ and the doubles that it needs). Its sources are in the source distribution of
pymicro-features:

    pip download --no-deps --no-binary :all: pymicro-features==2.0.2
"""

from __future__ import annotations

from pathlib import Path

import click
import frontend_peer
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
@click.option("--peer", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(cores: tuple[Target, ...], peer: Path | None) -> None:
    print(ROW.format("core", "version", *STAGES[:5]))
    for core in cores:
        for version in dict.fromkeys(("", kernel_set(core, "speed"))):
            counts = measure(core, version)
            print(ROW.format(core, version or "plain", *(f"{counts[stage]:,}" for stage in STAGES[:5])))
        if peer is not None and core.startswith("cortex"):
            print(ROW.format(core, "TFLM", "", "", "", "", f"{measure_peer(core, peer):,}"))


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


def measure_peer(core: Target, peer: Path) -> int:
    """Instructions of a frame of TFLM's front end."""
    pcm = audio()
    with TemporaryFolder("frontend") as work:
        return frontend_peer.instructions(
            emulated(core), frontend_peer.unpacked(peer, work), pcm, DEFAULT_FRONT_END.features(pcm)
        )


if __name__ == "__main__":
    main()
