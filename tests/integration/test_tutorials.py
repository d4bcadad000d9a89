"""The tutorials do what they say: their commands run, one after the other, as a reader runs them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from board_images import random_tflite
from cli import run_here
from test_data_files import babble
from test_docs import ROOT, command_lines

from wwtool.data.audio import write_audio
from wwtool.emulators import pico


def commands(tutorial: str) -> list[list[str]]:
    text = (ROOT / "docs/tutorials" / f"{tutorial}.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```\n.*?^```$", text, re.MULTILINE | re.DOTALL))
    return [shlex.split(line)[1:] for line in command_lines(blocks)]


def command(tutorial: str, name: str) -> list[str]:
    """The one command of a tutorial that has this name."""
    (words,) = (words for words in commands(tutorial) if words[0] == name)
    return words


def test_bring_a_tflite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hey_jarvis.tflite").write_bytes(random_tflite("tcn32"))
    np.save("input.npy", np.zeros((2, 1, 3, 40), np.int8))
    lines = commands("bring-a-tflite")
    assert [words[0] for words in lines] == ["compile", "diff", "run"]
    for words in lines:
        result = run_here(capsys, *words)
        assert result.code == 0, (words, result.err)
    assert Path("out/model.h").is_file() and Path("out/report.html").is_file() and Path("output.npy").is_file()


def test_my_own_recordings_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(24):
        label, speaker = ("positive", "negative")[number % 2], ("anna", "ben")[number % 4 // 2]
        write_audio(Path("my-recordings") / label / speaker / f"{number}.wav", babble(number))
    for words in commands("my-own-recordings")[:2]:
        assert words[0] == "data"
        result = run_here(capsys, *words)
        assert result.code == 0, (words, result.err)
    assert "anna" in Path("my-recordings/dataset.json").read_text()


@pytest.mark.slow
def test_the_first_wake_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_here(capsys, *command("first-wake-word", "doctor")).code == 0
    build = run_here(capsys, *command("first-wake-word", "build"))
    assert build.code == 0, build.err
    folder = Path(command("first-wake-word", "emulate")[1])
    assert (folder / "report.html").is_file() and list(folder.glob("image/*.uf2"))
    with pico.start(folder) as board:
        words = [board.url if word.startswith("socket://") else word for word in command("first-wake-word", "hil")]
        result = run_here(capsys, *words)
    assert result.code == 0, (result.out, result.err)
    assert [line.split()[1] for line in result.out.splitlines()[1:]] == ["parity", "stream", "latency", "memory"]
