"""The TCP port of an emulated board's console."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from wwtool.errors import DeviceError

_CHUNK_BYTES = 4096


def listen(tcp_port: int) -> socket.socket:
    """A server on 127.0.0.1; port 0 takes a free one.

    Raises:
        DeviceError: the port is not free, or not for this user.
    """
    try:
        return socket.create_server(("127.0.0.1", tcp_port))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DeviceError(f"cannot listen on TCP port {tcp_port}: {reason}; choose another --tcp port") from error


def serve(
    server: socket.socket, client_is: Callable[[socket.socket | None], None], arrived: Callable[[bytes], None]
) -> None:
    """Serves one client after another until the server is closed.

    Args:
        client_is: is told who the client is, and None when it has gone.
        arrived: gets its bytes; a ValueError ends it all.
    """
    with contextlib.suppress(OSError, ValueError):
        while True:
            client, _ = server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client_is(client)
            with contextlib.suppress(ConnectionError):
                while data := client.recv(_CHUNK_BYTES):
                    arrived(data)
            client_is(None)
            client.close()
