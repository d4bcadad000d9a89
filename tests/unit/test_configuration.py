"""What can be asked of the configuration: keys, differences, presets, old files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from wwtool import events
from wwtool.base.assets import asset_dir
from wwtool.cli.config import config
from wwtool.config import Config
from wwtool.config.presets import presets
from wwtool.errors import InputError
from wwtool.jobs import configuration
from wwtool.jobs.settings import read_config


def test_a_key_says_what_it_does_and_may_be() -> None:
    (key,) = configuration.explain("train.objective")
    assert key.default == Config().train.objective
    assert "ranking" in key.choices
    (key,) = configuration.explain("train.optimization.dropout")
    assert key.schema["exclusiveMaximum"] == 1.0
    assert {key.path for key in configuration.explain("split")} >= {"split.dev", "split.test"}


def test_a_key_that_is_not_there_is_answered_with_similar_ones() -> None:
    for asked, said in (
        ("train.objectve", "train.objective"), ("dropout", r"train\.optimization\.dropout"),
        ("train.time_warp", r"is now augment\.spectrogram\.time_warp"), ("zzz", "explain train"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            configuration.explain(asked)


def test_every_key_of_every_section_is_explained() -> None:
    paths = {key.path for section in Config.model_fields for key in configuration.explain(section)}
    assert len(paths) > 150
    assert all(key.description for section in Config.model_fields for key in configuration.explain(section))


def test_presets_load_by_name_and_say_what_they_are_for() -> None:
    assert set(presets()) >= {"recordings", "synthetic", "quick", "best", "tiny"}
    for name, purpose in configuration.preset_lines():
        assert purpose.endswith("."), name
        by_name, by_file = (
            read_config(path, {}, events.ignore) for path in (Path(name), asset_dir("configs") / f"{name}.yaml")
        )
        assert by_name == by_file


def test_a_file_wins_over_a_preset_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny").write_text("train: {steps: 77}\n")
    assert read_config(Path("tiny"), {}, events.ignore).train.steps == 77


def test_a_preset_wins_over_a_folder_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is called as its preset."""
    monkeypatch.chdir(tmp_path)
    Path("tiny").mkdir()
    assert read_config(Path("tiny"), {}, events.ignore) == read_config(
        asset_dir("configs") / "tiny.yaml", {}, events.ignore
    )
    assert CliRunner().invoke(config, ["diff", "tiny"]).exit_code == 0


def test_differences(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("train: {steps: 77, loss: {parts: {focal: 2}}}\n")
    changes = {change.path: (change.first, change.second) for change in configuration.differences(None, path)}
    assert changes == {
        "train.steps": (Config().train.steps, 77), "train.loss.parts.focal": (None, 2.0),
        "train.loss.parts.distillation": (1.0, None), "train.loss.parts.ranking": (0.3, None),
    }  # fmt: skip
    assert configuration.differences(path, path) == []


def test_an_old_file_becomes_a_new_one(tmp_path: Path) -> None:
    path, out, told = tmp_path / "old.yaml", tmp_path / "new.yaml", list[events.Event]()
    path.write_text("train: {time_warp: 0.1, steps: 100}\n")
    text = configuration.migrated(path, out, told.append)
    assert out.read_text() == text
    assert yaml.safe_load(text) == {"train": {"steps": 100}, "augment": {"spectrogram": {"time_warp": 0.1}}}
    assert len(told) == 1
    with pytest.raises(InputError, match="steps"):
        path.write_text("train: {steps: -1}\n")
        configuration.migrated(path, None)


def test_the_schema_has_every_section() -> None:
    assert set(json.loads(configuration.schema())["properties"]) == set(Config.model_fields)
