"""A bench without boards: serial ports, USB devices and drives that are files in a folder, and tools that are scripts.

The tests, the tools and a wwtool in a process of its own all look at the same folder, so each can make a board vanish.
"""

from __future__ import annotations

import json
import os
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from serial.tools import list_ports

_SCRIPT = """#!{python}
import os, signal, sys, time
sys.path.insert(0, {here!r})
from pathlib import Path
from fake_boards import Bench
bench = Bench(Path({folder!r}))
bench.record({name!r}, sys.argv[1:])
words = sys.argv[1:]
{body}
"""


class Bench:
    """What is plugged in and installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.modules = folder / "modules"
        self.sysfs = folder / "usb"
        for path in (self.bin, self.modules, self.sysfs):
            path.mkdir(parents=True, exist_ok=True)

    # Serial ports

    def _ports(self) -> list[dict[str, Any]]:
        path = self.folder / "ports.json"
        return json.loads(path.read_text()) if path.exists() else []

    def _save(self, ports: list[dict[str, Any]]) -> None:
        temporary = self.folder / f"ports.{os.getpid()}.{threading.get_ident()}"
        temporary.write_text(json.dumps(ports))
        temporary.replace(self.folder / "ports.json")

    def plug(self, device: str | Path, usb_id: str, location: str = "1-1") -> None:
        vendor, product = (int(part, 16) for part in usb_id.split(":"))
        port = {"device": str(device), "vid": vendor, "pid": product, "location": f"{location}:1.0"}
        self._save([*self._ports(), port])

    def unplug(self, device: str | Path) -> None:
        self._save([port for port in self._ports() if port["device"] != str(device)])

    def comports(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(**port) for port in self._ports()]

    # USB devices without a port, and drives

    def see(self, usb_id: str) -> None:
        folder = self.sysfs / usb_id.replace(":", "-")
        folder.mkdir()
        for name, value in zip(("idVendor", "idProduct"), usb_id.split(":"), strict=True):
            (folder / name).write_text(f"{value}\n")

    def unsee(self, usb_id: str) -> None:
        (self.sysfs / usb_id.replace(":", "-")).rename(self.folder / f"gone-{time.monotonic_ns()}")

    def mount(self, name: str, board_id: str, *more: str) -> Path:
        drive = self.folder / "media" / name
        drive.mkdir(parents=True)
        lines = ["UF2 Bootloader v3.0", "Model: some board", f"Board-ID: {board_id}", *more]
        (drive / "INFO_UF2.TXT").write_text("\r\n".join(lines) + "\r\n")
        return drive

    def unmount(self, drive: Path) -> None:
        drive.rename(self.folder / f"gone-{time.monotonic_ns()}")

    def mount_points(self) -> list[Path]:
        media = self.folder / "media"
        return sorted(media.iterdir()) if media.is_dir() else []

    # Tools

    def record(self, tool: str, words: list[str]) -> None:
        with (self.folder / "calls.jsonl").open("a") as file:
            file.write(json.dumps([tool, *words]) + "\n")

    def calls(self) -> list[list[str]]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def tool(self, name: str, body: str = "") -> None:
        self._script(self.bin / name, name, body)

    def module(self, name: str, body: str = "") -> None:
        """What ``python -m NAME`` runs, with the folder ``modules`` on PYTHONPATH."""
        (self.modules / name).mkdir(exist_ok=True)
        (self.modules / name / "__init__.py").write_text("")
        self._script(self.modules / name / "__main__.py", name, body)

    def _script(self, path: Path, name: str, body: str) -> None:
        here = str(Path(__file__).parent)
        path.write_text(_SCRIPT.format(python=sys.executable, here=here, folder=str(self.folder), name=name, body=body))
        path.chmod(0o755)

    # The world as wwtool sees it

    def install(self, change: Callable[[Any, str, Any], None] = setattr) -> None:
        from wwtool.device.flash import drives, ports

        change(list_ports, "comports", self.comports)
        change(ports, "_SYSFS", self.sysfs)
        change(drives, "mount_points", self.mount_points)

    @contextmanager
    def when(self, happened: Callable[[], bool], act: Callable[[], None]) -> Iterator[None]:
        """Does ``act`` once ``happened``, as long as the block runs; what goes wrong in it is raised at the end."""
        over = threading.Event()
        wrong: list[Exception] = []

        def watch() -> None:
            try:
                while not over.is_set():
                    if happened():
                        act()
                        return
                    time.sleep(0.01)
            except Exception as error:
                wrong.append(error)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            for error in wrong:
                raise error


def line_rate(device: str) -> int:
    """The rate that a terminal was last opened with, as termios has it."""
    handle = os.open(device, os.O_RDWR | os.O_NOCTTY)
    try:
        return int(termios.tcgetattr(handle)[4])
    finally:
        os.close(handle)
