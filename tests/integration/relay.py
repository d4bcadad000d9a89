"""A wire between an emulated board and its user that changes what the board says. Not a test."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType

_POLL_S = 0.1
_CHUNK_BYTES = 4096


class Relay:
    """Carries bytes between a TCP port of its own and a board's, one user at a time.

    Attributes:
        port: its own port, on 127.0.0.1.
        url: what pyserial opens.
    """

    def __init__(self, board: int, change: Callable[[bytes], bytes] = lambda line: line, openings: int = 1000) -> None:
        """``change`` gets each line of the board's, with its end; after so many ``openings`` the wire is dead."""
        self._board, self._change, self._left = board, change, openings
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.url = f"socket://127.0.0.1:{self.port}"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        self._server.settimeout(_POLL_S)
        while not self._closing.is_set():
            with contextlib.suppress(OSError):
                user, _ = self._server.accept()
                with user:
                    self._left -= 1
                    if self._left < 0:
                        self._ignore(user)
                    else:
                        with socket.create_connection(("127.0.0.1", self._board)) as board:
                            self._carry(user, board)

    def _ignore(self, user: socket.socket) -> None:
        user.settimeout(_POLL_S)
        while not self._closing.is_set():
            try:
                if not user.recv(_CHUNK_BYTES):
                    return
            except TimeoutError:
                continue

    def _carry(self, user: socket.socket, board: socket.socket) -> None:
        rest = b""
        while not self._closing.is_set():
            readable, _, _ = select.select([user, board], [], [], _POLL_S)
            if user in readable:
                data = user.recv(_CHUNK_BYTES)
                if not data:
                    return
                board.sendall(data)
            if board in readable:
                data = board.recv(_CHUNK_BYTES)
                if not data:
                    return
                *lines, rest = (rest + data).split(b"\n")
                user.sendall(b"".join(self._change(line + b"\n") for line in lines))

    def __enter__(self) -> Relay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()
        self._server.close()
