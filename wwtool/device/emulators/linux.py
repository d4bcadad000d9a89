"""The firmware as a Linux program, on this machine or for a Raspberry Pi Zero in QEMU: gives its console a URL.

Time and interrupts are those of this machine, under QEMU, too; what an inference would take on a Pi is told by
``linux_count``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType

from wwtool.device.emulators.pty_bridge import PtyBridge
from wwtool.errors import DeviceError, InputError, ToolError
from wwtool.files import read_manifest

QEMU = "qemu-arm"
PACKAGE = "qemu-user"
PLATFORMS = ("host", "rpi_zero")
_CPU = "arm1176"  # QEMU's name for the core of the BCM2835
_CHUNK_BYTES = 4096
_STOP_TIMEOUT_S = 5.0


def find_qemu() -> str:
    """Returns the emulator's program.

    Raises:
        ToolError: not installed.
    """
    found = shutil.which(QEMU)
    if found is None:
        raise ToolError(f"the emulated Raspberry Pi Zero needs {QEMU}; get it with: apt-get install {PACKAGE}")
    return found


def command_for(platform: str) -> list[str]:
    """What stands before the program: nothing where this machine can run it, a Raspberry Pi among them.

    Raises:
        ToolError: QEMU is needed and missing.
    """
    if platform == "host" or os.uname().machine.startswith("armv"):
        return []
    return emulated()


def emulated() -> list[str]:
    """What stands before a program for the Raspberry Pi Zero to run it in QEMU.

    Raises:
        ToolError: QEMU is missing.
    """
    return [find_qemu(), "-cpu", _CPU]


class LinuxProgram:
    """The running program; a context manager that ends it.

    Its standard streams are a TCP port for one client at a time. What it says while nobody listens is lost, as on a
    serial line.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
    """

    def __init__(self, command: list[str], tcp_port: int, pty: bool) -> None:
        self._server = socket.create_server(("127.0.0.1", tcp_port))
        self.port: int = self._server.getsockname()[1]
        # A session of its own: Ctrl-C reaches this program alone, which then ends the firmware in order.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        self._client: socket.socket | None = None
        self._last_words = ""
        works = (self._listen, self._forward, self._hear)
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
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

    def _hear(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError):
            for line in self._process.stderr:
                self._last_words = line.decode("utf-8", "replace").strip()

    def check(self) -> None:
        """Raises DeviceError if the firmware has ended by itself with an error."""
        code = self._process.poll()
        if code not in (None, 0):
            self._threads[-1].join(timeout=_STOP_TIMEOUT_S)
            said = self._last_words or "it gave no reason"
            raise DeviceError(f"the firmware ended with status {code}: {said}")

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

    def __enter__(self) -> LinuxProgram:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _heard(audio: Path | None) -> list[str]:
    if audio is None:
        return ["--no-audio"]
    with audio.open("rb") as file:
        return ["--wav" if file.read(4) == b"RIFF" else "--raw", str(audio.resolve())]


def start(
    build: Path, tcp_port: int = 0, pty: bool = False, audio: Path | None = None, platform: str = "host"
) -> LinuxProgram:
    """Starts the firmware of a build for ``host`` or ``rpi_zero``.

    Args:
        build: a build folder, or its ELF.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        audio: a WAV or raw int16 file, mono at 16 kHz, heard as the microphone.
        platform: what it was built for.

    Raises:
        ToolError: QEMU is missing.
        InputError: there is no such program.
        DeviceError: it cannot be started.
    """
    emulator = command_for(platform)
    program = build
    if build.is_dir():
        manifest = read_manifest(build)
        program = build / str(manifest.get("image", {}).get("elf", ""))
    if not program.is_file():
        raise InputError(f"{build} holds no program for {platform}; run wwtool build --platform {platform} first")
    try:
        return LinuxProgram([*emulator, str(program.resolve()), *_heard(audio)], tcp_port, pty)
    except OSError as error:
        raise DeviceError(f"the firmware cannot be started: {error}; choose another --tcp port") from error
