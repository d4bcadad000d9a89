"""What reaches the terminal: text and nothing that steers it, in any encoding, read to its end or not."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli import PROGRAM, run_here

from wwtool.cli import streams
from wwtool.cli.terminal import Table, Terminal, line, styled

HOSTILE = "a[/red][bold]\x1b[2J\nerror: all is well\r\u202e:smile:"
SHOWN = r"a[/red][bold]\x1b[2J\nerror: all is well\r\u202e:smile:"


def shown(*renderables: object) -> str:
    terminal = Terminal(file=io.StringIO(), width=200, highlight=False)
    terminal.print(*renderables)
    assert isinstance(terminal.file, io.StringIO)
    return terminal.file.getvalue()


def test_a_string_is_text_and_one_line() -> None:
    table = Table(HOSTILE, box=None)
    table.add_row(HOSTILE)
    for what in (HOSTILE, line("", HOSTILE), styled(HOSTILE, "bold red"), table):
        text = shown(what)
        assert text.count(SHOWN) == (2 if what is table else 1)
        assert text.count("\n") == (2 if what is table else 1)


def test_colour_is_kept() -> None:
    terminal = Terminal(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
    terminal.print(line("it is ", styled("over", "bold red")))
    assert isinstance(terminal.file, io.StringIO)
    assert "\x1b[1;31mover\x1b[0m" in terminal.file.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        [HOSTILE],
        ["platforms", HOSTILE],
        ["budget", "--platform", HOSTILE],
        ["build", "--platform", "pico", "--phrase", HOSTILE],
        ["build", "--platform", "pico", "--phrase", "x", "--config", HOSTILE],
        ["compile", HOSTILE, "-o", "out"],
        ["compile", "m.tflite", "-o", "out", "--target", HOSTILE],
        ["data", "scan", HOSTILE],
        ["export", HOSTILE],
        ["evaluate", HOSTILE],
        ["emulate", HOSTILE],
        ["flash", HOSTILE],
        ["hil", "--port", HOSTILE, "--suite", "latency"],
        ["hil", "--port", "x", "--suite", HOSTILE],
        ["platforms", HOSTILE, "--debug"],
    ],
)
def test_arguments_are_shown_and_not_obeyed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run_here(capsys, *arguments)
    assert result.code in (2, 4, 6), result.err
    printed = result.out + result.err
    assert not set(printed) & {"\x1b", "\r", "\u202e"}, printed
    assert len([text for text in printed.splitlines() if text.startswith("error: ")]) == 1
    assert not any(text.startswith("error: all is well") for text in printed.splitlines())


def test_names_in_a_folder_are_shown_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    positive = tmp_path / "positive"
    (positive / "take[").mkdir(parents=True)
    names = ["Rain [dQw4w9WgXcQ].wav", "[final] take.wav", "take[/1].wav", "esc\x1b[31m.wav", "two\nerror: lines.wav"]
    for name in names:
        (positive / name).write_text("no audio")
    result = run_here(capsys, "data", "scan", tmp_path)
    assert result.code == 0, result.err
    text = " ".join(result.out.split())
    for name in (*names[:2], "take[/1].wav", r"esc\x1b[31m.wav", r"two\nerror: lines.wav"):
        assert name in text
    assert "\x1b" not in result.out


# The streams


def run(words: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **options.pop("environment", {})}
    done: subprocess.CompletedProcess[bytes] = subprocess.run(
        words, env=environment, check=False, timeout=120, stdin=subprocess.DEVNULL, **options
    )
    return done


PRINTS = """
import sys
from wwtool.cli import main
from wwtool.cli.terminal import console, say, styled, GOOD
import click
@main.cli.command("show")
def show() -> None:
    console().print(styled(*GOOD), "“größe”", "你好")
    for _ in range({lines}):
        say("x" * 100)
    open({ended!r}, "w").close()
main._COMMANDS["show"] = (__name__ + ":show", "")
main.main(["show"])
"""


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    """A command that prints more than a pipe holds, and leaves a file when its work is done."""
    return [sys.executable, "-c", PRINTS.format(lines=3000, ended=str(tmp_path / "ended"))]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_an_encoding_that_lacks_letters(program: list[str], encoding: str) -> None:
    done = run(program, capture_output=True, environment={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    first = done.stdout.decode(encoding).splitlines()[0]
    assert first.startswith("+ ")
    assert first.endswith(r"\u4f60\u597d")
    assert ("größe" in first) == (encoding != "ascii")


def test_a_locale_without_letters() -> None:
    """The arguments were letters; Python read them as bytes, and could name no file of that name."""
    done = run(
        [*PROGRAM, "platforms", "größe"], capture_output=True,
        environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no platform 'größe'" in done.stderr.decode()


def test_a_reader_who_has_enough_ends_no_work(program: list[str], tmp_path: Path) -> None:
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0
    assert (tmp_path / "ended").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_lost_output_is_an_error_at_the_end(program: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(program, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 4
    assert done.stderr.decode() == f"error: {streams.FULL}\n"
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(program: list[str], tmp_path: Path, closed: str) -> None:
    done = run(["sh", "-c", f'"$@" {closed}', "sh", *program], capture_output=True)
    assert done.returncode == (4 if " >&-" in f" {closed}" else 0), done.stderr
    assert done.stderr.count(b"\n") == (1 if closed == ">&-" else 0)
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "ended").exists()
