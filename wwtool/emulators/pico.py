"""The Raspberry Pi Pico in rp2040js: starts an image and gives its console a URL.

The emulation itself is ``rp2040_runner.mjs``, a Node program beside this file.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from wwtool.base.files import in_home, write_text
from wwtool.base.records import read_json
from wwtool.base.temporary import TemporaryFolder
from wwtool.base.tools import Tool, missing, program
from wwtool.emulators.emulator import UART, USB, Emulator, Options
from wwtool.emulators.process import ProcessBoard, image_of
from wwtool.emulators.rp2040_facts import as_json
from wwtool.errors import InputError, ToolError
from wwtool.firmware.make_image import BOOT2_BYTES
from wwtool.platforms.load import load_platform
from wwtool.platforms.profile import Platform

RP2040JS_VERSION = "1.4.1"
PLATFORM = "pico"
USER_PREFIX = "~/.cache/wwtool/emulators"
_PURPOSE = "the emulated Pico"
_CHECKOUT = Path(str(resources.files("wwtool"))).parent


def _prefix() -> Path:
    """Where npm puts the package and wwtool looks for it: never below the working directory."""
    if (_CHECKOUT / "pyproject.toml").is_file():
        return _CHECKOUT / "build" / "emulators"
    return in_home(USER_PREFIX) or Path(sys.prefix) / "share" / "wwtool" / "emulators"


INSTALL_COMMAND = f"npm install --prefix {shlex.quote(str(_prefix()))} rp2040js@{RP2040JS_VERSION}"


def _version(folder: str) -> str:
    try:
        return str(read_json(Path(folder) / "package.json").get("version"))
    except InputError:
        return ""


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


def _find_node() -> str:
    path = shutil.which("node") or shutil.which("nodejs")
    if path is None:
        raise missing("Node.js 18 or newer", "apt-get install nodejs")
    return path


NODE = Tool("Node.js", _PURPOSE, "apt-get install nodejs", _find_node)
NPM = program("npm", "getting rp2040js", "apt-get install npm")
RP2040JS = Tool("rp2040js", _PURPOSE, INSTALL_COMMAND, lambda: str(find_rp2040js()), _version)


def start(
    build: Path,
    tcp_port: int = 0,
    pty: bool = False,
    console: str = UART,
    audio: Path | None = None,
    stats: Path | None = None,
    revision: int = 1,
    restarts: bool = False,
    state: str | None = None,
    late: Mapping[str, float | None] | None = None,
    flash_word_cycles: int = 0,
    flash: Mapping[str, int | bool] | None = None,
    bad_ram: int | None = None,
) -> ProcessBoard:
    """Starts an image on an emulated Pico.

    Args:
        build: a build folder, or a ``.bin``, or a ``.uf2``, which goes to the boot ROM of a board with an erased flash.
        tcp_port: where its console listens on 127.0.0.1; 0 takes a free port.
        pty: give the console a pseudo-terminal as well; ``url`` is then its device.
        console: ``uart`` or ``usb``.
        audio: raw int16 mono at 16 kHz, played to the microphone from the first sample of the ADC.
        stats: file for the statistics at the end, as JSON.
        revision: of the chip, as it says itself: 1 is B0 or B1, which have more errata, and 2 is B2.
        restarts: the chip starts again when the watchdog resets it; otherwise that ends the run.
        state: what the registers hold at the start, one of ``rp2040_start.yaml``; None: as the boot ROM leaves them.
        late: what is ready later than usual (``rp2040_waits.mjs``), in nanoseconds; None: never.
        flash_word_cycles: how long the core waits for a word of flash that its cache does not hold.
        flash: in what the flash chip differs from the usual one (``PART`` of ``rp2040_flash.mjs``).
        bad_ram: the address of a word whose lowest bit always reads 1.

    Raises:
        ToolError: Node.js or rp2040js is missing.
        InputError: there is no such image.
        DeviceError: the image does not start.
    """
    runner = Path(str(resources.files("wwtool.emulators"))) / "rp2040_runner.mjs"
    command = [NODE.find(), str(runner), "--rp2040js", str(find_rp2040js())]
    image = image_of(build, Rp2040js.name)
    command += ["--uf2" if image.suffix == ".uf2" else "--bin", _for_node(image)]
    command += ["--tcp", str(tcp_port), "--console", console, "--revision", str(revision)]
    command += ["--facts", _for_node(_facts()), "--late", json.dumps(dict(late or {}))]
    command += ["--flash-word-cycles", str(flash_word_cycles), "--flash", json.dumps(dict(flash or {}))]
    command += ["--start", state] if state else []
    command += ["--restarts"] if restarts else []
    command += ["--bad-ram", str(bad_ram)] if bad_ram is not None else []
    command += ["--audio", _for_node(audio)] if audio else []
    command += ["--stats", str(stats.absolute())] if stats else []
    return ProcessBoard(command, pty, "Pico")


@cache
def _facts() -> Path:
    """The facts of the chip's registers, as a file for the runner. It lasts as long as this process."""
    file = TemporaryFolder("pico").path / "facts.json"
    write_text(file, as_json())
    return file


def _for_node(path: Path) -> str:
    """The path of a file, for Node.js. That opens no name that is not UTF-8, but follows a link."""
    target = path.absolute()
    try:
        str(target).encode()
    except UnicodeEncodeError:
        link = TemporaryFolder("node").path / "file"
        link.symlink_to(target)
        return str(link)
    return str(target)


class Rp2040js(Emulator):
    """rp2040js, a model of the RP2040 that counts cycles."""

    name = "rp2040js"
    consoles = (UART, USB)
    counts = "cycles"
    has_flash_cache = True
    tools = (NODE, RP2040JS)
    installers = (NPM,)

    def start(self, platform: Platform, image: Path, options: Options) -> ProcessBoard:
        waits = platform.chip.flash_word_cycles if options.flash_waits else 0
        return start(
            image, options.tcp_port, options.pty, options.console, options.audio,
            restarts=options.restarts, flash_word_cycles=waits,
        )  # fmt: skip

    def platform_of(self, image: bytes) -> str | None:
        """The reset vector behind boot2 leads into the image (RP2040 datasheet 2.8.1.3)."""
        begin = load_platform(PLATFORM).memory.application_origin
        reset = int.from_bytes(image[BOOT2_BYTES + 4 : BOOT2_BYTES + 8], "little")
        return PLATFORM if begin <= reset < begin + len(image) else None
