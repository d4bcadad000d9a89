"""A config names the front end: its settings, its statistics, and what it cannot be together with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wwtool import events
from wwtool.budget.dry_build import random_model, samples_of
from wwtool.budget.estimate import estimated_cycles, estimated_sizes
from wwtool.config import AugmentConfig, Config, load_config, parse_config
from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.features.pools import PoolJob, load_pool, make_pool
from wwtool.frontend.mel import MelFrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END, FRONT_ENDS, front_end_of
from wwtool.frontend.statistics import Statistics, Sums, read_statistics
from wwtool.jobs.settings import read_config
from wwtool.models.names import architecture_of
from wwtool.packages.library import write_core
from wwtool.packages.programs import config_text
from wwtool.pipeline.stages import Stages
from wwtool.pipeline.statistics import STATISTICS, normalized
from wwtool.platforms.load import load_platform


def config_with(**frontend: Any) -> Config:
    return parse_config({"frontend": frontend}, "c")


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_every_front_end_is_chosen_by_its_kind(kind: str) -> None:
    assert front_end_of(config_with(kind=kind).frontend) == FRONT_ENDS[kind]


def test_the_default_is_micro() -> None:
    assert front_end_of(Config().frontend) == DEFAULT_FRONT_END


def test_settings_reach_the_front_end() -> None:
    geometry = front_end_of(config_with(kind="mel", bands=20, window_ms=25, step_ms=20).frontend).geometry
    assert (geometry.channels, geometry.window_samples, geometry.step_samples) == (20, 400, 320)
    assert (geometry.hop_ms, geometry.frames_per_hour) == (20.0, 180_000)
    assert front_end_of(config_with(kind="mfcc", coefficients=10).frontend).geometry.channels == 10


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "ear"}, "frontend"),
        ({"kind": "micro", "bands": 20}, r"frontend\.micro\.bands is not a known key"),
        ({"kind": "mel", "coefficients": 13}, "coefficients is not a known key"),
        ({"kind": "mel", "step_ms": 40}, "step_ms must not be more than window_ms"),
        ({"kind": "mfcc", "bands": 8}, "coefficients must not be more than bands"),
        ({"bands": 20}, "frontend"),
    ],
)
def test_wrong_settings_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        config_with(**values)


def test_features_of_others_are_those_of_micro() -> None:
    with pytest.raises(InputError, match=r"pools\.features holds features of the front end micro.*leave one of them"):
        parse_config({"frontend": {"kind": "mel"}, "pools": {"features": ["x"]}}, "c")


def test_bands_without_a_bin_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("frontend: {kind: mel, bands: 100, window_ms: 10}\n")
    with pytest.raises(InputError, match=r"c\.yaml: frontend\.bands: band 1 of 100 lies between two bins"):
        read_config(path, {}, events.ignore)


def statistics(front_end: MelFrontEnd) -> Statistics:
    sums = Sums(front_end.geometry.channels)
    sums.add(np.arange(10 * front_end.geometry.channels, dtype=np.int32).reshape(10, -1))
    return sums.statistics(front_end)


def test_statistics_are_exact_and_kept(tmp_path: Path) -> None:
    front_end = MelFrontEnd()
    values = np.random.default_rng(0).integers(0, 24_000, (1000, 40)).astype(np.int32)
    sums = Sums(40)
    for part in np.array_split(values, 7):
        sums.add(part)
    kept = sums.statistics(front_end)
    np.testing.assert_allclose(kept.mean, values.mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(kept.deviation, values.std(axis=0), atol=1e-3)
    kept.save(tmp_path / STATISTICS)
    assert read_statistics(tmp_path) == read_statistics(tmp_path / STATISTICS) == kept


def test_statistics_of_another_front_end_say_how_to_recompute(tmp_path: Path) -> None:
    statistics(front_end_of(config_with(kind="mel", bands=20).frontend)).save(tmp_path / "s.json")  # type: ignore[arg-type]
    (tmp_path / "c.yaml").write_text("frontend: {kind: mel, bands: 32, statistics: s.json}\n")
    said = r"s\.json holds 20 channels of .*bands 20.* and frontend makes 32 .*leave frontend\.statistics out"
    with pytest.raises(InputError, match=said):
        read_config(tmp_path / "c.yaml", {}, events.ignore)
    assert load_config(tmp_path / "c.yaml").frontend.statistics == str(tmp_path / "s.json")  # type: ignore[union-attr]


@pytest.mark.parametrize("change", [{"mean": [1e9]}, {"deviation": [-1.0]}, {"frames": 0}, {"version": 2}, {"x": 1}])
def test_damaged_statistics_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    statistics(MelFrontEnd()).save(tmp_path / "s.json")
    values = json.loads((tmp_path / "s.json").read_text())
    (tmp_path / "s.json").write_text(json.dumps({**values, **change}))
    with pytest.raises(InputError, match="is damaged"):
        read_statistics(tmp_path / "s.json")


def noise_job(front_end: Any) -> PoolJob:
    return PoolJob("noise", "noise", None, 0.01, 1, AugmentConfig(), front_end=front_end)


def test_a_run_is_normalised_by_its_own_audio(tmp_path: Path) -> None:
    front_end = MelFrontEnd()
    stages = Stages(tmp_path)
    ready = normalized(stages, config_with(kind="mel"), front_end, [(noise_job(front_end), 1.0)])
    assert ready != front_end
    assert ready == normalized(stages, config_with(kind="mel"), front_end, [(noise_job(front_end), 1.0)])
    job = noise_job(ready)
    pool = load_pool(make_pool(job, tmp_path), "noise", ready.geometry)
    assert np.abs(pool.features.mean(axis=0)).max() < 4
    assert np.abs(pool.features.std(axis=0) - 32).max() < 6
    given = config_with(kind="mel", statistics=str(tmp_path))
    assert normalized(Stages(tmp_path / "other"), given, front_end, []) == ready
    assert read_statistics(tmp_path / "other") == read_statistics(tmp_path)
    assert normalized(stages, config_with(kind="mel", normalize=False), front_end, []) == front_end
    assert normalized(stages, Config(), DEFAULT_FRONT_END, []) == DEFAULT_FRONT_END


def test_pools_of_another_front_end_have_another_name() -> None:
    names = {
        noise_job(f).key for f in (DEFAULT_FRONT_END, MelFrontEnd(), MelFrontEnd().normalized([1.0] * 40, [9.0] * 40))
    }
    assert len(names) == 3


def test_nothing_is_estimated_for_another_front_end(tmp_path: Path) -> None:
    platform, front_end = load_platform("pico"), front_end_of(config_with(kind="mfcc", step_ms=20).frontend)
    model = random_model(platform, architecture_of("tinyconv", front_end), "m")
    assert estimated_sizes(platform, model, "hey") is None and estimated_cycles(platform, model) is None
    assert samples_of(model) == model.input_frames * 320 + 480
    assert ".step_samples = 320," in config_text(model, "hey", DetectorConfig())


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_a_library_has_the_front_end_and_no_other(kind: str, tmp_path: Path) -> None:
    front_end = FRONT_ENDS[kind]
    write_core(tmp_path, load_platform("pico"), front_end)
    names = {path.name for path in tmp_path.iterdir()}
    assert ("ww_fft.h" in names) == (front_end == DEFAULT_FRONT_END)
    assert ("ww_mel_settings.h" in names) == (front_end != DEFAULT_FRONT_END)
    header = (tmp_path / "ww_frontend.h").read_text()
    assert ("WW_FRONTEND_CHANNELS = 40" in header) == (front_end == DEFAULT_FRONT_END)
