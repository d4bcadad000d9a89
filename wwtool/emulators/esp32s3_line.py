"""The line to one console of an emulated ESP32-S3: a TCP port, whose bytes wait until the board takes them."""

from __future__ import annotations

import contextlib
import socket
import threading

from wwtool.emulators.listening import listen, serve


class Line:
    """A port for one client after another, and what the client has sent.

    Attributes:
        port: the TCP port.
    """

    def __init__(self, tcp_port: int) -> None:
        self._client: socket.socket | None = None
        self._input = bytearray()
        self._arrived = threading.Condition()
        self._server = listen(tcp_port)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=serve, args=(self._server, self._client_is, self._keep), daemon=True).start()

    def _client_is(self, client: socket.socket | None) -> None:
        self._client = client

    def _keep(self, data: bytes) -> None:
        with self._arrived:
            self._input += data
            self._arrived.notify()

    @property
    def waiting(self) -> int:
        """How many bytes nobody has taken."""
        return len(self._input)

    def take(self, most: int) -> bytes:
        """Bytes that have arrived."""
        with self._arrived:
            data = bytes(self._input[:most])
            del self._input[:most]
            return data

    def wait(self, patience_s: float) -> None:
        """Returns when bytes wait, or after so long."""
        with self._arrived:
            if not self._input:
                self._arrived.wait(patience_s)

    def send(self, data: bytes) -> None:
        """Gives the client bytes; without one they are lost."""
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError):
                client.sendall(data)

    def hang_up(self) -> None:
        """Tells the client that nothing more comes."""
        if self._client is not None:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends it; safe to call again."""
        self._server.close()
        client = self._client
        if client is not None:
            client.close()
