"""The Raspberry Pi Pico in rp2040js: starts an image and gives its console a URL.

The emulation itself is ``rp2040_runner.mjs``, a Node program beside this file.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from wwtool.base.files import in_home
from wwtool.base.temporary import TemporaryFolder
from wwtool.emulators.process import Emulator, image_of
from wwtool.errors import ToolError

RP2040JS_VERSION = "1.4.1"
EMULATOR = "rp2040js"
USER_PREFIX = "~/.cache/wwtool/emulators"
_CHECKOUT = Path(str(resources.files("wwtool"))).parent


def _prefix() -> Path:
    """Where npm puts the package, and where it is looked for: never below the working directory."""
    if (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / "build" / "emulators"
    return in_home(USER_PREFIX) or Path(sys.prefix) / "share" / "wwtool" / "emulators"


INSTALL_COMMAND = f"npm install --prefix {shlex.quote(str(_prefix()))} rp2040js@{RP2040JS_VERSION}"


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
    yield _prefix() / "node_modules"
    if (prefix := in_home(USER_PREFIX)) is not None:
        yield prefix / "node_modules"


def find_rp2040js() -> Path:
    """Returns the folder of the rp2040js package.

    Looks at the environment variable ``WWTOOL_RP2040JS`` alone if it is set, else at ``build/emulators`` of the
    checkout if wwtool runs from one, else at the user's cache.

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
    raise ToolError(f"the Pico emulator rp2040js is not installed; get it with: {INSTALL_COMMAND}")


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
    runner = Path(str(resources.files("wwtool.emulators"))) / "rp2040_runner.mjs"
    command = [str(find_node()), str(runner), "--rp2040js", str(find_rp2040js())]
    command += ["--bin", _for_node(image_of(build, EMULATOR))]
    command += ["--tcp", str(tcp_port), "--console", console]
    command += ["--audio", _for_node(audio)] if audio else []
    command += ["--stats", str(stats.absolute())] if stats else []
    return Emulator(command, pty, "Pico")


def _for_node(path: Path) -> str:
    """The path of a file that Node.js is to open: it takes no name that is not UTF-8, but follows a link."""
    target = path.absolute()
    try:
        str(target).encode()
    except UnicodeEncodeError:
        link = TemporaryFolder("node").path / "file"
        link.symlink_to(target)
        return str(link)
    return str(target)
