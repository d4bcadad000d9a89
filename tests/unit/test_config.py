"""Configurations: what ships is valid, and every mistake is named with its key path."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml

from wwtool.base.assets import asset_dir
from wwtool.base.yaml_files import MOST_BYTES, read_yaml
from wwtool.config import Config, load_config, parse_config
from wwtool.errors import InputError


@pytest.mark.parametrize("path", sorted(asset_dir("configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configs_are_valid(path: Path) -> None:
    load_config(path)


def test_nothing_given_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert load_config(None) == load_config(tmp_path / "empty.yaml") == Config()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"trian": {}}, "c: trian is not a known key"),
        ({"train": {"step": 5}}, "c: train.step is not a known key"),
        ({"train": {"steps": 5}}, "c: train.steps: input should be greater than or equal to 20 (it is 5)"),
        ({"train": {"steps": "many"}}, "c: train.steps: input should be a valid integer"),
        ({"train": {"device": "tpu"}}, "c: train.device: input should be 'auto', 'cpu' or 'cuda'"),
        ({"train": {"learning_rate": 0}}, "c: train.learning_rate"),
        ({"train": {"ema": 1.0}}, "c: train.ema"),
        ({"train": {"mine_at": [0.4, 1.5]}}, "c: train.mine_at.1"),
        ({"train": {"window_end_frames": [5]}}, "c: train.window_end_frames"),
        ({"train": {"window_end_frames": [16, -2]}}, "c: train: window_end_frames must be [low, high]"),
        ({"train": {"window_end_frames": [0, 10**9]}}, "within -1000 and 1000"),
        ({"train": 3}, "c: train"),
        ({"select": {"margin": 1.0}}, "c: select.margin"),
        ({"select": {"search": 0}}, "c: select.search"),
        ({"model": "tcn32", "select": {"search": 2}}, "select.search must be 1 where the model is given (tcn32)"),
        ({"augment": {"speed": [1.2, 0.9]}}, "c: augment.speed: must be [low, high] with low <= high"),
        ({"augment": {"speed": [0.1, 0.9]}}, "c: augment.speed.0: input should be greater than or equal to 0.5"),
        ({"augment": {"snr_db": [-200, 0]}}, "c: augment.snr_db.0"),
        ({"augment": {"babble": float("nan")}}, "c: augment.babble"),
        ({"detector": {"votes_needed": 3}}, "c: detector: votes_needed must not be more than votes_window"),
        ({"detector": {"on_threshold": 256}}, "c: detector.on_threshold"),
        ({"split": {"dev": 0.5, "test": 0.4}}, "c: split: dev and test together must leave at least 0.2"),
        ({"evaluate": {"false_alarms_per_hour": float("inf")}}, "c: evaluate.false_alarms_per_hour"),
        ({"budget": {"flash_bytes": 0}}, "c: budget.flash_bytes"),
        ({"synth": {"language": "English!"}}, "c: synth.language"),
        ({"phrase": "x" * 61}, "c: phrase"),
        ({"frontend": {"kind": "foo"}}, "c: frontend.kind: 'foo' is none of micro, mel, mfcc"),
    ],
)
def test_mistakes_are_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_config(values, "c")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1", "is not valid YAML"),
        (b"- 1\n- 2\n", "must hold keys and values, not a list"),
        (b"just text", "must hold keys and values, not a str"),
        (b"1: 2\n", "must hold keys and values"),
        (b"\xff\xfe\x00", "is not valid YAML"),
        (b"a: !!python/object/apply:os.system [true]\n", "is not valid YAML"),
        (b"train: {steps: .nan}\n", "train.steps"),
    ],
)
def test_files_that_are_no_configs(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_config(tmp_path / "c.yaml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["seed: 1\nseed: 2\n", "train: {steps: 40, qat_steps: 20, steps: 50}\n"])
def test_a_key_that_is_there_twice(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(InputError, match=r"c.yaml is not valid YAML: the key '(seed|steps)' is there twice"):
        read_yaml(tmp_path / "c.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.yaml: no such file"):
        read_yaml(tmp_path / "none.yaml")


def bomb(levels: int, merged: bool) -> str:
    """Every level stands for ten of the one before."""
    lines = ["l0: &l0 {" + ", ".join(f"k{i}: 1" for i in range(10)) + "}"]
    for level in range(1, levels + 1):
        tenfold = ", ".join([f"*l{level - 1}"] * 10)
        lines.append(f"l{level}: &l{level} {{<<: [{tenfold}]}}" if merged else f"l{level}: &l{level} [{tenfold}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "content",
    [bomb(9, True), bomb(9, False), "a: &a [*a]", "a: &a {b: *a}", f"a: &a '{'x' * 100_000}'\nb: [{'*a, ' * 1000}]"],
    ids=["merges", "lists", "list in itself", "mapping in itself", "long text"],
)
def test_aliases_do_not_make_a_small_file_large(tmp_path: Path, content: str) -> None:
    (tmp_path / "bomb.yaml").write_text(content)
    tracemalloc.start()
    with pytest.raises(InputError, match="aliases"):
        read_yaml(tmp_path / "bomb.yaml")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_few_aliases_are_expanded(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\n" + bomb(3, True))
    values = read_yaml(tmp_path / "c.yaml")
    assert values["b"] == {"x": 1, "y": 3} and values["c"] == [{"x": 1, "y": 2}] * 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: 2001-99-99", "not valid YAML"),
        (b"a: " + b"9" * 5000, "not valid YAML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "a Git LFS pointer"),
        (b"<html><body>Not found</body></html>", "an HTML page"),
        (b"# " + b"x" * MOST_BYTES, "larger than"),
    ],
)
def test_what_yaml_files_may_hold(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "c.yaml").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_yaml(tmp_path / "c.yaml")


def test_overrides_win_and_leave_their_neighbours(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"train": {"steps": 100, "batch": 32}, "model": "tcn32"}))
    config = load_config(tmp_path / "c.yaml", {"train": {"steps": 200}, "phrase": "hey"})
    assert (config.train.steps, config.train.batch, config.model, config.phrase) == (200, 32, "tcn32", "hey")


def test_a_config_survives_its_own_dump() -> None:
    assert parse_config(Config().model_dump(mode="json"), "c") == Config()


def test_a_file_that_is_nested_too_deeply(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("a: " + "[" * 3000)
    with pytest.raises(InputError, match="nested too deeply"):
        load_config(path)
