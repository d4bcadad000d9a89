"""An object file is compiled once, and again if anything that it is made of has changed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from wwtool.base import objects
from wwtool.base.assets import asset_dir
from wwtool.base.objects import Compilation, Failure, compile_objects

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


class Workshop:
    """A folder with sources, and a compiler that notes how often it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder / "project", folder / "log"
        for name in ("headers", "nearer"):
            (self.folder / name).mkdir(parents=True)
        self.compiler = folder / "compiler"
        self.compiler.write_text(f'#!/bin/sh\necho run >> "{self.log}"\nexec cc "$@"\n')
        self.compiler.chmod(0o755)
        self.write("main.c", '#include "a.h"\n#include <b.h>\nint main(void) { return A + B; }\n')
        self.write("a.h", '#define A 1\n#include "deep.h"\n')
        self.write("headers/b.h", "#define B 2\n")
        self.write("deep.h", "#define DEEP 3\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def make(self, *flags: str, source: str = "main.c", folder: Path | None = None) -> tuple[int, bytes]:
        """Makes an object file; returns how often the compiler ran, and the object."""
        before, target = self._runs(), self.folder.parent / "out.o"
        target.unlink(missing_ok=True)
        command = (str(self.compiler), *flags, "-Inearer", "-Iheaders")
        assert compile_objects([Compilation(command, source, target)], folder or self.folder) is None
        return self._runs() - before, target.read_bytes()

    def _runs(self) -> int:
        return self.log.read_text().count("run") if self.log.exists() else 0


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr(objects, "_KEPT", objects._Kept())
    return Workshop(tmp_path)


def test_compiled_once_with_the_bytes_of_the_compiler(workshop: Workshop, tmp_path: Path) -> None:
    first, content = workshop.make("-O1")
    assert (first, workshop.make("-O1")) == (1, (0, content))
    direct = tmp_path / "direct.o"
    subprocess.run(
        ["cc", "-O1", "-Inearer", "-Iheaders", "-c", "-o", direct, "main.c"], cwd=workshop.folder, check=True
    )
    assert content == direct.read_bytes()


def test_a_copy_of_the_folder_is_the_same(workshop: Workshop, tmp_path: Path) -> None:
    other = shutil.copytree(workshop.folder, tmp_path / "copy")
    flags = [f"-ffile-prefix-map={folder}=." for folder in (workshop.folder, other)]
    _, content = workshop.make("-g", flags[0])
    assert workshop.make("-g", flags[1], folder=other) == (0, content)


CHANGES: dict[str, Callable[[Workshop], object]] = {
    "the source": lambda w: w.write("main.c", "int main(void) { return 9; }\n"),
    "a header beside it": lambda w: w.write("a.h", "#define A 9\n"),
    "a header of a folder": lambda w: w.write("headers/b.h", "#define B 9\n"),
    "a header of a header": lambda w: w.write("deep.h", "#undef A\n#define A 9\n"),
    "a header that comes before": lambda w: w.write("nearer/b.h", "#define B 9\n"),
    "the compiler": lambda w: w.compiler.write_text(w.compiler.read_text().replace("cc ", "cc -DMORE ")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen(workshop: Workshop, what: str) -> None:
    workshop.make()
    CHANGES[what](workshop)
    assert workshop.make()[0] == 1


def test_other_flags_make_another_object(workshop: Workshop) -> None:
    _, content = workshop.make("-O1")
    runs, other = workshop.make("-O1", "-DA=7")
    assert runs == 1
    assert workshop.make("-O1") == (0, content)
    assert workshop.make("-O1", "-DA=7") == (0, other)


@pytest.mark.parametrize(
    "line", ["#define NAME <b.h>\n#include NAME", "#if __has_include(<c.h>)\n#endif", "const char *date = __DATE__;"]
)
def test_what_a_source_reads_must_be_known(workshop: Workshop, line: str) -> None:
    workshop.write("main.c", f"{line}\nint main(void) {{ return 0; }}\n")
    assert [workshop.make()[0] for _ in range(2)] == [1, 1]


def test_a_failure_is_told_each_time(workshop: Workshop, tmp_path: Path) -> None:
    workshop.write("wrong.c", "int main(void) { return nothing; }\n")
    good, wrong = (Compilation(("cc", "-Iheaders"), f"{n}.c", tmp_path / f"{n}.o") for n in ("main", "wrong"))
    for _ in range(2):
        failure = compile_objects([good, wrong], workshop.folder)
        assert isinstance(failure, Failure)
        assert failure.source == "wrong.c"
        assert "nothing" in failure.message


def test_the_oldest_go(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, content = workshop.make("-DN=1")
    monkeypatch.setattr(objects, "_KEPT_BYTES", 2 * len(content) + 100)
    assert [workshop.make(f"-DN={n}")[0] for n in (2, 3, 3, 2, 1, 1)] == [1, 1, 0, 0, 1, 0]


def test_every_file_that_the_compiler_reads_is_found() -> None:
    """Of the whole core, told by the compiler itself."""
    core = asset_dir("firmware_templates") / "core"
    sources = sorted(path.relative_to(core).as_posix() for path in core.rglob("*.c"))
    folders = sorted({path.parent for path in core.rglob("*.h")})
    command = ["cc", "-MM", "-std=c99", *(f"-I{folder}" for folder in folders), *sources]
    # What is for another core is no C for this compiler, and has no rule.
    rules = subprocess.run(command, cwd=core, capture_output=True, text=True, check=False).stdout
    compared = 0
    for rule in rules.replace("\\\n", " ").splitlines():
        source, *headers = rule.split(":", 1)[1].split()
        found = {content for _, content in objects._read_by(core / source, folders)}
        assert {(core / name).read_bytes() for name in (source, *headers)} <= found, source
        compared += 1
    assert compared > 50
