"""Runs a package manager that brings one file into a folder, so that it can be stopped at any time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from wwtool.base.cancellation import Cancellation
from wwtool.base.text import one_line
from wwtool.errors import InputError, ToolError

_CHECK_S = 0.1


def bring(command: list[str], folder: Path, pattern: str, what: str, remedy: str, cancel: Cancellation) -> Path:
    """Runs ``command`` in ``folder`` and returns the one file that it has put there.

    Raises:
        ToolError: the program is missing or failed, as without a network.
        InputError: it brought no file, or several.
        CancelledError: somebody has cancelled.
    """
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors="replace", env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ToolError(f"{command[0]} was not found, so {what} cannot be fetched; {remedy}") from error
    try:
        message = _wait(process, cancel)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        reason = next((line for line in reversed(message.splitlines()) if "error" in line.lower()), message[-200:])
        raise ToolError(f"{what} cannot be fetched: {one_line(reason)[:300]}; check the network, or {remedy}")
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise InputError(f"{what} is {len(files)} files instead of one; run the same command again")
    return files[0]


def _wait(process: subprocess.Popen[str], cancel: Cancellation) -> str:
    while True:
        cancel.check()
        try:
            return process.communicate(timeout=_CHECK_S)[1]
        except subprocess.TimeoutExpired:
            continue
