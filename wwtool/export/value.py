"""What a layer gives to the next one, as a tensor of a .tflite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.export.builder import SubgraphBuilder
from wwtool.models.quantized import Scale


@dataclass(frozen=True)
class Value:
    """A tensor (1, steps, bands, channels) with the new steps of an inference."""

    tensor: int
    steps: int
    channels: int
    bands: int = 1


def reshape(graph: SubgraphBuilder, name: str, x: int, shape: tuple[int, ...], scale: Scale) -> int:
    """The same bytes in another shape."""
    dims = graph.constant(f"{name}/shape", np.asarray(shape, np.int32))
    y = graph.activation(name, shape, scale)
    graph.operator("RESHAPE", [x, dims], [y], "ReshapeOptions", newShape=np.asarray(shape, np.int32))
    return y


def stored_scales(scales: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The scales of channels as a file has them: one entry where all are the same, which readers take as per tensor."""
    return scales[:1] if bool((scales == scales[0]).all()) else scales
