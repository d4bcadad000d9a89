"""The front end MFE beside Edge Impulse's own block: how many int8 features differ, and by how much.

    git clone https://github.com/edgeimpulse/processing-blocks
    python bench/mfe.py processing-blocks

Noise of three levels, a sweep of tones and silence go through both. The block computes in floating point, and rounds to
steps of 1/256, which are the int8 inputs of a model. Left out are the first frames, whose first sample the block takes
for one behind the window's end, and features of 1 and more, which the block wraps to 0 (its firmware limits them).
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import numpy as np

from wwtool.config.frontend import MfeConfig
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.frontend.mfe import MfeFrontEnd

SETTINGS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "32 bands of 32 ms": {"bands": 32, "frame_ms": 32, "step_ms": 16, "fft_length": 512, "lowest_hz": 300.0},
    "20 bands of 8 ms": {"bands": 20, "frame_ms": 8, "step_ms": 20, "fft_length": 128, "noise_floor_db": -72},
    "version 3": {"bands": 24, "frame_ms": 40, "step_ms": 20, "fft_length": 1024, "version": 3},
}
ROW = "{:<20}{:>10}{:>8}{:>12}{:>12}{:>10}"


@click.command()
@click.argument("blocks", type=click.Path(exists=True, path_type=Path))
def main(blocks: Path) -> None:
    peer = block(blocks / "mfe")
    print(ROW.format("settings", "features", "equal", "1 step off", "2 to 4", "more"))
    for name, settings in SETTINGS.items():
        config = MfeConfig(**settings)
        off = np.concatenate([distances(peer, config, pcm) for pcm in sounds()])
        shares = [f"{np.mean(where):.2%}" for where in (off == 0, off == 1, (off > 1) & (off <= 4), off > 4)]
        print(ROW.format(name, f"{off.size:,}", *shares), flush=True)


def block(folder: Path) -> ModuleType:
    """Edge Impulse's block. Its pictures are left out, and so is what draws them."""
    sys.path.insert(0, str(folder))
    sys.modules["common.graphing"] = ModuleType("common.graphing")
    spec = importlib.util.spec_from_file_location("edge_impulse_mfe", folder / "dsp.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sounds() -> list[np.ndarray]:
    """A second each, int16."""
    random, time = np.random.default_rng(0), np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    waves = [random.normal(0, level, SAMPLE_RATE_HZ) for level in (30, 1000, 9000)]
    waves.append(20_000 * np.sin(2 * np.pi * (50 + 3900 * time) * time))
    waves.append(np.zeros(SAMPLE_RATE_HZ))
    return [np.clip(np.round(wave), -32768, 32767).astype(np.int16) for wave in waves]


def distances(peer: ModuleType, config: MfeConfig, pcm: np.ndarray) -> np.ndarray:
    """How many steps each feature lies from the peer's."""
    told = peer.generate_features(
        config.version, False, pcm[1:].astype(float), ["audio"], SAMPLE_RATE_HZ, config.frame_ms / 1000,
        config.step_ms / 1000, config.bands, config.fft_length, config.lowest_hz, config.highest_hz, 101,
        config.noise_floor_db,
    )["features"]  # fmt: skip
    theirs = np.round(np.array(told) * 256).astype(int).reshape(-1, config.bands) - 128
    ours = MfeFrontEnd(config).quantized([pcm])[1 : len(theirs)].astype(int)
    theirs = theirs[1 : len(ours) + 1]
    return np.asarray(np.abs(ours - theirs)[(ours < 127) | (theirs > -128)])


if __name__ == "__main__":
    main()
