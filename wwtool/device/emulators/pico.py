"""The Raspberry Pi Pico in rp2040js: starts an image and gives its console a URL.

The emulation itself is ``rp2040_runner.mjs``, a Node program beside this file.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from wwtool.device.emulators.pty_bridge import PtyBridge
from wwtool.errors import DeviceError, InputError, ToolError

RP2040JS_VERSION = "1.4.1"
INSTALL_COMMAND = f"npm install --prefix build/emulators rp2040js@{RP2040JS_VERSION}"
USER_PREFIX = Path("~/.cache/wwtool/emulators")

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_REPLY_TIMEOUT_S = 10.0


def find_node() -> Path:
    """Returns the ``node`` executable.

    Raises:
        ToolError: not installed.
    """
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        raise ToolError("the Pico emulator needs Node.js 18 or newer; get it with: sudo apt-get install nodejs npm")
    return Path(found)


def _candidates() -> Iterator[Path]:
    checkout = Path(str(resources.files("wwtool"))).parent
    for root in (Path.cwd(), checkout):
        yield root / "node_modules"
        yield root / "build" / "node_modules"
        yield root / "build" / "emulators" / "node_modules"
    yield USER_PREFIX.expanduser() / "node_modules"


def find_rp2040js() -> Path:
    """Returns the folder of the rp2040js package.

    Looks at the environment variable ``WWTOOL_RP2040JS`` alone if it is set, else at ``node_modules``,
    ``build/node_modules`` and ``build/emulators/node_modules`` below the current folder and the checkout, else at the
    user's cache.

    Raises:
        ToolError: not found.
    """
    override = os.environ.get("WWTOOL_RP2040JS")
    folders = [Path(override)] if override else [folder / "rp2040js" for folder in _candidates()]
    for folder in folders:
        if (folder / "dist" / "esm" / "index.js").is_file():
            return folder.resolve()
    if override:
        raise ToolError(f"WWTOOL_RP2040JS names {override}, which is no rp2040js package; unset it or correct it")
    raise ToolError(
        f"the Pico emulator rp2040js is not installed; get it with: {INSTALL_COMMAND} "
        f"(or with --prefix {USER_PREFIX} for all projects)"
    )


def image_of(build: Path) -> Path:
    """Returns the ``.bin`` of a build folder (through its ``manifest.json``), or the file itself.

    Raises:
        InputError: there is none, or the build is for another platform.
    """
    if build.is_file():
        return build
    manifest_path = build / "manifest.json"
    try:
        manifest = json.loads(manifest_path.read_text())
        platform = str(manifest["platform"])
        image = build / str(manifest["image"]["bin"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{build} is no finished build ({manifest_path.name} cannot be used); run wwtool build first"
        ) from error
    if platform != "pico":
        raise InputError(f"{build} was built for {platform}; this emulator runs pico images")
    if not image.is_file():
        raise InputError(f"{image} is missing; run wwtool build again")
    return image


class Emulator:
    """A running emulated board; a context manager that ends it.

    Attributes:
        url: what pyserial opens, ``socket://127.0.0.1:PORT`` or a terminal device.
        port: the TCP port.
    """

    def __init__(self, process: subprocess.Popen[str], pty: bool) -> None:
        self._process = process
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._failure: str | None = None
        self._last_stats: dict[str, Any] | None = None
        self._bridge: PtyBridge | None = None
        assert process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name="rp2040js", daemon=True)
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
                message = json.loads(line)
            except ValueError:
                continue
            if message.get("event") == "failed":
                self._failure = str(message["reason"])
            else:
                self._replies.put(message)
        self._replies.put(None)

    def _next(self, timeout_s: float) -> dict[str, Any]:
        try:
            message = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            raise DeviceError(f"the emulated Pico did not answer within {timeout_s:.0f} s; start it again") from None
        if message is None:
            self._replies.put(None)
            self.check()
            raise DeviceError(f"the Pico emulator ended with status {self._process.wait()}; {self._stderr()}")
        return message

    def _stderr(self) -> str:
        text = self._process.stderr.read() if self._process.stderr else ""
        lines = text.strip().splitlines()
        return lines[-1] if lines else "it gave no reason"

    @property
    def failure(self) -> str | None:
        """Why the run was ended by the emulator, if it was."""
        return self._failure

    def check(self) -> None:
        """Raises DeviceError if the emulator has found the program at fault."""
        if self._failure is not None:
            raise DeviceError(f"the emulated Pico stopped: {self._failure}")

    def stats(self) -> dict[str, Any]:
        """Returns counts of the run so far: ``instructions``, ``cycles``, ``simulated_s``, ``led_on``, ...

        After :meth:`close`, those taken last.
        """
        if self._process.poll() is None and self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.write("stats\n")
                self._process.stdin.flush()
                self._last_stats = self._next(_REPLY_TIMEOUT_S)
        self.check()
        if self._last_stats is None:
            raise DeviceError("the emulated Pico has ended and left no statistics; ask for them before closing it")
        return self._last_stats

    def touch(self) -> None:
        """Opens and closes the USB console at 1200 baud; a program that obeys ends in the boot loader."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write("touch\n")
            self._process.stdin.flush()

    def wait(self) -> None:
        """Returns when the emulator has ended, by itself or because of a fault (see :meth:`check`)."""
        self._process.wait()
        self._reader.join(timeout=_STOP_TIMEOUT_S)

    def wait_for_failure(self, timeout_s: float) -> None:
        """Returns when the emulator has found the program at fault, or the time is over."""
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

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    build: Path,
    tcp_port: int = 0,
    pty: bool = False,
    console: str = "uart",
    audio: Path | None = None,
    stats: Path | None = None,
) -> Emulator:
    """Starts an image on an emulated Pico.

    Args:
        build: a build folder, or a ``.bin``.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        console: ``uart`` or ``usb``.
        audio: raw int16 mono at 16 kHz, played into the microphone from the first sample the ADC takes.
        stats: file for the statistics at the end, as JSON.

    Raises:
        ToolError: Node.js or rp2040js is missing.
        InputError: there is no such image.
        DeviceError: the image does not start.
    """
    runner = Path(str(resources.files("wwtool.device.emulators"))) / "rp2040_runner.mjs"
    command = [str(find_node()), str(runner), "--rp2040js", str(find_rp2040js()), "--bin", str(image_of(build))]
    command += ["--tcp", str(tcp_port), "--console", console]
    command += ["--audio", str(audio)] if audio else []
    command += ["--stats", str(stats)] if stats else []
    # A session of its own: Ctrl-C reaches this program alone, which then closes the emulator in order. If this
    # program is killed, the pipe to the runner's standard input closes and the runner ends by itself.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return Emulator(process, pty)
