"""Things that a config or a profile chooses by name: objectives, schedules, emulators and the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from wwtool.errors import InputError

Member = TypeVar("Member")


class Registry(dict[str, Member]):
    """The members that the key ``key`` may name. A new member is one class or function and one entry.

    >>> colours = Registry("paint.colour", {"red": 0xFF0000, "blue": 0x0000FF})
    >>> colours.member("blue")
    255
    >>> colours.member("green")
    Traceback (most recent call last):
    ...
    wwtool.errors.InputError: paint.colour: 'green' is not known; it must be one of red, blue

    Args:
        key: the key, for errors.
        members: the members by name.
        also: words that the key may have besides and that stand for no member, for errors.
    """

    def __init__(self, key: str, members: Mapping[str, Member], also: Sequence[str] = ()) -> None:
        super().__init__(members)
        self.key, self.also = key, also

    def member(self, name: str, file: str = "") -> Member:
        """The member of that name.

        Args:
            name: what the key says.
            file: the file that has the key, for the error.

        Raises:
            InputError: there is none; the message names the key and all members.
        """
        if name not in self:
            where = f"{file}: {self.key}" if file else self.key
            raise InputError(f"{where}: {name!r} is not known; it must be one of {', '.join((*self, *self.also))}")
        return self[name]

    def check(self, names: str | Sequence[str]) -> None:
        """Does nothing, unless a name is not that of a member.

        Raises:
            InputError: as ``member`` does.
        """
        for name in [names] if isinstance(names, str) else names:
            self.member(name)
