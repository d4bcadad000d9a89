"""The programs that write flash: how they are called here, and how to get them."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from wwtool.base.files import in_home
from wwtool.base.programs import python_module
from wwtool.errors import ToolError

# A line that a package manager here can run, or where to get it.
GET = {
    "esptool": "pip install 'esptool>=5'",
    "pyocd": "pip install pyocd",
    "openocd": "apt-get install openocd",
    "bossac": "arduino-cli core install arduino:mbed_nano (Arduino's own build; Debian's bossa-cli knows no nRF52840)",
    "picotool": "https://github.com/raspberrypi/picotool/releases",
    "probe-rs": "https://probe.rs/docs/getting-started/installation",
}
_MODULES = ("esptool", "pyocd")
_KNOWS_NANO = b"nRF52840"
_SCRIPT_BYTES = 1 << 16
# Where the Arduino IDE and arduino-cli keep a board's tools (their documentation, "directories.data").
_ARDUINO = ("~/.arduino15", "~/Library/Arduino15", "~/AppData/Local/Arduino15")


def command(tool: str) -> list[str]:
    """The words that start a tool.

    Raises:
        ToolError: it is not installed.
    """
    if tool == "bossac":
        return [bossac()]
    if tool in _MODULES and find_spec(tool) is not None:
        return python_module(tool)
    found = shutil.which(tool)
    if found is None:
        raise ToolError(f"{tool} was not found; get it {'from' if '://' in GET[tool] else 'with'}: {GET[tool]}")
    return [str(Path(found).absolute())]  # it is run in another folder


def bossac() -> str:
    """A bossac that knows the nRF52840: of the PATH, else the Arduino IDE's.

    Raises:
        ToolError: there is none.
    """
    on_path = shutil.which("bossac")
    candidates = [Path(on_path)] if on_path else []
    name = "bossac.exe" if os.name == "nt" else "bossac"
    for root in filter(None, map(in_home, _ARDUINO)):
        tools = root / "packages" / "arduino" / "tools" / "bossac"
        candidates += sorted(tools.glob(f"*/{name}"), reverse=True)
    for path in candidates:
        if _knows_nano(path):
            return str(path.absolute())
    if candidates:
        raise ToolError(f"{candidates[0]} knows no nRF52840; get Arduino's own with: {GET['bossac']}")
    raise ToolError(f"bossac was not found; get it with: {GET['bossac']}")


def _knows_nano(path: Path) -> bool:
    """Whether a bossac can do it: the chip's name is in the program. A script that starts another one is believed."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return _KNOWS_NANO in content or (content.startswith(b"#!") and len(content) < _SCRIPT_BYTES)
