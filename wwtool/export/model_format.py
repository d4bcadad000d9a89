"""What every format of a model file can be asked. A format is one class in a module of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from wwtool.errors import InputError
from wwtool.models.quantized import QuantizedModel


@dataclass(frozen=True)
class TrainedModel:
    """A model that a training run has finished.

    Attributes:
        network: the float network with its learned scales, in evaluation mode: (batch, frames, channels) to logits.
        quantized: the integer model that is made of it.
        name: what the model is, for the file's description.
        pruned: whether it has channels that are left out of files.
    """

    network: nn.Module
    quantized: QuantizedModel
    name: str
    pruned: bool = False


@dataclass(frozen=True)
class ModelFile:
    """A model file, and what was proved about it, in a few words."""

    content: bytes
    note: str


class ModelFormat(ABC):
    """A kind of model file, as ``wwtool export --format`` names it.

    Attributes:
        name: the word for ``--format``.
        suffix: the ending of its files, with the dot.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]

    @abstractmethod
    def is_one(self, content: bytes) -> bool:
        """Whether an older file seems to be of this format, so that it may be replaced."""

    @abstractmethod
    def make(self, model: TrainedModel) -> ModelFile:
        """The file of a trained model.

        Raises:
            InputError: the file would not compute what the model does.
            ToolError: a package that makes such files is missing.
        """


def require_types(model: TrainedModel, kinds: tuple[type, ...], format_name: str) -> None:
    """Refuses a model with layers that a format of whole clips cannot hold.

    Raises:
        InputError: it has one.
    """
    for layer in model.quantized.layers:
        if not isinstance(layer, kinds):
            raise InputError(
                f"{model.name} cannot be exported as {format_name}, which takes whole clips of any length: its layer "
                f"'{layer.name}' computes step by step; use --format tflite, or train a model without a recurrent layer"
            )
