"""The firmware as a program of this machine: starts the ELF of a host build and gives its console a URL."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType

from wwtool.device.emulators.pty_bridge import PtyBridge
from wwtool.errors import DeviceError, InputError
from wwtool.files import read_manifest

_CHUNK_BYTES = 4096
_STOP_TIMEOUT_S = 5.0


class HostBoard:
    """A running host firmware; a context manager that ends it.

    Its standard streams are a TCP port for one client at a time. What it says while nobody listens is lost, as on a
    serial line.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
    """

    def __init__(self, command: list[str], tcp_port: int, pty: bool, title: str = "host firmware") -> None:
        self._title = title
        self._server = socket.create_server(("127.0.0.1", tcp_port))
        self.port: int = self._server.getsockname()[1]
        # A session of its own: Ctrl-C reaches this program alone, which then ends the firmware in order.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._client: socket.socket | None = None
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._forward)]
        for thread in self._threads:
            thread.start()
        self._bridge = PtyBridge(self.port) if pty else None
        self.url = self._bridge.device if self._bridge else f"socket://127.0.0.1:{self.port}"

    def _listen(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            while True:
                client, _ = self._server.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._client = client
                with contextlib.suppress(ConnectionError):
                    while data := client.recv(_CHUNK_BYTES):
                        self._process.stdin.write(data)
                        self._process.stdin.flush()
                self._client = None
                client.close()

    def _forward(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):
            while data := self._process.stdout.read1(_CHUNK_BYTES):  # type: ignore[attr-defined]
                client = self._client
                if client is not None:
                    with contextlib.suppress(OSError):
                        client.sendall(data)

    def check(self) -> None:
        """Raises DeviceError if the firmware has ended by itself with an error."""
        code = self._process.poll()
        if code not in (None, 0):
            raise DeviceError(f"the {self._title} ended by itself with status {code}; start it again")

    def wait(self) -> None:
        """Returns when the firmware has ended."""
        self._process.wait()

    def close(self) -> None:
        """Ends the firmware; safe to call again."""
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

    def __enter__(self) -> HostBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(build: Path, tcp_port: int = 0, pty: bool = False, audio: Path | None = None) -> HostBoard:
    """Starts the firmware of a host build.

    Args:
        build: a build folder for ``host``, or its ELF.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        audio: a WAV or raw int16 file, mono at 16 kHz, heard as the microphone.

    Raises:
        InputError: there is no such program.
        DeviceError: it cannot be started.
    """
    program = build
    if build.is_dir():
        manifest = read_manifest(build)
        program = build / str(manifest.get("image", {}).get("elf", ""))
    if not program.is_file():
        raise InputError(f"{build} holds no host firmware; run wwtool build --platform host first")
    arguments = ["--pcm", str(audio)] if audio else []
    try:
        return HostBoard([str(program.resolve()), *arguments], tcp_port, pty)
    except OSError as error:
        raise DeviceError(f"the host firmware cannot be started: {error}; choose another --tcp port") from error
