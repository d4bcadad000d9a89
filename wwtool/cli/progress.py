"""Progress that a person likes to watch: a line a stage, with a bar while it runs."""

from __future__ import annotations

import time
from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from wwtool.base.text import printable
from wwtool.cli.terminal import CAREFUL, GOOD, Terminal, line, styled


class TerminalProgress:
    """Implements pipeline.stages.Progress with rich; plain lines where the output is not a terminal."""

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("  [cyan]{task.description:<10}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[note]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._stage, self._title, self._since = "", "", 0.0

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.stop()

    def begin(self, stage: str, title: str) -> None:
        self._stage, self._title, self._since = stage, title, time.monotonic()
        self._task = self._bar.add_task(stage, total=None, note=printable(title))

    def advance(self, done: int, total: int, note: str = "") -> None:
        if self._task is not None:
            self._bar.update(
                self._task, completed=done, total=total, note=printable(note or f"{self._title} {done}/{total}")
            )

    def end(self, note: str, cached: bool = False) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        seconds = time.monotonic() - self._since
        when = styled("unchanged" if cached else f"{seconds:.1f} s", "dim")
        self._console.print(line("  ", styled(*GOOD), " ", styled(f"{self._stage:<10}", "cyan"), f" {note}  ", when))

    def warn(self, text: str) -> None:
        """What a person should know, though the run goes on."""
        self._console.print(line("  ", styled(*CAREFUL), f" {text}"), soft_wrap=True)
