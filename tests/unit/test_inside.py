"""What a record names lies in its folder, or is refused; and what this user has sealed is known again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wwtool.base.inside import path_inside, refuse_links_out
from wwtool.base.seals import is_sealed, seal
from wwtool.errors import InputError

OUTSIDE = [
    "../victim", "a/../../victim", "a/..", "..", ".", "", "/etc/passwd", "//etc/passwd", "a//b", "./a", "a/.", "a/",
    "..\\victim", "a\\b", "C:/Windows", "C:victim", "c:\\x", "\\\\server\\share", "a\0b", "a\nb", "a\x1b[31m", "\x7f",
    "\ud800", "x" * 5000 + "/../y",
    None, 3, ["a"], True, b"a",
]  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_lead_out(tmp_path: Path, name: object) -> None:
    with pytest.raises(InputError):
        path_inside(tmp_path, name)


@pytest.mark.parametrize(
    "name", ["a", "a/b/c.bin", "..a", "a..", ".hidden", "a b'%$", "größe/日本.wav", "a\udcff", "ab:c"]
)
def test_names_that_do_not(tmp_path: Path, name: str) -> None:
    assert path_inside(tmp_path, name) == tmp_path / name


@given(st.text(max_size=12) | st.lists(st.sampled_from(["..", ".", "a", "", "\\", "b"]), max_size=5).map("/".join))
def test_whatever_is_accepted_is_inside(name: str) -> None:
    folder = Path("/folder")
    try:
        path = path_inside(folder, name)
    except InputError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(folder)
    assert path != folder


def test_links(tmp_path: Path) -> None:
    folder, victim = tmp_path / "folder", tmp_path / "victim"
    (folder / "deep").mkdir(parents=True)
    victim.mkdir()
    (victim / "file").write_text("mine")
    (folder / "out").symlink_to(victim)
    (folder / "deep" / "file").symlink_to(victim / "file")
    (folder / "loop").symlink_to("loop")
    (folder / "again").symlink_to("deep/../deep")
    (folder / "dead").symlink_to("../nowhere")
    for name in ("out", "out/file", "deep/file", "again/file", "dead"):
        with pytest.raises(InputError):
            path_inside(folder, name)
    assert path_inside(folder, "again") == folder / "again"
    (tmp_path / "link").symlink_to(folder)
    assert path_inside(tmp_path / "link", "deep") == tmp_path / "link" / "deep", "the folder itself may be linked to"


def test_links_where_wwtool_writes(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "run" / "pools").mkdir(parents=True)
    (folder / "run" / "in").symlink_to("pools")
    refuse_links_out(folder, [folder / "run", folder / "none"])
    (folder / "elsewhere").symlink_to(tmp_path)
    refuse_links_out(folder, [folder / "run"])
    with pytest.raises(InputError, match="elsewhere is a link"):
        refuse_links_out(folder, [folder / "elsewhere"])
    for path in (folder / "run" / "pools" / "x.npz", folder / "run" / "search"):
        path.symlink_to(tmp_path / "nowhere")
        with pytest.raises(InputError, match=f"{path.name} is a link that leads out of"):
            refuse_links_out(folder, [folder / "run"])
        path.unlink()


# Seals


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "wwtool" / "key"


def test_a_seal_is_of_a_purpose_and_a_value(key: Path) -> None:
    value = {"b": [1, 2.5, 1e-7, None], "a": "ä", 9: 1, 10: {}}
    given_seal = seal("build", value)
    assert is_sealed("build", json.loads(json.dumps(value)), given_seal)
    assert not is_sealed("stage", value, given_seal)
    assert not is_sealed("build", {**value, "c": 1}, given_seal)
    for wrong in (None, "", given_seal.upper(), given_seal[:-1], 3, "ü" * 64, "\udcff"):
        assert not is_sealed("build", value, wrong)
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_bytes()) == 32
    assert [path.name for path in key.parent.iterdir()] == ["key"]


def test_another_user_has_another_key(key: Path) -> None:
    value = {"a": 1}
    first = seal("build", value)
    key.unlink()
    assert seal("build", value) != first
    assert not is_sealed("build", value, first)


@pytest.mark.parametrize("spoil", ["mode", "short", "link", "pipe", "folder", "no place", "no home"])
def test_a_key_that_is_no_secret_seals_nothing(key: Path, monkeypatch: pytest.MonkeyPatch, spoil: str) -> None:
    before = seal("build", {})
    if spoil == "mode":
        key.chmod(0o644)
    elif spoil == "short":
        key.write_bytes(b"")
    elif spoil == "no place":
        key.unlink()
        key.parent.rmdir()
        key.parent.write_text("")
    elif spoil == "no home":
        monkeypatch.delenv("XDG_STATE_HOME")
        monkeypatch.setattr("wwtool.base.seals.in_home", lambda _: None)
    else:
        key.rename(key.with_name("elsewhere"))
        make = {"link": lambda: key.symlink_to("elsewhere"), "pipe": lambda: os.mkfifo(key), "folder": key.mkdir}[spoil]
        make()
    assert seal("build", {}) == ""
    assert not is_sealed("build", {}, before)
    assert not is_sealed("build", {}, "")
