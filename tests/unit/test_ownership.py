"""Folders that are replaced whole: never with somebody's work in them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from wwtool.base.files import replaced_folder, working_folder
from wwtool.base.ownership import RECORD, Rule, owned_folder, refuse_changes
from wwtool.errors import InputError

MAKE = Rule(products=("build/*.o", "out.elf"))
PARTIAL = ".x.0123456789abcdef.partial"


def write(folder: Path, rule: Rule = MAKE, **files: str) -> None:
    with owned_folder(folder, rule) as new:
        (new / "src").mkdir()
        for name, text in {"main": "main", **files}.items():
            (new / "src" / f"{name}.c").write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != RECORD
    }


def test_the_record_has_its_schema(tmp_path: Path) -> None:
    write(tmp_path / "out")
    record = json.loads((tmp_path / "out" / RECORD).read_text())
    assert (record["schema"], record["version"], set(record["files"])) == ("wwtool.files", 1, {"src/main.c"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "out", old="old")
    return tmp_path / "out"


def test_what_wwtool_wrote_is_replaced(folder: Path) -> None:
    write(folder, new="new")
    assert contents(folder) == {"src/main.c": "main", "src/new.c": "new"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_a_user_keeps_there_outlives_it(folder: Path, overwrite: bool) -> None:
    keeps = Rule(kept=("passwords", "own/*"), overwrite=overwrite)
    (folder / "passwords").symlink_to("../elsewhere")
    (folder / "own").mkdir()
    (folder / "own" / "notes").write_text("mine")
    for _ in range(2):
        write(folder, keeps, new="new")
        assert contents(folder) == {"own/notes": "mine", "src/main.c": "main", "src/new.c": "new"}
        assert (folder / "passwords").readlink() == Path("../elsewhere")


def test_it_can_be_moved_and_copied(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    write(folder.with_name("moved"), new="new")
    assert "src/old.c" not in contents(folder.with_name("moved"))


def test_what_is_made_of_it_goes_too(folder: Path) -> None:
    (folder / "build" / "deep").mkdir(parents=True)
    for name in ("build/a.o", "build/deep/b.o", "out.elf"):
        (folder / name).write_bytes(b"\x7fELF")
    write(folder)
    assert contents(folder) == {"src/main.c": "main"}


def _link(path: Path, target: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


# What somebody does in the folder, and what is said of it.
WORK: dict[str, tuple[Callable[[Path], object], str]] = {
    "edit": (lambda f: (f / "src" / "old.c").write_text("mine"), r"old\.c was changed"),
    "note": (lambda f: (f / "notes.txt").write_text("mine"), r"notes\.txt was not made by wwtool"),
    "hidden": (lambda f: (f / ".git").write_text("mine"), r"\.git was not made"),
    "half": (lambda f: (f / "src" / ".x.partial").write_text("mine"), r"\.x\.partial was not made"),
    "beside products": (
        lambda f: ((f / "build").mkdir(), (f / "build" / "manifest.json").write_text("{}")),
        "manifest.json was not made",
    ),
    "link": (lambda f: _link(f / "link", f / "src"), "link was not made"),
    "dead link": (lambda f: _link(f / "link", f / "nowhere"), "link was not made"),
    "file now a link": (lambda f: _link(f / "src" / "old.c", f / "src" / "main.c"), r"old\.c was changed"),
    "pipe": (lambda f: os.mkfifo(f / "pipe"), "pipe was not made"),
    "file now a pipe": (lambda f: ((f / "src/old.c").unlink(), os.mkfifo(f / "src/old.c")), r"old\.c was changed"),
    "no list": (lambda f: (f / RECORD).unlink(), r"holds files that wwtool did not make, such as src/main\.c"),
    "spoilt list": (lambda f: (f / RECORD).write_text("["), "holds files that wwtool did not make"),
    "list of lists": (lambda f: (f / RECORD).write_text('{"files": []}'), "holds files that wwtool did not make"),
}  # fmt: skip


@pytest.mark.parametrize("work", WORK)
def test_somebodys_work_stays(folder: Path, work: str) -> None:
    act, said = WORK[work]
    act(folder)
    before = sorted(os.walk(folder))
    with pytest.raises(InputError, match=said) as refused:
        write(folder, new="new")
    assert "--overwrite" in str(refused.value)
    assert sorted(os.walk(folder)) == before
    write(folder, Rule(overwrite=True), new="new")
    assert contents(folder) == {"src/main.c": "main", "src/new.c": "new"}
    assert not [path for path in folder.rglob("*") if path.name not in ("src", "main.c", "new.c", RECORD)]


def test_work_that_is_done_meanwhile_stays(folder: Path) -> None:
    with pytest.raises(InputError, match="notes"), owned_folder(folder, MAKE):
        (folder / "notes.txt").write_text("mine")
    assert contents(folder) == {"notes.txt": "mine", "src/main.c": "main", "src/old.c": "old"}


def test_files_that_nobody_edits_by_hand(folder: Path) -> None:
    (folder / "src" / "old.c").write_text("damaged")
    refuse_changes(folder, Rule(edited=True))
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="notes"):
        refuse_changes(folder, Rule(edited=True))


def test_a_list_that_a_stranger_has_written_names_nothing_outside(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    record = json.loads((folder / RECORD).read_text())
    record["files"] = {"../victim": "0" * 64, "/etc/passwd": "0" * 64, "src/main.c": 3, "src/old.c": None}
    (folder / RECORD).write_text(json.dumps(record))
    with pytest.raises(InputError, match="changed"):
        write(folder)
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("moves", range(8))
def test_killed_at_any_moment_it_can_be_done_again(folder: Path, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    class Killed(BaseException):
        pass

    rename, left = Path.rename, [moves]

    def renamed(self: Path, target: Path) -> Path:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return rename(self, target)

    (folder / "out.elf").write_bytes(b"")
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    with suppress(Killed):
        write(folder, new="new")
    monkeypatch.undo()
    with working_folder(folder.parent, ("out",)):
        write(folder, new="newer")
    assert contents(folder) == {"src/main.c": "main", "src/new.c": "newer"}


def test_new_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new", "a/b"):
        write(tmp_path / name)
        assert contents(tmp_path / name) == {"src/main.c": "main"}


def test_what_a_killed_wwtool_left_is_nobodys(folder: Path) -> None:
    (folder / PARTIAL).write_text("half")
    write(folder)


def test_a_folder_of_which_the_list_was_not_written_is_left_alone(tmp_path: Path) -> None:
    with replaced_folder(tmp_path / "out") as new:
        (new / "a").write_text("")
    with pytest.raises(InputError, match="did not make"):
        write(tmp_path / "out")
