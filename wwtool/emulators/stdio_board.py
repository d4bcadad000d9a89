"""A program whose standard streams are a board's console, such as QEMU: gives the console a URL."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from types import TracebackType

from wwtool.base.programs import NEUTRAL_FOLDER
from wwtool.emulators.listening import listen, serve
from wwtool.emulators.pty_bridge import PtyBridge
from wwtool.errors import DeviceError

_CHUNK_BYTES = 4096
_STOP_TIMEOUT_S = 5.0


class StdioBoard:
    """A running program; a context manager that ends it.

    Its standard streams are a TCP port for one client at a time. Its output is lost while there is no client, as on a
    serial line. The paths in ``command`` are absolute; ``title`` is what its errors call it.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
    """

    def __init__(self, command: list[str], tcp_port: int, pty: bool, title: str) -> None:
        self._title = title
        self._server = listen(tcp_port)
        self.port: int = self._server.getsockname()[1]
        # In a session of its own Ctrl-C does not reach the program, so wwtool can end it in order.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=NEUTRAL_FOLDER,
            start_new_session=True,
        )  # fmt: skip
        self._client: socket.socket | None = None
        self._last_words = ""
        works = (self._listen, self._forward, self._keep_last_line)
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self._threads:
            thread.start()
        self._bridge: PtyBridge | None = None
        try:
            self._bridge = PtyBridge(self.port) if pty else None
        except BaseException:
            self.close()
            raise
        self.url = self._bridge.device if self._bridge else f"socket://127.0.0.1:{self.port}"

    def _listen(self) -> None:
        serve(self._server, self._client_is, self._give)

    def _client_is(self, client: socket.socket | None) -> None:
        self._client = client

    def _give(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _forward(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):
            while data := self._process.stdout.read1(_CHUNK_BYTES):  # type: ignore[attr-defined]
                client = self._client
                if client is not None:
                    with contextlib.suppress(OSError):
                        client.sendall(data)

    def _keep_last_line(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):
            for line in self._process.stderr:
                self._last_words = line.decode("utf-8", "replace").strip()

    def check(self) -> None:
        """Raises DeviceError if the program has ended by itself with an error."""
        code = self._process.poll()
        if code not in (None, 0):
            self._threads[-1].join(timeout=_STOP_TIMEOUT_S)
            reason = self._last_words or "it has printed no reason"
            raise DeviceError(f"the {self._title} ended by itself with status {code}: {reason}")

    def wait(self) -> None:
        """Returns when the program has ended."""
        self._process.wait()

    def close(self) -> None:
        """Ends the program; safe to call again."""
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        self._server.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        client = self._client
        if client is not None:
            client.close()

    def __enter__(self) -> StdioBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
