"""Runs wwtool's command line in tests: in this process for speed, or as a program of its own."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from wwtool.cli.main import main
from wwtool.emulators import pico
from wwtool.errors import ToolError

PROGRAM = [sys.executable, "-c", "from wwtool.cli.main import main; main()"]

# The smallest build there is; it proves the path, the model is worth nothing.
SMALL = """
phrase: hey computer
synth: {positives: 320, near_misses: 60, sentence_hours: 0.05,
        natural_positives: 40, natural_near_misses: 10, natural_words: 10, natural_sentence_hours: 0.01}
pools: {positives: 120, native_positives: 60, sentence_hours: 0.05, clean_sentence_hours: 0.02,
        near_miss_hours: 0.02, speech_hours: 0.02, clean_speech_hours: 0.02, noise_hours: 0.02,
        natural_positives: 60, natural_near_miss_hours: 0.02, natural_word_hours: 0.02, natural_sentence_hours: 0.02}
augment: {rooms: 20}
train: {steps: 60, qat_steps: 20, batch: 32, checkpoint_steps: 20, teacher: {name: none},
        quantization: {allow_drop: true}}
"""


@dataclass(frozen=True)
class Result:
    """What a command left."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> None:
        """It ended with ``code`` and one sentence, with ``words`` in it, and nothing of Python's."""
        assert self.code == code, (self.code, self.out, self.err)
        assert self.err.startswith("error: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.out + self.err
        for word in words:
            assert word in self.err, (word, self.err)


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Result:
    """Runs a command in this process."""
    before = signal.getsignal(signal.SIGTERM)
    capsys.readouterr()
    try:
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    captured = capsys.readouterr()
    assert isinstance(end.value.code, int)
    return Result(end.value.code, captured.out, captured.err)


def run_apart(*arguments: str | Path, file_limit: int | None = None) -> Result:
    """Runs a command as a program, without a terminal; no file may grow beyond ``file_limit`` bytes."""

    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
        preexec_fn=limit,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def end_when(
    arguments: list[str | Path], ready: Callable[[], bool], number: signal.Signals, **environment: str
) -> Result | None:
    """Starts a command in a process group of its own and sends a signal once ``ready``; None if it ended before.

    SIGKILL goes to the program alone, so that its children must notice; others to the group, as a terminal does it.
    """
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    )
    deadline = time.monotonic() + 240
    while not ready() and process.poll() is None:
        assert time.monotonic() < deadline, "the moment to end it never came"
        time.sleep(0.02)
    if process.poll() is None:
        if number is signal.SIGKILL:
            process.kill()
        else:
            os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
        assert _group_is_gone(process.pid), "processes are left"
        return Result(process.returncode, out, err)
    process.communicate()
    return None


def _group_is_gone(group: int) -> bool:
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def emulation_missing() -> str:
    """Why firmware for the Pico cannot be built and emulated here, "" if it can."""
    try:
        pico.NODE.find()
        pico.find_rp2040js()
    except ToolError as error:
        return str(error)
    return "" if shutil.which("arm-none-eabi-gcc") else "arm-none-eabi-gcc is not installed"
