"""Finished runs as teachers: of another architecture, several at once, and told apart by their content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_training import CONFIG, POOLS, TINY_RESIDUAL, run

from wwtool import events
from wwtool.config import load_config
from wwtool.config.teacher import TeacherConfig
from wwtool.errors import InputError
from wwtool.jobs.settings import read_config
from wwtool.models.temporal import TemporalArchitecture
from wwtool.training.run import Run
from wwtool.training.teachers import TEACHERS, check_teacher

NONE = np.zeros(0, np.int64)
LONGER = TemporalArchitecture(4, 4, 3, 3, (4, 5), 2)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("runs")
    run(folder / "one", architecture=TINY_RESIDUAL)
    run(folder / "build" / "run", architecture=LONGER)
    return str(folder / "one"), str(folder / "build")


def taught_by(folder: Path, *names: str) -> Run:
    config = CONFIG.model_copy(update={"teacher": TeacherConfig(name="runs", runs=names)})
    return Run(folder, TINY_RESIDUAL, POOLS, config, "a")


def test_runs_of_several_shapes_teach_together(tmp_path: Path, runs: tuple[str, str]) -> None:
    teacher = TEACHERS["runs"]
    assert teacher.teach(taught_by(tmp_path, *runs)) == [None] * len(POOLS), "they hear the windows themselves"
    assert [net.architecture for net in teacher.listeners(taught_by(tmp_path, *runs))] == [TINY_RESIDUAL, LONGER]
    nobody_knows = [replace(w, pool=replace(w.pool, starts=NONE, ends=NONE, labelled=False)) for w in POOLS]
    one, other, both = (
        teacher.teach(replace(taught_by(tmp_path, *names), pools=nobody_knows)) for names in (runs[:1], runs[1:], runs)
    )
    for a, b, together, weighted in zip(one, other, both, POOLS, strict=True):
        assert a is not None and b is not None and together is not None
        assert together.shape == weighted.pool.features.shape[:1]
        first = LONGER.receptive_frames
        assert np.isfinite(together[first:]).all()
        np.testing.assert_allclose(together[first:], (a[first:] + b[first:]) / 2, rtol=1e-4, atol=1e-4)
    assert teacher.receptive_seconds(taught_by(tmp_path, *runs)) == LONGER.receptive_seconds


def test_another_checkpoint_is_another_teacher(runs: tuple[str, str]) -> None:
    one, other = (TEACHERS["runs"].fingerprint(TeacherConfig(name="runs", runs=(name,))) for name in runs)
    assert one != other


def test_a_teacher_that_is_no_run_is_named(tmp_path: Path) -> None:
    for given, message in (((), "names no run"), ((str(tmp_path),), "holds no checkpoint")):
        with pytest.raises(InputError, match=message):
            check_teacher(TeacherConfig(name="runs", runs=given))
    with pytest.raises(InputError, match=r"train\.teacher\.runs"):
        read_config(None, {"train": {"teacher": {"name": "runs"}}}, events.ignore)


def test_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("train: {teacher: {name: runs, runs: [old]}}\n")
    assert load_config(tmp_path / "my.yaml").train.teacher.runs == (str(tmp_path / "old"),)
