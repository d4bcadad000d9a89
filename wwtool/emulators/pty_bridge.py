"""A pseudo-terminal joined to a TCP port, for programs that need a serial device. For Linux and macOS."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from types import TracebackType

_CHUNK_BYTES = 4096
_POLL_S = 0.2


class PtyBridge:
    """Copies bytes between a new pseudo-terminal and ``127.0.0.1:port`` until it is closed.

    Attributes:
        device: path of the terminal, for example ``/dev/pts/3``.
    """

    def __init__(self, port: int) -> None:
        import pty  # not on Windows
        import tty

        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._master, self._slave = pty.openpty()  # the slave stays open: no hang-up when a user closes the port
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.device: str = os.ttyname(self._slave)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._copy, name=f"pty-{port}", daemon=True)
        self._thread.start()

    def _copy(self) -> None:
        while not self._closing.is_set():
            try:
                readable, _, _ = select.select([self._master, self._socket.fileno()], [], [], _POLL_S)
                if self._master in readable:
                    self._socket.sendall(os.read(self._master, _CHUNK_BYTES))
                if self._socket.fileno() in readable:
                    data = self._socket.recv(_CHUNK_BYTES)
                    if not data:
                        return
                    self._write_terminal(data)
            except OSError:
                return

    def _write_terminal(self, data: bytes) -> None:
        """Waits for a slow reader, but not beyond close()."""
        while data and not self._closing.is_set():
            _, writable, _ = select.select([], [self._master], [], _POLL_S)
            if writable:
                data = data[os.write(self._master, data) :]

    def close(self) -> None:
        """Ends the copying and removes the terminal."""
        self._closing.set()
        self._thread.join(timeout=5 * _POLL_S)
        self._socket.close()
        for descriptor in (self._master, self._slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def __enter__(self) -> PtyBridge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
