"""Text from outside as it stands in C sources and on a board's console."""

from __future__ import annotations


def console_text(text: str) -> str:
    """The text as the console shows it: printable ASCII without brackets, which enclose it, and '?' for the rest.

    >>> console_text("[hé]")
    '?h??'
    """
    return "".join(ch if 32 <= ord(ch) < 127 and ch not in "[]" else "?" for ch in text)


def c_string(text: str) -> str:
    """A C string literal of the text as the console shows it.

    >>> c_string('say "hey"')
    '"say \\\\"hey\\\\""'
    """
    escaped = console_text(text).replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?")
    return f'"{escaped}"'
