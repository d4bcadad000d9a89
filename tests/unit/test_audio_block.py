"""The length of a microphone's blocks follows the hop of a firmware's model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.budget.dry_build import random_model
from wwtool.errors import ToolError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.toolchains import find_toolchain
from wwtool.models.temporal import TemporalArchitecture
from wwtool.packages.bare_metal.audio_block import block_samples
from wwtool.packages.bare_metal.project import write_project
from wwtool.platforms.load import load_platform

SMALL = TemporalArchitecture(first_channels=8, width=8, kernels=(3,), head_steps=2)


@given(st.integers(1, 20_000))
def test_the_drivers_get_what_they_work_with(hop: int) -> None:
    samples = block_samples([hop])
    assert 240 <= samples <= 960 and samples % 8 == 0
    whole = hop % 8 == 0 and (hop <= 960)
    assert not whole or samples % hop == 0, "the core wakes for whole hops"


@pytest.mark.parametrize(("stride", "samples"), [(1, 480), (2, 320), (3, 480), (4, 640), (6, 960), (7, 560)])
@pytest.mark.parametrize("name", ["pico", "nano33ble", "esp32s3"])
def test_a_project_has_the_blocks_of_its_model(name: str, stride: int, samples: int, tmp_path: Path) -> None:
    platform = load_platform(name)
    try:
        toolchain = find_toolchain(platform)
    except ToolError as error:
        pytest.skip(str(error))
    model = random_model(platform, replace(SMALL, stride=stride, first_kernel=stride), "random")
    write_project(tmp_path, platform, toolchain, model, "hey", DetectorConfig())
    assert f"#define AUDIO_BLOCK_SAMPLES {samples}\n" in (tmp_path / "board" / "audio_block.h").read_text()
