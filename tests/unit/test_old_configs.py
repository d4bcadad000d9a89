"""Config files of earlier versions still load, whatever their keys are called by now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from wwtool import config as config_module
from wwtool import events
from wwtool.base.renamed_keys import Renamed, ignore, migrate
from wwtool.config import RENAMED_KEYS, Config, load_config, parse_config
from wwtool.errors import InputError
from wwtool.jobs.settings import read_config
from wwtool.models.names import choices

OLD_FILES = sorted((Path(__file__).parent / "old_configs").glob("*/*.yaml"))


def leaves(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted paths and values."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


@pytest.mark.parametrize("path", OLD_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_of_an_earlier_version_means_what_it_meant(path: Path) -> None:
    old = yaml.safe_load(path.read_text())
    warnings: list[str] = []
    loaded = load_config(path, warn=warnings.append).model_dump(mode="json")
    used = [key for key in RENAMED_KEYS if key in dict(leaves(old))]
    assert [warning.split(": ")[1] for warning in warnings] == [
        f"{key} is now {RENAMED_KEYS[key].path}; rename it" for key in used
    ]
    values = dict(leaves(loaded))
    for key, value in leaves(migrate(old, RENAMED_KEYS, "old", ignore)):
        if key == "synth.words":
            value = str(path.parent / value)
        assert values[key] == value, key


def test_every_key_of_the_first_version_is_tried() -> None:
    """With another value than its default, so that a key that is dropped on the way is seen."""
    path = next(path for path in OLD_FILES if path.stem == "every_key")
    defaults, values = dict(leaves(Config().model_dump(mode="json"))), dict(leaves(yaml.safe_load(path.read_text())))
    assert len(values) == 75
    assert [key for key in values if key in defaults and values[key] == defaults[key]] == ["select.search"]


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "train.old_steps": Renamed("train.steps", lambda value: value * 2),
        "training.batch": Renamed("train.batch"),
        "train.steps_and_more": Renamed("evaluate.spare_recall", float),
        "seed": Renamed("train.seed"),
    }
    monkeypatch.setattr(config_module, "RENAMED_KEYS", table)


@pytest.mark.usefixtures("renamed")
def test_old_keys_are_read_with_a_warning_that_names_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("train: {old_steps: 50}\ntraining: {batch: 64}\nseed: 3\n")
    heard: list[events.Event] = []
    config = read_config(tmp_path / "c.yaml", {"phrase": "hey"}, heard.append)
    assert (config.train.steps, config.train.batch, config.train.seed, config.phrase) == (100, 64, 3, "hey")
    pairs = (("train.old_steps", "train.steps"), ("training.batch", "train.batch"), ("seed", "train.seed"))
    assert heard == [events.Warning(f"{tmp_path / 'c.yaml'}: {old} is now {new}; rename it") for old, new in pairs]


@pytest.mark.usefixtures("renamed")
def test_overrides_win_over_an_old_key(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("train: {old_steps: 50}\n")
    assert load_config(tmp_path / "c.yaml", {"train": {"steps": 70}}).train.steps == 70


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train": {"old_steps": 50, "steps": 40}}, "c: train.old_steps is the old name of train.steps, and both"),
        (
            {"train": {"steps_and_more": "x"}},
            "c: train.steps_and_more: could not convert .* give evaluate",
        ),
        ({"train": {"steps_and_more": []}}, "c: train.steps_and_more: .* give evaluate.spare_recall instead"),
        ({"training": {"batch": 1}}, "c: train.batch: input should be greater"),
        ({"seed": 1, "train": 3}, "c: seed is now train.seed, but train is not a section"),
        ({"training": 3}, "c: training is not a known key"),
    ],
)
def test_old_keys_that_cannot_be_read(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_config(values, "c")


def test_a_key_may_become_a_section_of_its_own_name() -> None:
    table = {"ema": Renamed("ema.decay")}
    heard: list[str] = []
    assert migrate({"ema": 0.9}, table, "c", heard.append) == {"ema": {"decay": 0.9}}
    assert migrate({"ema": {"decay": 0.8}}, table, "c", heard.append) == {"ema": {"decay": 0.8}}
    assert heard == ["c: ema is now ema.decay; rename it"]


def test_the_values_given_are_left_as_they_are() -> None:
    values = {"a": {"b": [1]}}
    migrate(values, {"a.b": Renamed("c")}, "c", ignore)
    assert values == {"a": {"b": [1]}}


def test_a_model_that_is_not_in_the_zoo(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("model: resnet\n")
    with pytest.raises(InputError) as caught:
        read_config(tmp_path / "c.yaml", {}, events.ignore)
    assert str(caught.value) == (f"{tmp_path / 'c.yaml'}: model: must be 'auto' or one of {choices()} (it is 'resnet')")
