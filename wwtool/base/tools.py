"""Tools that somebody else has made: is one there, which version is it, and what gets it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata

from wwtool.base.programs import python_module, version_line
from wwtool.errors import ToolError


@dataclass(frozen=True)
class Tool:
    """A program or a Python package.

    Attributes:
        name: as people know it.
        purpose: what it is for.
        remedy: the line that gets it (apt-get, npm or pip), or where to get it.
        find: returns where it is, and raises ToolError if it is missing.
        version: the version of what ``find`` returns; "" if that cannot be told.
        module: the Python module that is run as the program, if it is installed.
    """

    name: str
    purpose: str
    remedy: str
    find: Callable[[], str] = field(repr=False)
    version: Callable[[str], str] = field(default=version_line, repr=False)
    module: str = ""

    @property
    def is_there(self) -> bool:
        try:
            self.find()
        except ToolError:
            return False
        return True

    def command(self) -> list[str]:
        """The words that start it.

        Raises:
            ToolError: it is missing.
        """
        place = self.find()
        return python_module(self.module) if self.module and _origin(self.module) else [place]


def missing(name: str, remedy: str) -> ToolError:
    """The error for a tool that is not there."""
    return ToolError(f"{name} was not found; get it {'from' if '://' in remedy else 'with'}: {remedy}")


def program(name: str, purpose: str, remedy: str) -> Tool:
    """A program on PATH."""

    def find() -> str:
        path = shutil.which(name)
        if path is None:
            raise missing(name, remedy)
        return path

    return Tool(name, purpose, remedy, find)


def python_package(name: str, purpose: str, remedy: str) -> Tool:
    """A package of the running interpreter; ``find`` returns its origin."""

    def find() -> str:
        origin = _origin(name)
        if origin is None:
            raise missing(name, remedy)
        return origin

    return Tool(name, purpose, remedy, find, lambda _: package_version(name))


def module_or_program(name: str, purpose: str, remedy: str) -> Tool:
    """A program that is a Python package of the running interpreter, or lies on PATH."""

    def find() -> str:
        place = _origin(name) or shutil.which(name)
        if place is None:
            raise missing(name, remedy)
        return place

    def version(place: str) -> str:
        return package_version(name) if place == _origin(name) else version_line(place)

    return Tool(name, purpose, remedy, find, version, module=name)


def package_version(name: str) -> str:
    """The version of an installed Python package; "" if that is not recorded."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _origin(module: str) -> str | None:
    """Where the running interpreter finds a module; None if it has none."""
    spec = importlib.util.find_spec(module)
    return spec.origin if spec else None
