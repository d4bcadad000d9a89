"""Nothing half-written is ever left under its final name, whatever goes wrong."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wwtool.base.files import (
    hash_of,
    in_home,
    replaced_folder,
    sha256_of,
    working_folder,
    write_array,
    write_arrays,
    write_bytes,
    write_json,
    write_text,
)
from wwtool.base.records import read_json
from wwtool.budget import cache
from wwtool.errors import InputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class FullDisk:
    """A file that takes some bytes and then no more."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.handle)

    def write(self, content: bytes) -> None:
        os.write(self.handle, content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdopen", lambda handle, mode: FullDisk(handle))


def failing(*args: Any, **kwargs: Any) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.bin"
    write_bytes(path, b"before")
    full_disk(monkeypatch)
    with pytest.raises(InputError, match=r"cannot write .*file.bin: No space left on device; free space"):
        write_bytes(path, b"the new content")
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("step", ["replace", "chmod"])
def test_failures_after_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    write_text(tmp_path / "a.txt", "before")
    monkeypatch.setattr(Path, step, failing)
    with pytest.raises(InputError, match="Input/output error"):
        write_text(tmp_path / "a.txt", "after")
    monkeypatch.undo()
    assert (tmp_path / "a.txt").read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(FullDisk):
        def write(self, content: bytes) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fdopen", lambda handle, mode: Interrupted(handle))
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a", b"x")
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="choose another folder"):
        write_bytes(tmp_path / "file" / "below", b"x")
    with pytest.raises(InputError, match="choose another folder"), replaced_folder(tmp_path / "file" / "below"):
        raise AssertionError("not reached")


def test_folders_are_made_and_files_are_readable(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "c.txt", "größe")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == "größe".encode()
    assert (tmp_path / "a" / "b" / "c.txt").stat().st_mode & 0o777 == 0o644


def test_a_replaced_folder_holds_only_what_is_new(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for name in ("first", "second"):
        with replaced_folder(target) as folder:
            (folder / name).write_text(name)
            assert folder != target
    assert names(target) == ["second"]
    assert names(tmp_path) == ["out"]
    assert target.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_a_folder_is_not_replaced_if_the_block_fails(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "out"
    with replaced_folder(target) as folder:
        (folder / "old").write_text("old")
    with pytest.raises(error), replaced_folder(target) as folder:
        (folder / "new").write_text("new")
        raise error
    assert names(target) == ["old"]
    assert names(tmp_path) == ["out"]


def test_the_old_folder_comes_back_if_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, rename = tmp_path / "out", Path.rename
    with replaced_folder(target) as folder:
        (folder / "old").write_text("old")

    def refuse(self: Path, to: Path) -> Path:
        if Path(to).parent == target and self.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InputError, match="Input/output error"), replaced_folder(target) as folder:
        (folder / "new").write_text("new")
    assert names(target) == ["old"]
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("there", [".", "link", "link/below", "dangling", "new"])
def test_a_replaced_folder_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    """Who stands in it finds the new files around him; a link stays a link."""
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    work = tmp_path / "work"
    work.mkdir(mode=0o750)
    monkeypatch.chdir(work)
    target = work if there == "." else tmp_path / there
    for name in ("first", "second"):
        with replaced_folder(Path() if there == "." else target) as folder:
            (folder / name).write_text(name)
        assert names(target) == [name]
    assert names(Path.cwd()) == (["second"] if there == "." else [])
    assert work.stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "link").is_symlink() and (tmp_path / "dangling").is_symlink()


def test_a_file_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    for content in (b"first", b"second"):
        write_bytes(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "folder" / "file").read_bytes() == content
    assert names(tmp_path / "folder") == ["file"]


def test_a_pipe_or_device_is_written_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit((tmp_path / "pipe").read_bytes)
        write_bytes(tmp_path / "pipe", b"content")
        assert read.result(10) == b"content"
    assert (tmp_path / "pipe").is_fifo()
    if Path("/dev/full").exists():
        with pytest.raises(InputError, match="No space left on device"):
            write_bytes(Path("/dev/full"), b"content")


def test_one_program_works_in_a_folder(tmp_path: Path) -> None:
    with (
        working_folder(tmp_path / "a" / "work"),
        pytest.raises(InputError, match="another wwtool works in"),
        working_folder(tmp_path / "a" / "work"),
    ):
        raise AssertionError("not reached")
    assert names(tmp_path) == [], "nothing was written, so nothing is left"
    with working_folder(tmp_path / "work"):
        write_text(tmp_path / "work" / "kept", "")
    assert names(tmp_path / "work") == ["kept"]


def test_what_a_killed_program_left_is_swept_out(tmp_path: Path) -> None:
    token = "0123456789abcdef"
    for name in ("deep/a", "deep/b", "other/deep"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / f".a.json.{token}.partial").write_text("half")
    (tmp_path / f".pool.{token}.partial").mkdir()
    (tmp_path / f".pool.{token}.partial" / "file").write_text("half")
    somebodys = [".x.partial", "own.partial", f".{token}.partial", f"x.{token}.partial", f".x.{token}.partial.old"]
    for name in somebodys:
        (tmp_path / name).write_text("somebody's")
    (tmp_path / ".mine.partial").mkdir()
    (tmp_path / "deep" / ".y.partial").write_text("somebody's")
    with working_folder(tmp_path, ("deep", "deep/*")):
        assert names(tmp_path) == sorted(["deep", "other", ".mine.partial", *somebodys])
        assert [names(tmp_path / "deep"), names(tmp_path / "deep" / "a")] == [[".y.partial", "a", "b"], []]
        assert names(tmp_path / "other" / "deep") == [f".a.json.{token}.partial"], "another program may work there"


def test_what_killed_workers_left_goes_with_the_failure(tmp_path: Path) -> None:
    half = tmp_path / "work" / ".pool.npz.0123456789abcdef.partial"
    with pytest.raises(KeyboardInterrupt), working_folder(tmp_path / "work"):
        write_text(tmp_path / "work" / "kept", "")
        half.write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path / "work") == ["kept"]


def test_arrays_come_back(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.int16).reshape(2, 3)
    write_array(tmp_path / "a.npy", array)
    write_arrays(tmp_path / "b.npz", x=array, y=array.T)
    assert np.array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), array)
    with np.load(tmp_path / "b.npz", allow_pickle=False) as loaded:
        assert np.array_equal(loaded["y"], array.T)


def test_json_comes_back_and_anything_else_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [1, None]})
    assert read_json(tmp_path / "a.json") == {"a": [1, None]}
    for content in (b"", b"[1]", b"{", b"\xff\xfe", b"null"):
        (tmp_path / "b.json").write_bytes(content)
        with pytest.raises(InputError, match=r"b\.json"):
            read_json(tmp_path / "b.json")
    with pytest.raises(InputError, match="cannot read"):
        read_json(tmp_path / "none.json")


def test_hashes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_of({"a": 1, "b": 2}) == hash_of({"b": 2, "a": 1})
    assert len({hash_of("a", "b"), hash_of("ab"), hash_of(["a", "b"]), hash_of("b", "a")}) == 4


def test_an_interrupt_right_after_the_file_is_made_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make = os.open

    def interrupted(*arguments: object, **options: object) -> int:
        os.close(make(*arguments, **options))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a.bin", b"x")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert in_home("~/.cache") is None
    assert cache.load("key") is None
