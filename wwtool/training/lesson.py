"""What a step learns from: windows, labels, and what a teacher says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Lesson:
    """A batch as tensors; the first dimension of each counts windows.

    Attributes:
        features: (batch, frames, channels).
        labels: 1 for the phrase, 0 for everything else, (batch,); between them after ``mixed``.
        soft, vectors: as in ``Predictions``.
        weights: of the windows in the loss, (batch,); None: all weigh the same.
    """

    features: Tensor
    labels: Tensor
    soft: Tensor | None = None
    vectors: Tensor | None = None
    weights: Tensor | None = None

    def parts(self, count: int) -> Iterator[Lesson]:
        """The lesson in ``count`` parts that hold the same mixture of windows."""
        for first in range(min(count, len(self.labels))):
            rows = slice(first, None, count)
            yield self if count == 1 else Lesson(*(None if x is None else x[rows] for x in self._tensors()))  # type: ignore[arg-type]

    def mixed(self, random: np.random.Generator, spread: float) -> Lesson:
        """Every window with another one mixed into it, at most half and half (mixup, Zhang et al. 2018)."""
        size = len(self.labels)
        shares = random.beta(spread, spread, size).astype(np.float32)
        own = torch.from_numpy(np.maximum(shares, 1.0 - shares)).to(self.labels.device)
        other = torch.from_numpy(random.permutation(size)).to(self.labels.device)

        def mix(x: Tensor) -> Tensor:
            return torch.lerp(x[other], x, own.view(-1, *[1] * (x.ndim - 1)))

        return replace(self, **{name: mix(x) for name, x in vars(self).items() if x is not None})

    def _tensors(self) -> tuple[Tensor | None, ...]:
        return self.features, self.labels, self.soft, self.vectors, self.weights
