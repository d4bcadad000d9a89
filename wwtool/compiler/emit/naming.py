"""The names of a compiled model: in C, of its files, and for the linker."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wwtool.errors import UsageError

DEFAULT_PREFIX = "ww_model"
_LONGEST_PREFIX = 40
_TAG_DIGITS = 8

# Reserved in C11 or C++.
_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const constexpr continue
    decltype default delete do double else enum explicit export extern false float for friend goto if inline int long
    mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register restrict
    return short signed sizeof static static_assert struct switch template this thread_local throw true try typedef
    typeid
    typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
# PREFIX.h would hide a header of the C library; main.c is the example.
_TAKEN_FILES = """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar unistd wchar wctype main
    arduino model
"""
# Macros of the headers that a model includes, or of GCC without -std=c99, would replace these names.
_MACROS = "null eof linux unix i386 u?int[a-z0-9_]*_(max|min|c|t) size_(max|t) w?char_(max|min|bit) arm mips sun"


@dataclass(frozen=True)
class Names:
    """``prefix`` begins the functions and names the struct, ``stem`` begins the files, ``linked`` is for the linker.

    A model without a prefix is ``ww_model`` in ``model.h`` for those who include it. The linker sees another name, so
    that two such models in one program do not call each other's functions.
    """

    prefix: str
    stem: str
    linked: str

    @property
    def macro(self) -> str:
        return self.prefix.upper()

    @property
    def renamed(self) -> bool:
        return self.linked != self.prefix


def names_of(prefix: str | None, identity: str) -> Names:
    """The names of a model; ``identity`` is a hash in hex digits that differs for every other model.

    >>> names_of("hey_jarvis", "").stem, names_of(None, "0123456789abcdef").linked
    ('hey_jarvis', 'ww_model_01234567')

    Raises:
        UsageError: the prefix is not a valid name in C, or has a meaning there.
    """
    if prefix is None:
        return Names(DEFAULT_PREFIX, "model", f"{DEFAULT_PREFIX}_{identity[:_TAG_DIGITS]}")
    remedy = "use letters, digits and underscores, such as hey_jarvis"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", prefix) or prefix.endswith("_") or "__" in prefix:
        raise UsageError(f"the prefix {prefix!r} is not a valid name in C; {remedy}")
    if len(prefix) > _LONGEST_PREFIX:
        raise UsageError(f"the prefix has {len(prefix)} characters; use at most {_LONGEST_PREFIX}")
    lower = prefix.lower()
    if lower in (_KEYWORDS + _TAKEN_FILES).split() or re.fullmatch("|".join(_MACROS.split()), lower):
        raise UsageError(f"the prefix {prefix!r} means something else in C; {remedy}")
    if lower.startswith("ww_"):
        raise UsageError(f"the prefix {prefix!r} begins with ww_, as wwtool's own names do; {remedy}")
    return Names(prefix, prefix, prefix)
