"""What every quantizer can be asked. A quantizer is one class in a module of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from wwtool.quantizer.float_model import FloatModel
from wwtool.quantizer.material import Material
from wwtool.quantizer.quantize import Advance, Made
from wwtool.tflite.graph import Graph


@dataclass(frozen=True)
class Settings:
    """What a user may choose. ``ranges``: one of ``RANGES``. ``output_type``: int8 or uint8."""

    ranges: str
    output_type: str


class Quantizer(ABC):
    """Makes INT8 models.

    Attributes:
        name: the word for ``--quantizer``.
        credit: who has quantized, for the line that says so; "" for wwtool.
    """

    name: ClassVar[str]
    credit: ClassVar[str] = ""

    @abstractmethod
    def require(self, source: FloatModel, graph: Graph, settings: Settings, file: str) -> None:
        """Refuses what cannot be quantized, before anything runs it.

        Raises:
            UsageError: it cannot take the settings, or models of this kind.
            InputError: the model has something that int8 has no kernel for.
        """

    @abstractmethod
    def make(
        self, source: FloatModel, graph: Graph, material: Material, settings: Settings, advance: Advance
    ) -> Made:  # fmt: skip
        """Quantizes a model.

        Args:
            source: the float model.
            graph: the same, as ``read_real_model`` reads it.
            material: what its inputs look like; rows that are held out are not looked at.
            settings: what the user has chosen.
            advance: told the step and how many rows of how many are done.

        Raises:
            InputError: the model does not run, or something in it cannot be quantized.
            ToolError: a program is missing.
        """

    def advice(self, graph: Graph, material: Material, made: Made) -> str:
        """What a user should know of the result; "" if nothing."""
        return ""
