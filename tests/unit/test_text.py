"""Text from outside, as it may be shown."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.base.text import for_shell, one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("take 1.wav", "take 1.wav"),
        ("größe 你好 🎤", "größe 你好 🎤"),
        ("می‌خواهم", "می‌خواهم"),  # Persian, spelt with a joiner
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\nerror: b\r\tc", r"a\nerror: b\r\tc"),
        ("\x9b31m", r"\x9b31m"),  # the one-byte form of ESC [
        ("exe\u202egnp.wav", r"exe\u202egnp.wav"),
        ("a\u2028b\u2066c\u200bd\ufeff", r"a\u2028b\u2066c\u200bd\ufeff"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("caf\udce9.wav", r"caf\xe9.wav"),  # a Latin-1 file name
        ("\ud800", r"\ud800"),
        ("[red]", "[red]"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(), max_size=40), st.integers(1, 30))
def test_nothing_that_steers_a_terminal_is_left(text: str, longest: int) -> None:
    shown = printable(text)
    assert all(letter.isprintable() or letter in "\u200c\u200d" or letter.isspace() for letter in shown)
    assert not set(shown) & {"\n", "\r", "\x1b", "\x85", "\u2028", "\u2029"}
    assert printable(shown) == shown
    shown.encode()
    assert len(printable(text, longest)) <= max(longest, 1)


def test_a_long_name_keeps_both_ends() -> None:
    assert printable("a" * 50 + "b" * 50, 11) == "aaaaa…bbbbb"
    assert printable("short", 11) == "short"


def test_lines_of_a_tool_become_one() -> None:
    assert one_line("first\n  second\x1b[0m\n") == r"first second\x1b[0m"


NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: not set(name) & {0, 47})


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@settings(max_examples=20, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=20))
def test_a_shell_reads_back_every_path(names: list[bytes]) -> None:
    words = [for_shell(Path(os.fsdecode(name))) for name in names]
    assert all(word.isprintable() for word in words)
    script = f"printf '%s\\0' {' '.join(words)}".encode()
    said = subprocess.run(["bash"], input=script, capture_output=True, check=True, env={"LC_ALL": "C"}).stdout
    assert said.split(b"\0")[:-1] == [b"./" + name if name.startswith(b"-") else name for name in names]


def test_plain_paths_are_quoted_as_always() -> None:
    assert [for_shell(Path(text)) for text in ("a/b.wav", "a b", "it's", "-rf", "caf\udce9's")] == [
        "a/b.wav", "'a b'", "'it'\"'\"'s'", "./-rf", r"$'caf\xe9\'s'",
    ]  # fmt: skip
