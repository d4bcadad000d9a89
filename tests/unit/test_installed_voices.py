"""Installed voices: where they are, what describes them, and that a damaged one is noticed and named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wwtool.base.home import wwtool_home
from wwtool.data import installed_voices as module
from wwtool.data.installed_voices import (
    DESCRIPTION,
    VoiceDescription,
    describe_files,
    installed_voices,
    is_voice_name,
    read_description,
    voices_home,
    write_description,
)
from wwtool.errors import InputError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WWTOOL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def install(name: str = "anna", engine: str = "kokoro", **changes: Any) -> Path:
    """A voice with a file and a folder."""
    folder = voices_home() / name
    (folder / "vectors").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"model of " + name.encode())
    (folder / "vectors/one.bin").write_bytes(b"1")
    (folder / "vectors/two.bin").write_bytes(b"2")
    values: dict[str, Any] = {
        "name": name, "engine": engine, "title": "Anna", "languages": ["en-us", "de"], "speakers": 2,
        "licence": "Apache-2.0", "source": "a test", "files": describe_files(folder, ["model.onnx", "vectors/"]),
    }  # fmt: skip
    write_description(folder, VoiceDescription(**{**values, **changes}))
    return folder


def test_there_are_none_without_a_home(home: Path) -> None:
    assert installed_voices() == []
    assert not home.exists()


def test_voices_of_an_engine() -> None:
    install("anna")
    install("bert", engine="piper")
    (anna,) = installed_voices("kokoro")
    assert [voice.name for voice in installed_voices()] == ["anna", "bert"]
    assert anna.description.languages == ("en-us", "de")
    assert anna.path("model.onnx").read_bytes() == b"model of anna"
    assert sorted(path.name for path in anna.path("vectors/").iterdir()) == ["one.bin", "two.bin"]
    assert anna.fingerprint != installed_voices("piper")[0].fingerprint
    with pytest.raises(InputError, match=r"the voice anna has no file \.\./secret"):
        anna.path("../secret")


def test_a_file_that_changed_is_named() -> None:
    folder = install()
    installed_voices()
    (folder / "model.onnx").write_bytes(b"modem of anna")
    with pytest.raises(InputError, match=r"model\.onnx is not the file that was installed.*voices remove anna"):
        installed_voices()
    (folder / "model.onnx").write_bytes(b"short")
    with pytest.raises(InputError, match=r"model\.onnx has 5 bytes instead of 13"):
        installed_voices()
    (folder / "model.onnx").unlink()
    with pytest.raises(InputError, match=r"model\.onnx is missing"):
        installed_voices()
    assert installed_voices("piper") == []  # voices of other engines can be used


def test_a_folder_is_held_to_all_its_files() -> None:
    folder = install()
    (folder / "vectors/two.bin").write_bytes(b"3")
    with pytest.raises(InputError, match="vectors is not the file that was installed"):
        installed_voices()
    (folder / "vectors/two.bin").rename(folder / "vectors/three.bin")
    with pytest.raises(InputError, match="vectors is not the file that was installed"):
        installed_voices()


def test_a_hash_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    install()
    installed_voices()
    monkeypatch.setattr(module, "digest_of", lambda path: pytest.fail(f"{path} is hashed again"))
    assert len(installed_voices()) == 1


def test_links_that_lead_nowhere_are_no_files() -> None:
    folder = install()
    (folder / "vectors/gone.bin").symlink_to("nowhere")
    assert len(installed_voices()) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "../anna"),
        ("name", "anna\n"),
        ("name", "bert"),
        ("engine", "a b"),
        ("languages", []),
        ("languages", ["EN"]),
        ("speakers", 0),
        ("licence", ""),
        ("files", {}),
        ("files", {"../model.onnx": {"bytes": 1, "sha256": "0" * 64}}),
        ("files", {"/etc/passwd": {"bytes": 1, "sha256": "0" * 64}}),
        ("files", {"a/./b": {"bytes": 1, "sha256": "0" * 64}}),
        ("files", {"model.onnx": {"bytes": 1, "sha256": "0" * 63}}),
        ("files", {"model.onnx": {"bytes": -1, "sha256": "0" * 64}}),
        ("colour", "red"),
    ],
)
def test_a_description_is_refused(key: str, value: Any) -> None:
    folder = install()
    values = yaml.safe_load((folder / DESCRIPTION).read_text(encoding="utf-8"))
    (folder / DESCRIPTION).write_text(yaml.safe_dump({**values, key: value}), encoding="utf-8")
    with pytest.raises(InputError, match=r"voice\.yaml.*wwtool voices remove anna"):
        read_description(folder)


def test_a_description_that_is_no_yaml_is_refused() -> None:
    folder = install()
    (folder / DESCRIPTION).write_bytes(b"\x00\x01")
    with pytest.raises(InputError, match=r"voice\.yaml"):
        installed_voices()


@given(st.text(max_size=90))
def test_names_of_voices_are_names_of_folders(name: str) -> None:
    if is_voice_name(name):
        assert name == os.path.basename(name)  # noqa: PTH119 (a Path would normalise it)
        assert name.isascii() and name.strip(".") and not name.startswith("-") and len(name) <= 80


def test_the_home_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wwtool_home() == tmp_path / "home"
    monkeypatch.setenv("WWTOOL_HOME", "relative")
    with pytest.raises(InputError, match="no absolute path"):
        wwtool_home()
    monkeypatch.delenv("WWTOOL_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert wwtool_home() == tmp_path / "data/wwtool"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    assert wwtool_home() == tmp_path / "person/.local/share/wwtool"
