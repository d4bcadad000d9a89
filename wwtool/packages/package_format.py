"""What every package format can be asked. A format turns a compiled model into a project that somebody builds.

A format is one class in a module of its own, and one line in ``wwtool/packages/__init__.py``. It holds no state.
``render`` is all that it must have; a format whose projects wwtool compiles has ``build`` and ``require_tools``, too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from wwtool.compiler.package import CompiledModel
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.sizes import Sizes
from wwtool.frontend.front_end import FrontEnd
from wwtool.platforms.profile import Platform

VOICE_ACTIVITY = "vad"  # stands for the phrase of a model that tells speech from the rest
PROJECT = "firmware"  # the folder of a project in a build


@dataclass(frozen=True)
class Content:
    """What goes into a package, whatever its format.

    Attributes:
        platform: the board, wired as the config says.
        model: the model as C for the board's core.
        tflite: the same model as a ``.tflite`` file.
        phrase: the wake word.
        detector: when outputs of the model count as a detection.
        name: the stem of the files that are made: a C identifier, made of the phrase.
        language: the language of the phrase, such as "en" or "pt-br".
        beside: the other models of the same program, each for the same platform and with a name of its own.
    """

    platform: Platform
    model: CompiledModel
    tflite: bytes
    phrase: str
    detector: DetectorConfig
    name: str
    language: str = "en"
    beside: tuple[Content, ...] = ()

    @property
    def models(self) -> tuple[Content, ...]:
        """All models of the program, this one first."""
        return (self, *self.beside)

    @property
    def gates(self) -> bool:
        """Whether the model tells speech from the rest: what others detect counts only while it hears speech."""
        return self.phrase.casefold() == VOICE_ACTIVITY


@dataclass(frozen=True)
class Image:
    """The files that were built, by kind (bin, uf2, hex, elf, map), and the sizes of the program in them.

    ``whole``: the sizes are those of the program with a framework in it.
    """

    files: dict[str, Path]
    sizes: Sizes
    whole: bool = False


@dataclass(frozen=True)
class Advice:
    """One thing that a user can do with a build: a label of at most 8 letters, and a command or a sentence."""

    label: str
    text: str


class PackageFormat(ABC):
    """A kind of project, as ``--framework`` names it.

    Attributes:
        name: the word for ``--framework``.
        stands_alone: nothing else is on the chip. Otherwise a framework is, and ``framework_reserve`` of the platform's
            profile says how much flash and RAM it takes.
        products: patterns of files that a user's own build makes in the project folder. They are not a user's changes.
        kept: patterns of files that a user adds and that stay there when the project is made again.
    """

    name: ClassVar[str]
    stands_alone: ClassVar[bool] = False
    products: ClassVar[tuple[str, ...]] = ()
    kept: ClassVar[tuple[str, ...]] = ()

    def require_platform(self, platform: Platform) -> None:
        """Raises UsageError if this format cannot be made for a platform: its profile does not list the format."""
        if self.name not in platform.frameworks:
            raise UsageError(
                f"{platform.file} does not list {self.name} under frameworks; choose another platform, or one of "
                f"{', '.join(platform.frameworks)}"
            )

    def require_front_end(self, front_end: FrontEnd) -> None:  # noqa: B027 (most can hold any)
        """Raises InputError if the format has no room for a front end of wwtool's own."""

    def require_tools(self, platform: Platform) -> str:
        """The version of the compiler that ``build`` uses; "" where wwtool compiles nothing.

        Raises:
            ToolError: a tool is missing.
        """
        return ""

    def check(self, content: Content) -> None:
        """Raises InputError if this format cannot hold the content."""
        if content.beside:
            raise InputError(f"a project for {self.name} holds one model; leave the others out, or choose esphome")

    @abstractmethod
    def render(self, folder: Path, content: Content) -> None:
        """Writes the project into an empty folder. ``check`` has let the content through."""

    def build(self, folder: Path, content: Content, objects: Path, out: Path) -> Image | None:
        """Builds a rendered project; None where the user's own tools do that.

        Args:
            folder: the project. It is not changed.
            content: what the project was rendered from.
            objects: a folder for intermediate files.
            out: the folder that gets the image files.

        Raises:
            ToolError: the compiler failed.
            BudgetError: the chip cannot hold the firmware.
        """
        return None

    def main_file(self, platform: Platform, files: dict[str, Path]) -> Path:
        """The one of the built files that goes onto the board."""
        return next(iter(files.values()))

    def by_hand(self, platform: Platform, files: dict[str, Path]) -> str | None:
        """How the built files get onto the board without wwtool, in one line. None: nothing has to."""
        return None

    def use(self, project: Path) -> list[Advice]:
        """What a user does with a project, in order. ``project`` is its folder."""
        return [Advice("project", str(project))]

    def advice(self, platform: Platform, build: Path, files: dict[str, Path]) -> list[Advice]:
        """What a user does next with the build folder ``build``, in order; ``files`` are the built ones by kind."""
        return self.use(build / PROJECT)
