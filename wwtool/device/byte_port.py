"""A serial port as bytes. Every wait has a deadline, whatever the device does: silence, a flood, or no reading."""

from __future__ import annotations

import contextlib
import os
import re
import time

import serial
from serial.urlhandler import protocol_socket

from wwtool.base.text import printable
from wwtool.errors import DeviceError

WRITE_TIMEOUT_S = 5.0
_POLL_S = 0.05
_SOCKET = "socket://"
# pyserial raises these for a port or URL that it cannot open; re.error comes from the scheme hwgrep.
_OPEN_ERRORS = (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, re.error)


def check_url(url: str) -> None:
    """Checks that pyserial understands a port or URL, without opening it.

    Raises:
        DeviceError: pyserial does not.
    """
    try:
        serial.serial_for_url(url, do_not_open=True)
    except _OPEN_ERRORS as error:
        raise DeviceError(f"there is no port {printable(url, 100)}: {_reason(error)}; check its name") from error


class Deadline:
    """The moment at which a wait ends, on a clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline, at least 0."""
        return max(0.0, self._end - time.monotonic())

    @property
    def over(self) -> bool:
        return self.remaining_s == 0.0

    def within(self, seconds: float) -> Deadline:
        """This deadline, or the one in ``seconds`` from now if that is earlier."""
        return Deadline(min(seconds, self.remaining_s))


class GoneError(DeviceError):
    """The port has disappeared, so waiting does not help."""


class _SocketPort(protocol_socket.Serial):  # type: ignore[misc]
    """pyserial's socket discards input until there is none when it opens: with a flood, for ever."""

    def reset_input_buffer(self) -> None:
        """Does nothing; :meth:`BytePort.discard` has a deadline."""


class BytePort:
    """An open port.

    Args:
        url: what pyserial opens: ``/dev/ttyACM0``, ``COM5``, ``socket://127.0.0.1:7000``.
        baud: bit rate of a UART.

    Raises:
        DeviceError: in every method, for everything that goes wrong on the line.
    """

    def __init__(self, url: str, baud: int) -> None:
        self.url = url
        self.shown = printable(url)
        settings = {"baudrate": baud, "timeout": _POLL_S, "write_timeout": WRITE_TIMEOUT_S}
        try:
            opener = _SocketPort if url.lower().startswith(_SOCKET) else serial.serial_for_url
            self._port = opener(url, **settings)
        except _OPEN_ERRORS as error:
            raise DeviceError(
                f"cannot open the port {self.shown}: {_reason(error)}; check that the board is plugged in and that no "
                "other program uses it"
            ) from error

    def write(self, data: bytes) -> None:
        """Sends bytes unchanged, within ``WRITE_TIMEOUT_S``."""
        try:
            self._port.write(data)
        except serial.SerialTimeoutException as error:
            raise DeviceError(
                f"{self.shown} takes no bytes: {len(data)} could not be sent within {WRITE_TIMEOUT_S:.0f} s; reset the "
                "board, and check that this is its console"
            ) from error
        except (serial.SerialException, OSError) as error:
            raise GoneError(
                f"the device at {self.shown} went away while sending: {printable(str(error), 200)}; plug it in again"
            ) from error

    def read(self) -> bytes:
        """Returns the bytes that have arrived; b"" if none arrive for a moment."""
        try:
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        except (serial.SerialException, OSError, TypeError) as error:
            raise GoneError(
                f"the device at {self.shown} closed the connection in the middle of an answer; start it, or plug it in "
                "again"
            ) from error

    def discard(self, quiet_s: float, deadline: Deadline) -> None:
        """Discards input until there is none for ``quiet_s``, but at most until the deadline."""
        quiet = Deadline(quiet_s)
        while not deadline.over:
            if self.read():
                quiet = Deadline(quiet_s)
            elif quiet.over:
                return

    def set_baud(self, baud: int) -> None:
        """Changes this end's bit rate, which means nothing on a socket or USB."""
        try:
            self._port.baudrate = baud
        except (serial.SerialException, OSError, ValueError) as error:
            raise DeviceError(
                f"{self.shown} cannot run at {baud} baud: {printable(str(error), 200)}; choose a lower rate"
            ) from error

    def close(self) -> None:
        """Closes the port. Bytes that could not be sent are dropped, as the system would wait for them."""
        with contextlib.suppress(serial.SerialException, OSError):
            self._port.reset_output_buffer()
        self._port.close()


def _reason(error: Exception) -> str:
    """The reason without pyserial's repetitions: the system's message is enough."""
    number = getattr(error, "errno", None) or getattr(error.__context__, "errno", None)
    return os.strerror(number).lower() if isinstance(number, int) else printable(str(error), 200)
