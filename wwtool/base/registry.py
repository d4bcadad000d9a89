"""Things that a config chooses by name: objectives, schedules, transforms and the like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from wwtool.errors import InputError

Member = TypeVar("Member")


class Registry(dict[str, Member]):
    """The members that the config key ``key`` may name. A new member is one class or function and one entry.

    >>> colours = Registry("paint.colour", {"red": 0xFF0000, "blue": 0x0000FF})
    >>> colours.member("blue")
    255
    >>> colours.member("green")
    Traceback (most recent call last):
    ...
    wwtool.errors.InputError: paint.colour: 'green' is not known; it must be one of red, blue
    """

    def __init__(self, key: str, members: Mapping[str, Member]) -> None:
        super().__init__(members)
        self.key = key

    def member(self, name: str) -> Member:
        """The member of that name.

        Raises:
            InputError: there is none; the message names the config key and all members.
        """
        if name not in self:
            raise InputError(f"{self.key}: {name!r} is not known; it must be one of {', '.join(self)}")
        return self[name]

    def check(self, names: str | Sequence[str]) -> None:
        """Does nothing, unless a name is not that of a member.

        Raises:
            InputError: as ``member`` does.
        """
        for name in [names] if isinstance(names, str) else names:
            self.member(name)
