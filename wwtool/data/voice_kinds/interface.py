"""What a kind of voice offers: it recognises its files, checks them, and says what they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from wwtool.base.text import printable
from wwtool.errors import InputError

_LEAST_ONNX_BYTES = 100_000


@dataclass(frozen=True)
class Examined:
    """What a voice is.

    Attributes:
        files: paths by the names that they have in an installed voice; that of a folder ends in /.
        title: what it is, in a few words.
        languages: the languages that it speaks; empty if its files do not say.
        speakers: how many it has.
    """

    files: Mapping[str, Path]
    title: str
    languages: tuple[str, ...]
    speakers: int


class VoiceKind(ABC):
    """A kind of voice.

    Attributes:
        engine: the synthesizer that speaks with it.
        what: what somebody gives to add one.
    """

    engine: ClassVar[str]
    what: ClassVar[str]

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether a path looks like a voice of this kind."""

    @abstractmethod
    def examine(self, path: Path) -> Examined:
        """Checks the files at a path.

        Raises:
            InputError: they are no such voice; the message names the file.
        """

    def settle(self, folder: Path) -> None:  # noqa: B027 (most kinds have nothing to do)
        """Brings files that an offer of the catalogue has put into a folder into the form that the engine reads."""


def check_onnx(path: Path) -> None:
    """Walks over the fields of an ONNX model, which is a protocol buffer (onnx.proto, ModelProto).

    A whole one ends where its file does and has a graph (field 7).

    Raises:
        InputError: the file is no ONNX model, or cut off.
    """
    shown = printable(str(path))
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(2)
            fields = _fields(path) if head[:1] == b"\x08" else set()
    except OSError as error:
        raise InputError(f"cannot read {shown}: {error.strerror}; check the path") from error
    if size < _LEAST_ONNX_BYTES or 7 not in fields:
        raise InputError(f"{shown} is no ONNX model, or only the beginning of one; get it again")


def _fields(path: Path) -> set[int]:
    """The fields of the outermost message; empty if the bytes are none."""
    fields, size = set(), path.stat().st_size
    with path.open("rb") as file:

        def number() -> int:
            value = shift = 0
            while shift < 64:
                byte = file.read(1)
                if not byte:
                    raise ValueError
                value |= (byte[0] & 0x7F) << shift
                if byte[0] < 0x80:
                    return value
                shift += 7
            raise ValueError

        try:
            while file.tell() < size:
                tag = number()
                kind = tag & 7
                value = number() if kind in (0, 2) else 0
                length = {0: 0, 1: 8, 2: value, 5: 4}[kind]
                fields.add(tag >> 3)
                if file.tell() + length > size:
                    raise ValueError
                file.seek(length, 1)
        except (ValueError, KeyError):
            return set()
    return fields
