"""The pools of a training, one behind the other on the device that trains: a batch of windows is one read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from wwtool.features.pools import Pool
from wwtool.features.spectrogram.drawn import moved
from wwtool.training.sampler import Places


class Tapes:
    """Features, and what a teacher says of them, of numbered pools."""

    def __init__(self, pools: Sequence[Pool], device: torch.device) -> None:
        self._pools, self._device = pools, device
        lengths = np.array([len(pool.features) for pool in pools])
        self._first = np.cumsum(lengths) - lengths
        self._features = torch.from_numpy(np.concatenate([pool.features for pool in pools])).to(device)
        self._taught = np.array([pool.soft is not None for pool in pools])
        self._soft = torch.from_numpy(np.concatenate([_soft(pool) for pool in pools])).to(device)
        heard = [pool.heard.vectors for pool in pools if pool.heard]
        self._vectors = torch.from_numpy(np.concatenate(heard)).to(device) if heard else None
        counts = np.array([len(pool.heard.vectors) if pool.heard else 0 for pool in pools])
        self._first_vector = np.cumsum(counts) - counts

    def windows(self, places: Places, frames: int) -> Tensor:
        """int8 features (size, frames, channels)."""
        end = moved(self._first[places.pool] + places.end, self._device)
        return self._features[end[:, None] + torch.arange(-frames, 0, device=self._device)]

    def soft(self, places: Places) -> Tensor | None:
        """A teacher's logits of the windows, (size,), NaN where it says nothing; None if it says nothing at all."""
        if not self._taught[places.pool].any():
            return None
        taught = moved(self._taught[places.pool], self._device)
        said = self._soft[moved(self._first[places.pool] + places.end - 1, self._device)]
        return torch.where(taught, said, torch.nan)

    def vectors(self, places: Places) -> Tensor | None:
        """An embedding's vectors at the ends of the windows, (size, width), NaN where there are none; None: none."""
        rows = np.full(len(places.end), -1)
        for number in np.unique(places.pool):
            heard, here = self._pools[number].heard, places.pool == number
            if heard:
                step = heard.before(places.end[here])
                rows[here] = np.where(step >= 0, self._first_vector[number] + step, -1)
        if self._vectors is None or not any(self._pools[number].heard for number in np.unique(places.pool)):
            return None
        found = moved(rows, self._device)
        return torch.where((found >= 0)[:, None], self._vectors[found.clamp(min=0)].float(), torch.nan)


def _soft(pool: Pool) -> npt.NDArray[np.float32]:
    return np.full(len(pool.features), np.nan, np.float32) if pool.soft is None else pool.soft
