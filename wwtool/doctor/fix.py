"""Runs the apt, npm, pip and wwtool lines that install missing tools and voices. Each is shown before it runs."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from wwtool.base.programs import python_module, run_program
from wwtool.base.temporary import TemporaryFolder
from wwtool.doctor.findings import Finding
from wwtool.errors import ToolError

_STDERR = 2  # the result is on standard output, so the installers print to standard error
_PREFIXES = {"apt": "apt-get install ", "npm": "npm install ", "pip": "pip install ", "wwtool": "wwtool voices get "}


def packages(findings: Sequence[Finding], manager: str) -> list[str]:
    """The packages that ``manager`` (apt, npm, pip, wwtool) has for missing tools, as words of its command."""
    prefix = _PREFIXES[manager]
    words: list[str] = []
    for finding in findings:
        if not finding.found and not finding.alternative and finding.remedy.startswith(prefix):
            words += [word for word in shlex.split(finding.remedy[len(prefix) :]) if word not in words]
    return words


def commands(findings: Sequence[Finding], elevation: Sequence[str] | None) -> list[list[str]]:
    """The commands that install missing tools, in order.

    Args:
        findings: the tools, found or not.
        elevation: the words before apt's command, none for root; None: this user may not use apt.
    """
    lines = []
    names = packages(findings, "apt")
    if names and elevation is not None:
        lines.append([*elevation, "apt-get", "update", "-qq"])
        lines.append([*elevation, "apt-get", "install", "-y", "--no-install-recommends", *names])
    names = packages(findings, "npm")
    if names:
        lines.append(["npm", "install", *names])
    pip = [finding for finding in findings if finding.remedy.startswith(_PREFIXES["pip"])]
    plain = [finding for finding in pip if " -" not in finding.remedy]
    for group in (plain, *([finding] for finding in pip if finding not in plain)):  # an option is for one package
        if names := packages(group, "pip"):
            lines.append([sys.executable, "-m", "pip", "install", *names])
    names = packages(findings, "wwtool")
    if names:
        lines.append([*python_module("wwtool"), "voices", "get", *names])
    return lines


def elevation() -> list[str] | None:
    """The words before an apt command: none for root, sudo if it asks for no password; None if apt cannot be used."""
    if os.name != "posix" or shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and run_program(["sudo", "-n", "true"]).returncode == 0:
        return ["sudo", "-n"]
    return None


def fix(findings: Sequence[Finding], say: Callable[[str], None]) -> list[str]:
    """Runs the commands, and returns what the user has to do, as sentences; empty: nothing.

    If one fails, the others still run.
    """
    prefix = elevation()
    failures = []
    for command in commands(findings, prefix):
        say(f"$ {shlex.join(command)}")
        code = _run(command)
        if code is None:
            failures.append(f"{command[0]} was not found, so '{shlex.join(command)}' could not run")
        elif code != 0 and "update" not in command:  # apt may have what it needs without an update
            failures.append(f"'{shlex.join(command)}' ended with status {code}; its output is above")
    names = packages(findings, "apt")
    if names and prefix is None:
        failures.append(_by_hand(names))
    return failures


def _by_hand(names: Sequence[str]) -> str:
    words = " ".join(names)
    if shutil.which("apt-get") is None:
        return f"install with your package manager what Debian calls {words}, then run wwtool doctor again"
    return f"run this line, then wwtool doctor again: sudo apt-get install {words}"


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
