"""Carries out a plan: runs programs without a shell, copies to drives, waits for boards to appear and disappear."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from wwtool.base.temporary import TemporaryFolder
from wwtool.device.flash import drives, failures, ports
from wwtool.device.flash.drives import Drive
from wwtool.device.flash.explain import explain
from wwtool.device.flash.plan import BOOT_TIMEOUT_S, PORT, AwaitDrive, AwaitPort, AwaitUsb, Copy, Plan, Run, Step, Touch
from wwtool.device.flash.ports import Port
from wwtool.device.flash.tools import FLASH_TOOLS
from wwtool.errors import DeviceError, ToolError, UsageError
from wwtool.platforms.profile import Platform

Result = TypeVar("Result")
_POLL_S = 0.1
_BLIND_S = 2.0  # a boot loader appears in half a second; for systems that do not say what is on the bus
_STOP_S = 3.0
_COPY_BYTES = 1 << 14


class HalfWrittenError(KeyboardInterrupt):
    """Somebody interrupted while the board was written, so it may hold half an image."""


class Runner:
    """Runs the steps of plans on one board.

    Attributes:
        port: the board's port at this moment.
        verified: the proof that the image is on the board, in words.
        copied: this computer has seen no error while it copied a UF2 file.
    """

    def __init__(self, platform: Platform, say: Callable[[str], None]) -> None:
        self.platform = platform
        self.say = say
        self.port: Port | None = None
        self.verified = ""
        self.copied = True
        self._drive: Drive | None = None
        self._writing = False
        self._to_flash = True

    def run(self, plan: Plan) -> None:
        """Carries out all steps.

        Raises:
            DeviceError: the board or the tool failed.
            ToolError: the tool cannot be started.
            HalfWrittenError: Ctrl-C while the board was written.
        """
        self.port = plan.port
        self._to_flash = not plan.from_ram
        try:
            for step in plan.steps:
                self._do(step)
        except KeyboardInterrupt as error:
            if not self._writing:
                raise
            raise HalfWrittenError(
                f"the {self.platform.title} may hold half an image; if it does not appear again, "
                f"{self.platform.enter_loader}"
            ) from error

    def _do(self, step: Step) -> None:
        if isinstance(step, Touch):
            self.say(f"starting the boot loader through {step.port.device}")
            ports.touch(step.port, self.platform)
        elif isinstance(step, AwaitPort):
            self.port = self._await_port(step)
        elif isinstance(step, AwaitDrive):
            self._drive = self._await_drive(step)
            self.port = None
        elif isinstance(step, AwaitUsb):
            self._await_usb(step)
            self.port = None
        elif isinstance(step, Run):
            self._run(step)
        else:
            self._copy(step)

    def _appears(self, look: Callable[[], Result | None], what: str) -> Result:
        result = wait_for(look, BOOT_TIMEOUT_S)
        if result is None:
            raise DeviceError(
                f"{what} did not appear within {BOOT_TIMEOUT_S:g} s; {self.platform.enter_loader}, and run the same "
                "command again"
            )
        return result

    def _await_port(self, step: AwaitPort) -> Port:
        def look() -> Port | None:
            return ports.same_board(ports.with_ids(step.usb_ids), step.before)

        return self._appears(look, f"the boot loader of the {self.platform.title}")

    def _await_drive(self, step: AwaitDrive) -> Drive:
        def look() -> Drive | None:
            waiting = drives.of_boards(step.board_ids)
            if len(waiting) > 1:
                names = ", ".join(str(drive.path) for drive in waiting)
                raise UsageError(f"several boards wait for an image: {names}; choose one with --port")
            return waiting[0] if waiting else None

        try:
            label = self.platform.uf2.label if self.platform.uf2 else ""
            return self._appears(look, f"the drive {label} of the {self.platform.title}")
        except DeviceError as error:
            if self.platform.uf2 and ports.seen_on_usb(self.platform.uf2.usb):
                raise DeviceError(failures.not_mounted(self.platform)) from error
            raise

    def _await_usb(self, step: AwaitUsb) -> None:
        if ports.seen_on_usb(step.usb_ids) is None:
            time.sleep(_BLIND_S)
        else:
            self._appears(
                lambda: ports.seen_on_usb(step.usb_ids) or None, f"the boot loader of the {self.platform.title}"
            )

    def _run(self, step: Run) -> None:
        where = self.port.device if self.port else "USB"
        if self._is_gone():  # an earlier step may have reset the board
            wait_for(lambda: not self._is_gone() or None, BOOT_TIMEOUT_S)
        if self.port is not None:
            ports.require_access(self.port)
        words = [self.port.device if word == PORT and self.port else word for word in step.command]
        self.say(f"{step.tool}: {step.purpose}")
        self._writing = self._writing or (self._to_flash and step.purpose == "write")
        code, output = self._finish(words, step)
        if code == 0 and step.expects not in output:
            code, output = 1, "verify failed"
        if code != 0:
            raise DeviceError(explain(self.platform, FLASH_TOOLS[step.tool], where, code, output, self._is_gone()))
        self._writing = False
        if step.purpose not in ("reset", "start"):
            self.verified = f"read back by {step.tool}"

    def _is_gone(self) -> bool:
        """Whether a listed port has disappeared. False for a network port, of which the system has no list."""
        if self.port is None or not self.port.usb_id:
            return False
        return self.port.device not in (port.device for port in ports.ports())

    def _finish(self, words: list[str], step: Run) -> tuple[int, str]:
        with TemporaryFolder("empty") as folder:
            shutil.copyfile(step.image, folder / step.image.name)
            return self._finish_in(folder, words, step)

    def _finish_in(self, folder: Path, words: list[str], step: Run) -> tuple[int, str]:
        try:
            # A session of its own: Ctrl-C reaches this program alone, which then ends the tool and all it started.
            process = subprocess.Popen(
                words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ToolError(f"{words[0]} cannot be started: {error.strerror}; install {step.tool} again") from error
        try:
            output, _ = process.communicate(timeout=step.timeout_s)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise DeviceError(failures.hung(self.platform, step.tool, step.timeout_s)) from error
        except BaseException:
            _end(process)
            raise
        return process.returncode, output.decode("utf-8", "replace")

    def _copy(self, step: Copy) -> None:
        drive = step.drive or self._drive
        assert drive is not None
        self.say(f"copying {step.source.name} to {drive.path}")
        self._writing = self._to_flash
        content = step.source.read_bytes()
        sent = 0
        try:
            # Straight to its name: this is no file system but the boot loader, which takes blocks as they come.
            with (drive.path / step.source.name).open("wb", buffering=0) as file:
                while sent < len(content):
                    sent += file.write(content[sent : sent + _COPY_BYTES])
                os.fsync(file.fileno())
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                self._writing = False
                raise DeviceError(failures.not_writable(drive.path, error)) from error
            if sent < len(content):
                raise DeviceError(failures.lost(self.platform, str(drive.path))) from error
            # With the last block the board starts the program and the drive disappears, even if the system has not
            # written everything to it. The console tells whether the board has the whole image.
            self.copied = False
        if wait_for(lambda: self._drive_left(drive) or None, BOOT_TIMEOUT_S) is None:
            raise DeviceError(
                f"the boot loader at {drive.path} did not start the image within {BOOT_TIMEOUT_S:g} s, as if it were "
                "not for this board or not complete; unplug the board and run the same command again"
            )
        self._writing = False
        self.verified = "accepted by the boot loader" if self.copied else ""

    def _drive_left(self, drive: Drive) -> bool:
        """Whether the drive is unmounted, or still mounted without its device."""
        ids = self.platform.uf2.usb if self.platform.uf2 else ()
        return not drives.is_there(drive) or ports.seen_on_usb(ids) is False


def wait_for(look: Callable[[], Result | None], timeout_s: float) -> Result | None:
    """Calls ``look`` until it returns something, for at most ``timeout_s``; None if it never does."""
    deadline = time.monotonic() + timeout_s
    while True:
        result = look()
        if result is not None or time.monotonic() > deadline:
            return result
        time.sleep(_POLL_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program and its children; first in a way that lets it close its port."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, number)
            else:
                process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_STOP_S)
            return
