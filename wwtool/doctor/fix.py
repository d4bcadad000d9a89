"""Runs the lines that get what is missing: apt, npm and pip, shown before they run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from wwtool.base.programs import run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.doctor.findings import Finding
from wwtool.errors import ToolError

_STDERR = 2  # what the installers print is not the result
_PREFIXES = {"apt": "apt-get install ", "npm": "npm install ", "pip": "pip install "}


def packages(findings: Sequence[Finding], manager: str) -> list[str]:
    """What ``manager`` (apt, npm, pip) would bring of what is missing, as words of its command."""
    prefix = _PREFIXES[manager]
    words: list[str] = []
    for finding in findings:
        if not finding.found and not finding.alternative and finding.remedy.startswith(prefix):
            words += [word for word in shlex.split(finding.remedy[len(prefix) :]) if word not in words]
    return words


def commands(findings: Sequence[Finding], elevation: Sequence[str] | None) -> list[list[str]]:
    """The commands that get what is missing, in order.

    Args:
        findings: what was found and what not.
        elevation: what to put before apt's command, empty for root; None: apt may not be used.
    """
    lines = []
    wanted = packages(findings, "apt")
    if wanted and elevation is not None:
        lines.append([*elevation, "apt-get", "update", "-qq"])
        lines.append([*elevation, "apt-get", "install", "-y", "--no-install-recommends", *wanted])
    wanted = packages(findings, "npm")
    if wanted:
        lines.append(["npm", "install", *wanted])
    wanted = packages(findings, "pip")
    if wanted:
        lines.append([sys.executable, "-m", "pip", "install", *wanted])
    return lines


def elevation() -> list[str] | None:
    """What apt needs before it: nothing as root, sudo where that asks for no password, else None."""
    if os.name != "posix" or shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and run_program(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def fix(findings: Sequence[Finding], say: Callable[[str], None]) -> list[str]:
    """Runs what may be run, and returns what is left to do as sentences; empty: nothing.

    What failed does not keep the others from being tried.
    """
    prefix = elevation()
    left = []
    for command in commands(findings, prefix):
        say(f"$ {shlex.join(command)}")
        code = _run(command)
        if code is None:
            left.append(f"{command[0]} was not found, so '{shlex.join(command)}' could not run")
        elif code != 0 and "update" not in command:  # apt may well have what it needs without
            left.append(f"'{shlex.join(command)}' ended with status {code}; what it said is above")
    wanted = packages(findings, "apt")
    if wanted and prefix is None:
        left.append(_by_hand(wanted))
    return left


def _by_hand(wanted: Sequence[str]) -> str:
    names = " ".join(wanted)
    if shutil.which("apt-get") is None:
        return f"install with your package manager what Debian calls {names}, then run wwtool doctor again"
    return f"run this line, then wwtool doctor again: sudo apt-get install {names}"


def _run(command: list[str]) -> int | None:
    """The exit status; None if there is no such program."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PYTHONSAFEPATH": "1"}
    try:
        with TemporaryFolder("empty") as folder:
            return subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=_STDERR, env=environment, check=False
            ).returncode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToolError(f"{command[0]} cannot be started: {error.strerror}; install it again") from error
