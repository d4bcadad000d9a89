"""A job's events on a terminal: a line for each stage that is done, with a bar while one runs."""

from __future__ import annotations

from types import TracebackType

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from wwtool import events
from wwtool.base.text import printable
from wwtool.cli.terminal import CAREFUL, GOOD, Terminal, line, styled


class TerminalProgress:
    """A listener that shows events with rich; plain lines where the output is not a terminal."""

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
        self._title = ""

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self._bar.stop()

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.StageStarted():
                self._title = event.title
                self._task = self._bar.add_task(event.stage, total=None, note=printable(event.title))
            case events.StageProgress():
                self._advance(event.done, event.total, f"{event.what or self._title} {event.done}/{event.total}")
            case events.Loss():
                model = f"{event.model} " if event.model else ""
                note = f"{model}{event.stage} {event.step}/{event.steps}, loss {event.loss:.3f}"
                self._advance(event.step, event.steps, note)
            case events.StageFinished():
                self._finish(event)
            case events.Note():
                self._console.print(line("  ", event.text), soft_wrap=True)
            case events.Warning():
                self._console.print(line("  ", styled(*CAREFUL), f" {event.text}"), soft_wrap=True)
            case _:
                pass

    def _advance(self, done: int, total: int, note: str) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total, note=printable(note))

    def _finish(self, event: events.StageFinished) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        time = styled("unchanged" if event.cached else f"{event.seconds:.1f} s", "dim")
        stage = styled(f"{event.stage:<10}", "cyan")
        self._console.print(line("  ", styled(*GOOD), " ", stage, f" {event.note}  ", time), soft_wrap=True)
