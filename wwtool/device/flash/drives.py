"""Drives of boot loaders that take UF2 files. Each has a file INFO_UF2.TXT."""

from __future__ import annotations

import string
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

INFO_FILE = "INFO_UF2.TXT"
_MOUNTS = Path("/proc/mounts")
_FAT = ("vfat", "msdos", "fuseblk", "exfat")


@dataclass(frozen=True)
class Drive:
    """A mounted drive and the facts that its boot loader has in INFO_UF2.TXT, by key."""

    path: Path
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def board_id(self) -> str:
        """Its ``Board-ID``; "" if it has none."""
        return self.facts.get("Board-ID", "")

    @property
    def softdevice(self) -> str:
        """Which of Nordic's radio stacks the chip has; "" if it has none or the boot loader does not say."""
        name = self.facts.get("SoftDevice", "")
        return "" if name == "not found" else name


def mount_points() -> list[Path]:
    """Where drives with a FAT file system may be mounted on this system."""
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").iterdir())
    if sys.platform == "win32":
        return [path for letter in string.ascii_uppercase if (path := Path(f"{letter}:\\")).exists()]
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    fields = [line.split() for line in lines]
    return [Path(unescape(words[1])) for words in fields if len(words) > 2 and words[2] in _FAT]


def unescape(text: str) -> str:
    r"""A path of /proc/mounts, where blanks and backslashes are octal (proc(5)).

    >>> unescape(r"/media/my\040drive")
    '/media/my drive'
    """
    for code in ("040", "011", "012", "134"):
        text = text.replace(f"\\{code}", chr(int(code, 8)))
    return text


def parse_info(text: str) -> dict[str, str]:
    """The facts of an INFO_UF2.TXT: one ``Key: value`` a line."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def drives() -> list[Drive]:
    """The mounted drives that take UF2 files."""
    mounted = []
    for path in mount_points():
        try:
            text = (path / INFO_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        mounted.append(Drive(path, parse_info(text)))
    return mounted


def of_boards(board_ids: Sequence[str]) -> list[Drive]:
    """The mounted drives of these boards."""
    return [drive for drive in drives() if drive.board_id in board_ids]


def is_there(drive: Drive) -> bool:
    """Whether a drive is still mounted."""
    return (drive.path / INFO_FILE).is_file()
