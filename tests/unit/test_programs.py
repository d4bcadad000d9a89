"""Other programs: run in a neutral folder, read whatever bytes they print, and told by name where they are missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wwtool.base import tools
from wwtool.base.programs import NEUTRAL_FOLDER, run_binary, run_program, version_line
from wwtool.errors import ToolError


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_it_prints_and_where_it_runs() -> None:
    code = "import os, sys; sys.stdout.buffer.write(b'\\xff ' + os.getcwdb()); sys.stderr.write('no'); sys.exit(3)"
    done = run_program(python(code))
    assert (done.returncode, done.stdout, done.stderr) == (3, f"\udcff {NEUTRAL_FOLDER}", "no")


def test_its_standard_input(tmp_path: Path) -> None:
    echo = python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())")
    assert run_program(echo, text="é").stdout == "é"
    assert run_program(echo).stdout == "", "the terminal's input is not the program's"
    assert run_binary(echo, content=b"\0\xff").stdout == b"\0\xff"
    (tmp_path / "input").write_bytes(b"file")
    with (tmp_path / "input").open("rb") as stdin:
        assert run_binary(echo, stdin=stdin).stdout == b"file"


def test_a_program_that_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="nonesuch was not found; apt-get install nonesuch"):
        run_program(["nonesuch"], remedy="apt-get install nonesuch")
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(ToolError, match="cannot be started"):
        run_program([tmp_path / "script"])
    with pytest.raises(ToolError, match=r"did not end within 0\.2 s"):
        run_program(python("import time; time.sleep(30)"), timeout_s=0.2)
    with pytest.raises(FileNotFoundError):  # not the program's fault
        run_program(python(""), cwd=tmp_path / "gone")


def test_a_version_is_one_line_or_nothing(tmp_path: Path) -> None:
    assert version_line(sys.executable).startswith("Python 3")
    assert version_line("nonesuch") == ""


def test_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tools.program("nonesuch", "nothing", "https://example.org")
    assert not gone.is_there
    with pytest.raises(ToolError, match=r"nonesuch was not found; get it from: https://example\.org"):
        gone.find()
    package = tools.python_package("pytest", "tests", "pip install pytest")
    assert package.is_there and package.version(package.find()) == pytest.__version__
    module = tools.module_or_program("pytest", "tests", "pip install pytest")
    assert module.command() == [sys.executable, "-P", "-m", "pytest"]
    monkeypatch.setattr(tools, "_origin", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="get it with: pip install pytest"):
        module.command()
