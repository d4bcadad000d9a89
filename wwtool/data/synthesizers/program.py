"""Runs a synthesizer that is a program and writes a .wav file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.text import one_line
from wwtool.data.audio import Audio, read_audio
from wwtool.errors import InputError, ToolError

_TIMEOUT_S = 60


def speak_with(name: str, command: Callable[[Path], Sequence[str | Path]], text: str | None = None) -> Audio:
    """Runs ``command(output file)`` with ``text`` on its standard input, and reads the file.

    Raises:
        ToolError: the program failed, or its file holds no audio.
    """
    with TemporaryFolder("speech") as folder:
        output = folder / "speech.wav"
        try:
            done = run_program(command(output), cwd=folder, text=text, timeout_s=_TIMEOUT_S)
        except ToolError as error:
            raise ToolError(f"{name} failed: {error}") from error
        if done.returncode != 0:
            raise ToolError(f"{name} failed: {one_line(done.stderr)[:200] or f'status {done.returncode}'}")
        try:
            return read_audio(output)
        except InputError as error:
            raise ToolError(f"{name} wrote no usable audio: {error}") from error
