"""An emulated board in a process of its own, which is controlled with JSON lines."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from wwtool.base.programs import NEUTRAL_FOLDER
from wwtool.base.records import parse_json
from wwtool.emulators.pty_bridge import PtyBridge
from wwtool.errors import DeviceError, InputError
from wwtool.firmware.builds import read_build

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_REPLY_TIMEOUT_S = 10.0
_OF_NODE = ("NODE_OPTIONS", "NODE_PATH")  # they can name scripts to load first, by relative paths


def image_of(build: Path, emulator: str) -> Path:
    """Returns the ``.bin`` of a build folder for ``emulator``, unaltered, or the file itself.

    Raises:
        InputError: there is none, or not the one that was built, or the build is for another emulator.
    """
    if build.is_file():
        return build
    finished = read_build(build)
    if finished.platform.emulator != emulator:
        raise InputError(f"{build} was built for {finished.platform.name}, which {emulator} does not emulate")
    return finished.image("bin")


class ProcessBoard:
    """A running emulated board; a context manager that ends it.

    The paths in ``command`` are absolute.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
    """

    def __init__(self, command: list[str], pty: bool, title: str) -> None:
        # In a session of its own Ctrl-C does not reach the runner, so wwtool can close it in order. If wwtool is
        # killed, the pipe to the runner's standard input closes and the runner ends by itself.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            cwd=NEUTRAL_FOLDER,
            env={name: value for name, value in os.environ.items() if name not in _OF_NODE},
            start_new_session=True,
        )
        self._title = title
        self._process = process
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._failure: str | None = None
        self._last_stats: dict[str, Any] | None = None
        self._bridge: PtyBridge | None = None
        assert process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name="emulator", daemon=True)
        self._reader.start()
        try:
            self.port = int(self._next(_START_TIMEOUT_S)["port"])
            if pty:
                self._bridge = PtyBridge(self.port)
        except BaseException:
            self.close()
            raise
        self.url = self._bridge.device if self._bridge else f"socket://127.0.0.1:{self.port}"

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            try:
                message = parse_json(line, "a line")
            except InputError:
                continue
            if not isinstance(message, dict):
                continue
            if message.get("event") == "failed":
                self._failure = str(message.get("reason"))
            else:
                self._replies.put(message)
        self._replies.put(None)

    def _next(self, timeout_s: float) -> dict[str, Any]:
        try:
            message = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            raise DeviceError(
                f"the emulated {self._title} did not answer within {timeout_s:.0f} s; start it again"
            ) from None
        if message is None:
            self._replies.put(None)
            self.check()
            raise DeviceError(f"the {self._title} emulator ended with status {self._process.wait()}; {self._stderr()}")
        return message

    def _stderr(self) -> str:
        text = self._process.stderr.read() if self._process.stderr else ""
        lines = text.strip().splitlines()
        return lines[-1] if lines else "it has printed no reason"

    @property
    def failure(self) -> str | None:
        """Why the emulator ended the run; None if it did not."""
        return self._failure

    def check(self) -> None:
        """Raises DeviceError if the program has made a mistake that the emulator detects."""
        if self._failure is not None:
            raise DeviceError(f"the emulated {self._title} stopped: {self._failure}")

    def stats(self) -> dict[str, Any]:
        """Returns counts of the run so far: ``instructions``, ``cycles``, ``simulated_s``, ``asleep_s``, ...

        After :meth:`close`: the last ones that were asked for.
        """
        if self._process.poll() is None and self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.write("stats\n")
                self._process.stdin.flush()
                self._last_stats = self._next(_REPLY_TIMEOUT_S)
        self.check()
        if self._last_stats is None:
            raise DeviceError(
                f"the emulated {self._title} has ended and left no statistics; ask for them before closing it"
            )
        return self._last_stats

    def touch(self) -> None:
        """Opens and closes the USB console at 1200 baud; a program that obeys starts the boot loader."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write("touch\n")
            self._process.stdin.flush()

    def wait(self) -> None:
        """Returns when the emulator has ended, by itself or because of a fault (see :meth:`check`)."""
        self._process.wait()
        self._reader.join(timeout=_STOP_TIMEOUT_S)

    def wait_for_failure(self, timeout_s: float) -> None:
        """Returns when the emulator has detected a mistake of the program, or after the time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=timeout_s)
            self._reader.join(timeout=_STOP_TIMEOUT_S)

    def close(self) -> None:
        """Ends the emulator; safe to call again."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.close()  # the runner ends with it
        try:
            self._process.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=_STOP_TIMEOUT_S)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> ProcessBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
