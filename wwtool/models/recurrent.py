"""What gru and lstm share: one convolution, then cells, each after a matrix that computes the inputs of its gates."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.cell import Cell
from wwtool.models.layers import Convolution, Layer, Recurrence


@dataclass(frozen=True)
class RecurrentArchitecture(Architecture):
    """``steps`` is how many steps of a cell a window of the training has; on a stream, the state lives on."""

    width: int = 48
    first_channels: int = 32
    first_kernel: int = 10
    stride: int = 3
    steps: int = 45
    cells: int = 1
    head_steps: int = 1

    @abstractmethod
    def cell(self) -> Cell:
        """One cell of ``width`` units."""

    def layers(self) -> tuple[Layer, ...]:
        layers: list[Layer] = [
            Convolution("first", "conv", self.channels, self.first_channels, self.first_kernel, self.stride)
        ]
        inputs, cell = self.first_channels, self.cell()
        for number in range(self.cells):
            layers += [
                Convolution(f"gates{number}", "conv", inputs, cell.inputs, relu=False),
                Recurrence(f"{self.family}{number}", cell, self.steps if number == self.cells - 1 else 1),
            ]
            inputs = self.width
        return (*layers, head(inputs, self.head_steps))
