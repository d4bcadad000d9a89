"""How wwtool starts other programs, and in which folder.

Many tools read settings, scripts and modules from the folder that they start in. So wwtool starts them in a folder
where nobody else can have put any.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from wwtool.errors import ToolError

# For programs that run long: only the system's administrator can put anything there.
NEUTRAL_FOLDER = Path(os.sep).absolute()
_VERSION_TIMEOUT_S = 10.0


def python_module(name: str) -> list[str]:
    """The command that runs an installed module; -P keeps the folder that it starts in off its path."""
    return [sys.executable, "-P", "-m", name]


def dies_with_wwtool() -> list[str]:
    """Words before a command that end the program even if wwtool is killed; none where the system has no such thing."""
    return ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []


def run_program(
    command: Sequence[str | Path], *, cwd: Path = NEUTRAL_FOLDER, text: str | None = None,
    timeout_s: float | None = None, remedy: str = "install it again",
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """Runs a program to its end and returns its exit status and what it printed, whatever bytes that has.

    Args:
        command: the program and its arguments. Paths are absolute, or relative to ``cwd``.
        cwd: the folder it runs in.
        text: its standard input; None: nothing.
        timeout_s: when it is stopped; None: never.
        remedy: what to do if it is missing, as an imperative.

    Raises:
        ToolError: the program is missing, cannot be started, or did not end in time.
    """
    content = None if text is None else text.encode(errors="surrogateescape")
    done = run_binary(command, cwd=cwd, content=content, timeout_s=timeout_s, remedy=remedy)
    out, err = (stream.decode(errors="surrogateescape").replace("\r\n", "\n") for stream in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def run_binary(
    command: Sequence[str | Path], *, cwd: Path = NEUTRAL_FOLDER, content: bytes | None = None,
    stdin: IO[bytes] | None = None, timeout_s: float | None = None, remedy: str = "install it again",
) -> subprocess.CompletedProcess[bytes]:  # fmt: skip
    """As ``run_program``, with bytes. The standard input is ``content`` or the open file ``stdin``."""
    words = [str(word) for word in command]
    try:
        if content is not None:
            return subprocess.run(words, cwd=cwd, input=content, capture_output=True, timeout=timeout_s, check=False)
        return subprocess.run(
            words, cwd=cwd, stdin=stdin or subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{words[0]} did not end within {timeout_s:g} s; run the same command again") from error
    except OSError as error:
        if not cwd.is_dir():
            raise  # the folder is gone, not the program
        reason = "was not found" if isinstance(error, FileNotFoundError) else f"cannot be started ({error.strerror})"
        raise ToolError(f"{words[0]} {reason}; {remedy}") from error


def version_line(program: str) -> str:
    """The first line that a program prints for ``--version``; "" if it is missing or prints none."""
    if shutil.which(program) is None:
        return ""
    try:
        done = run_program([program, "--version"], timeout_s=_VERSION_TIMEOUT_S)
    except ToolError:
        return ""
    return done.stdout.strip().partition("\n")[0].strip() if done.returncode == 0 else ""
