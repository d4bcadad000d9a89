"""Makes text from outside safe to show: names of files and tensors, fields of a CSV, messages of devices and tools.

A name may hold escape sequences that repaint a terminal, a line break and a false "error:", marks that reverse the
order of letters, or bytes that are not text. ``printable`` writes each of these as its number. It does not quote for a
shell, for HTML or for C.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import unicodedata
from pathlib import Path

# Joiners shape letters in Persian and in the scripts of India; they are harmless.
_JOINERS = "\u200c\u200d"
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: str, longest: int | None = None) -> str:
    r"""One line that shows ``text``, with invisible characters and those that control a terminal as numbers.

    A text of more than ``longest`` characters gets an ellipsis in its middle. A byte of a file name that is not UTF-8
    (Python holds it as a lone surrogate) is shown as that byte.

    >>> printable("a\x1b[2Jb\nerror: c\udcff")
    'a\\x1b[2Jb\\nerror: c\\xff'
    """
    shown = "".join(map(_shown, text)) if not (text.isascii() and text.isprintable()) else text
    if longest is not None and len(shown) > longest:
        room = max(longest - 1, 0)
        shown = f"{shown[: room - room // 2]}…{shown[len(shown) - room // 2 :]}"
    return shown


def for_shell(path: Path) -> str:
    r"""A path as one word of a bash command that a user can copy; characters that cannot be shown are written as bytes.

    >>> for_shell(Path("caf\udce9 1.wav"))
    "$'caf\\xe9 1.wav'"
    """
    text = f"./{path}" if str(path).startswith("-") else str(path)
    if printable(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def counted(count: int, noun: str) -> str:
    """A count with its noun, in the plural unless it is one.

    >>> counted(1, "clip"), counted(1200, "clip")
    ('1 clip', '1,200 clips')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def one_line(text: str) -> str:
    """A tool's message in one line, made ``printable``."""
    return printable(" ".join(text.split()))


def _escaped(letter: str) -> str:
    """A letter between ``$'`` and ``'``."""
    if letter in "\\'":
        return f"\\{letter}"
    if _shown(letter) == letter:
        return letter
    errors = "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in letter.encode(errors=errors))


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in _JOINERS or unicodedata.category(letter) == "Zs":
        return letter
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that the file system's encoding could not read (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return _NAMED.get(letter) or (
        f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    )


_LONGEST_NAME = 63  # characters that C99 tells names apart by (5.2.4.1)


def safe_identifier(text: str) -> str:
    """A C identifier made of ``text``: lower case, [a-z0-9_], at most 64, not empty, not starting with a digit."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    name = re.sub(r"[^a-z0-9_]+", "_", plain).strip("_")
    if text and (not name or len(name) > _LONGEST_NAME):  # in another alphabet, or long: still a name of its own
        name = f"{name[: _LONGEST_NAME - 11]}_{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:8]}".strip(
            "_"
        )
    return name if name and not name[0].isdigit() else f"m_{name}"
