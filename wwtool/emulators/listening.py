"""The TCP port of an emulated board's console."""

from __future__ import annotations

import socket

from wwtool.errors import DeviceError


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
