"""Runs a command of wwtool in a terminal of its own and writes what stands there at the end as an SVG.

    python scripts/picture.py docs/images/build.svg build --platform pico --phrase "hey computer" --quick

The picture of the README is made by this line, in an empty working folder.
"""

from __future__ import annotations

import argparse
import os
import pty
import re
import struct
import sys
from fcntl import ioctl
from pathlib import Path
from shlex import join
from termios import TIOCSWINSZ

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

COLUMNS = 104
_STEP = re.compile(r"\x1b\[(\d*)A|\x1b\[2?K|\x1b\[\?25[hl]|\r|\n|\x1b\[[\d;]*m|[^\x1b\r\n]+")


def record(command: list[str]) -> str:
    """What a command writes to a terminal of ``COLUMNS``, escape sequences included."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), PYTHONUNBUFFERED="1")
        os.execvp(command[0], command)
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    written = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        written += piece
    _, status = os.waitpid(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{join(command)} ended with exit code {code}")
    return written.decode()


def final_screen(written: str) -> list[str]:
    """The lines that are left at the end, with their colours. Rich erases a whole line before it writes it again.

    >>> final_screen("one\\r\\ntwo\\r\\x1b[2K\\x1b[1A\\x1b[2Kthree\\r\\n")
    ['three', '']
    """
    lines, row, fresh = [""], 0, False
    for step in _STEP.finditer(written):
        text = step[0]
        if text == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif text == "\r":
            fresh = True
            continue
        elif text.endswith("A") and text.startswith("\x1b"):
            row = max(0, row - int(step[1] or 1))
        elif text.endswith("K") and text.startswith("\x1b"):
            lines[row] = ""
        elif not text.startswith("\x1b[?"):
            lines[row] = text if fresh and not text.startswith("\x1b") else lines[row] + text
        fresh = False
    return lines


def to_svg(lines: list[str], command: str) -> str:
    """A terminal window with the command and its output; nothing in it is loaded from elsewhere."""
    # With a width of its own, rich does not ask the terminal that this script runs in.
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: PTH123, SIM115
    console.print(Text("$ ", style="bold green") + Text(command, style="bold"))
    for line in "\n".join(lines).strip("\n").splitlines():
        console.print(Text.from_ansi(line))
    form = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    form = form.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    return console.export_svg(title="wwtool", code_format=form, unique_id="wwtool")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the terminal of a wwtool command as an SVG.")
    parser.add_argument("svg", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    program = Path(sys.executable).with_name("wwtool")
    written = record([str(program), *arguments.command])
    arguments.svg.write_text(to_svg(final_screen(written), join(["wwtool", *arguments.command])), encoding="utf-8")


if __name__ == "__main__":
    main()
