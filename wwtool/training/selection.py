"""Which states of a stage are the best so far: kept as files, and remembered in checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from wwtool.base.files import write_bytes
from wwtool.config.selection import SelectionConfig
from wwtool.models.network import Network
from wwtool.training.qat import QatNet

BEST = "best"  # the folder
Judge = Callable[[Network | QatNet], float]
"""How good a network is; more is better."""


class Selection:
    """The best states of one stage, ``keep`` of them at most.

    Attributes:
        scores: what was judged and is kept, by step, best first; of equals the later one.
        waited: judgements since the last one that was better than all before.
    """

    def __init__(self, folder: Path, stage: str, config: SelectionConfig) -> None:
        self._folder, self._stage, self._config = folder / BEST, stage, config
        self.scores: dict[int, float] = {}
        self.waited = 0

    def judged(self, step: int, score: float, average: nn.Module) -> None:
        """Keeps the averaged weights after ``step`` steps, if they are among the best."""
        better = not self.scores or score > next(iter(self.scores.values()))
        self.waited = 0 if better else self.waited + 1
        ranked = sorted([*self.scores.items(), (step, score)], key=lambda item: (-item[1], -item[0]))
        for old, _ in ranked[self._config.keep :]:
            self._path(old).unlink(missing_ok=True)
        self.scores = dict(ranked[: self._config.keep])
        if step in self.scores:
            write_bytes(self._path(step), save({k: v.cpu().contiguous() for k, v in average.state_dict().items()}))

    @property
    def exhausted(self) -> bool:
        """Whether the stage has waited long enough for a better model."""
        return bool(self._config.patience) and self.waited >= self._config.patience

    def take_best(self, average: nn.Module) -> int | None:
        """Gives the average the weights of the best state; returns its step, None if none is there."""
        if not self._config.best:
            return None
        for step in self.scores:
            try:
                average.load_state_dict(load(self._path(step).read_bytes()))
            except (OSError, SafetensorError, RuntimeError):  # somebody has removed or changed it
                continue
            return step
        return None

    def tensors(self) -> dict[str, Tensor]:
        return {
            "selection.steps": torch.tensor(list(self.scores), dtype=torch.int64),
            "selection.scores": torch.tensor(list(self.scores.values()), dtype=torch.float64),
            "selection.waited": torch.tensor(self.waited),
        }

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of ``tensors``; raises KeyError or ValueError if these are not its tensors."""
        steps, scores = tensors["selection.steps"].tolist(), tensors["selection.scores"].tolist()
        self.scores, self.waited = dict(zip(steps, scores, strict=True)), int(tensors["selection.waited"])

    def _path(self, step: int) -> Path:
        return self._folder / f"{self._stage}-{step}.safetensors"
